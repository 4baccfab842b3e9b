/**
 * The court as it is seen: frames from the server, drawn a moment late so that there is always a next one to move towards. One's own
 * paddle is drawn where it is going to be, without that delay.
 */

const MS_PER_S = 1000;
/** How far behind the newest frame one looks, at least and at most, in ticks. Polling needs more than a socket. */
const BEHIND = { least: 3, most: 24 };
/** Frames kept to look back at. */
const KEPT = 24;
/** How far a ball is drawn on when no frame comes, in ticks: beyond it a standstill is more honest. */
const GUESSED = 8;
/** Of the way to what the server says of one's own paddle, how much is made up for per tick while it rests. */
const PULL = 0.12;
/** Where the ball was: points of its trail. */
const TRAIL = 10;

export class Court {
  #canvas;
  #field = null;
  #frames = [];
  /** When tick 0 was, by this browser's clock, as the fastest frames say. */
  #zero = null;
  /** How much later than the fastest frames come, in ticks. */
  #late = BEHIND.least;
  #mine = null;
  #trail = [];
  #colors = {};
  #last = null;
  #calm;

  /** `side` is the side of one's own paddle, null for those who watch. */
  constructor(canvas, side) {
    this.#canvas = canvas;
    this.#mine = side ? { side, y: null, intent: { direction: 0 }, since: 0 } : null;
    this.#calm = matchMedia('(prefers-reduced-motion: reduce)');
    const recolor = () => {
      const style = getComputedStyle(document.documentElement);
      for (const name of ['sunken', 'line-strong', 'ink', 'accent', 'warm', 'muted']) this.#colors[name] = style.getPropertyValue(`--${name}`).trim();
    };
    recolor();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolor);
    const loop = (at) => {
      this.#draw(at);
      requestAnimationFrame(loop);
    };
    requestAnimationFrame(loop);
  }

  get field() {
    return this.#field;
  }

  /** Where one's own paddle is drawn. */
  get mine() {
    return this.#mine?.y ?? null;
  }

  /** Takes what the server says. `fresh` throws away what was known: the time may have stood still. */
  take(view, { fresh = false } = {}) {
    if (view.field) this.#field = view.field;
    if (!this.#field) return;
    const newest = this.#frames.at(-1);
    if (fresh || (newest && view.tick < newest.tick)) this.#frames = [];
    if (!fresh && newest && view.tick === newest.tick) this.#frames.pop();
    this.#frames.push(view);
    if (this.#frames.length > KEPT) this.#frames.shift();
    const running = view.clock && !view.paused && view.phase === 'active';
    if (!running || view.tick === view.clock.tick) this.#zero = null;
    else this.#measure(view.tick);
    if (this.#mine && this.#mine.y === null) this.#mine.y = view[this.#mine.side].y;
  }

  #measure(tick) {
    const ticks = (performance.now() / MS_PER_S) * this.#field.hz;
    const zero = ticks - tick;
    if (this.#zero === null || zero < this.#zero) this.#zero = zero;
    // The fastest may have been a long time ago: clocks drift apart.
    else this.#zero += Math.min(0.02, zero - this.#zero);
    const late = Math.min(BEHIND.most, Math.max(BEHIND.least, zero - this.#zero + 2));
    this.#late += (late - this.#late) * (late > this.#late ? 0.3 : 0.02);
  }

  /** What one wants of one's own paddle: `{ direction }` or `{ y }`. */
  intend(intent) {
    if (this.#mine) Object.assign(this.#mine, { intent, since: performance.now() });
  }

  #step(ticks) {
    const { hz, height, paddle_height: size, paddle_speed: speed } = this.#field;
    const mine = this.#mine;
    const newest = this.#frames.at(-1);
    if (!mine || mine.y === null || !newest) return;
    const free = newest.phase === 'active' && !newest.paused && newest.clock && newest.tick > newest.clock.tick;
    const { direction = 0, y: target } = mine.intent;
    const reach = speed * ticks;
    if (free && target !== undefined) mine.y += Math.max(-reach, Math.min(reach, target - mine.y));
    else if (free) mine.y += direction * reach;
    mine.y = Math.max(size / 2, Math.min(height - size / 2, mine.y));
    const resting = target === undefined ? direction === 0 : Math.abs(target - mine.y) < 1;
    const settled = performance.now() - mine.since > 250 + (this.#late / hz) * MS_PER_S;
    if (!free || (resting && settled)) mine.y += (newest[mine.side].y - mine.y) * Math.min(1, PULL * ticks);
  }

  /** The state at the moment that is drawn now. */
  #now() {
    const newest = this.#frames.at(-1);
    if (this.#zero === null) return newest;
    const tick = (performance.now() / MS_PER_S) * this.#field.hz - this.#zero - this.#late;
    if (tick >= newest.tick) return guessed(newest, Math.min(GUESSED, tick - newest.tick), this.#field);
    const next = this.#frames.findIndex((frame) => frame.tick > tick);
    return next > 0 ? between(this.#frames[next - 1], this.#frames[next], tick) : newest;
  }

  #draw(at) {
    const context = this.#canvas.getContext('2d');
    const ticks = this.#last === null || !this.#field ? 0 : Math.min(30, ((at - this.#last) / MS_PER_S) * this.#field.hz);
    this.#last = at;
    if (!this.#field || this.#frames.length === 0) return;
    this.#step(ticks);
    const { width, height, paddle_height: size, paddle_x: face, ball_radius: radius } = this.#field;
    const scale = this.#canvas.width / width;
    const colors = this.#colors;
    const view = this.#now();
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.fillStyle = colors.sunken;
    context.fillRect(0, 0, width, height);
    context.strokeStyle = colors['line-strong'];
    context.globalAlpha = 0.5;
    context.lineWidth = 50;
    context.setLineDash([260, 260]);
    context.beginPath();
    context.moveTo(width / 2, 130);
    context.lineTo(width / 2, height);
    context.stroke();
    context.setLineDash([]);
    context.globalAlpha = 1;
    for (const side of ['left', 'right']) {
      const own = this.#mine?.side === side;
      const y = own && this.#mine.y !== null ? this.#mine.y : view[side].y;
      context.fillStyle = own ? colors.accent : colors.ink;
      context.beginPath();
      context.roundRect(side === 'left' ? face - 180 : width - face, y - size / 2, 180, size, 70);
      context.fill();
    }
    this.#drawBall(context, view, radius);
  }

  #drawBall(context, { ball }, radius) {
    this.#trail.push({ x: ball.x, y: ball.y });
    if (this.#trail.length > TRAIL) this.#trail.shift();
    if (Math.abs(this.#trail[0].x - ball.x) > 6000) this.#trail = [];
    context.fillStyle = this.#colors.warm;
    if (!this.#calm.matches) {
      this.#trail.forEach((point, n) => {
        context.globalAlpha = (n / TRAIL) * 0.2;
        dot(context, point, radius * (0.5 + n / TRAIL / 2));
      });
      context.globalAlpha = 1;
    }
    dot(context, ball, radius);
  }
}

function dot(context, { x, y }, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

const mix = (a, b, part) => a + (b - a) * part;

function between(a, b, tick) {
  const part = (tick - a.tick) / (b.tick - a.tick);
  // A ball that was put into the middle did not fly there.
  const flew = Math.abs(b.ball.x - a.ball.x) < 6000;
  const ball = flew ? { x: mix(a.ball.x, b.ball.x, part), y: mix(a.ball.y, b.ball.y, part) } : b.ball;
  return { ball, left: { y: mix(a.left.y, b.left.y, part) }, right: { y: mix(a.right.y, b.right.y, part) } };
}

function guessed(view, ticks, { height, ball_radius: radius }) {
  const y = view.ball.y + view.ball.vy * ticks;
  return { ...view, ball: { ...view.ball, x: view.ball.x + view.ball.vx * ticks, y: Math.max(radius, Math.min(height - radius, y)) } };
}
