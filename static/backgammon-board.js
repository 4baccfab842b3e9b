/**
 * The board as a picture that can be played on: state in, SVG out; what the player does comes back as moves. It knows no connection.
 * Colour is never the only sign: white's checkers have a ring, black's a diamond; what may move has a halo, where it may go a dashed ring.
 */
import { HEIGHT, SIZE, WIDTH, layout, neighbour, on, other, own, rows, spotOf, targets } from './backgammon-moves.js';

const SVG = 'http://www.w3.org/2000/svg';
/** Checkers that are drawn on a point; more are a number. */
const SHOWN = 5;
const STACK_STEP = 56;
/** A press that moves farther than this, in px, is a drag. */
const DRAG_FROM = 6;
const MOVE_MS = 240;

const number = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;
const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null && value !== false) element.setAttribute(name, value);
  element.append(...children.filter(Boolean));
  return element;
}

function checker(color, x, y, extra = '') {
  const sign = color === 'white'
    ? svg('circle', { class: 'sign', r: 17 })
    : svg('path', { class: 'sign', d: 'M0 -15 15 0 0 15 -15 0Z' });
  return svg('g', { class: `checker ${color} ${extra}`, transform: `translate(${x} ${y})` }, svg('g', { class: 'body' }, svg('circle', { class: 'disc', r: SIZE.checker - 1 }), sign));
}

const PIPS = { 1: [[0, 0]], 2: [[-1, -1], [1, 1]], 3: [[-1, -1], [0, 0], [1, 1]], 4: [[-1, -1], [1, -1], [-1, 1], [1, 1]], 5: [[-1, -1], [1, -1], [0, 0], [-1, 1], [1, 1]], 6: [[-1, -1], [1, -1], [-1, 0], [1, 0], [-1, 1], [1, 1]] };

function die(value, color, used, x, y) {
  const pips = PIPS[value].map(([px, py]) => svg('circle', { class: 'pip', cx: px * 17, cy: py * 17, r: 6.5 }));
  return svg('g', { class: `die ${color}${used ? ' used' : ''}`, transform: `translate(${x} ${y})` },
    svg('g', { class: 'body' }, svg('rect', { x: -33, y: -33, width: 66, height: 66, rx: 13 }), ...pips));
}

export class Board {
  #place;
  #onMove;
  #root;
  #view = { bottom: 'white', homeLeft: false };
  #places = new Map();
  #spots = new Map();
  #state = null;
  #mine = null;
  #active = false;
  #targets = new Map();
  #chosen = null;
  #focus = null;
  #press = null;
  #layers = {};
  #tell;

  /** Draws into `place`. `onMove(steps)` is called with single moves to make in order; `tell(text)` with what a screen reader should say. */
  constructor(place, { onMove = () => {}, tell = () => {} } = {}) {
    this.#place = place;
    this.#onMove = onMove;
    this.#tell = tell;
    this.#root = svg('svg', { class: 'bg-board', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'group', 'aria-label': 'Backgammon board' });
    place.replaceChildren(this.#root);
    this.#build();
    this.#root.addEventListener('keydown', (event) => this.#key(event));
    this.#root.addEventListener('click', (event) => this.#click(event));
    this.#root.addEventListener('focusin', (event) => this.#rove(event.target.closest('[data-spot]')?.dataset.spot));
    this.#root.addEventListener('pointerdown', (event) => this.#down(event));
    this.#root.addEventListener('pointermove', (event) => this.#drag(event));
    this.#root.addEventListener('pointerup', (event) => this.#up(event));
    this.#root.addEventListener('pointercancel', () => this.#drop());
  }

  /** Which side is below, and on which hand its home is. */
  orient(view) {
    this.#view = { ...this.#view, ...view };
    this.#build();
    if (this.#state) this.#draw();
  }

  /**
   * Shows a state. `mine` is the viewer's side or null, `active` whether they may move now; `moved` are moves that have just been made
   * (they glide), `last` those to mark, each `{ side, from_point, to_point, is_hit }`; `rolled` lets the dice tumble.
   */
  show(state, { mine = null, active = false, moved = [], last = [], rolled = false } = {}) {
    this.#drop();
    this.#state = state;
    this.#mine = mine;
    this.#active = active;
    this.#targets = active ? targets(state) : new Map();
    if (!this.#targets.has(this.#chosen)) this.#chosen = null;
    this.#draw(new Set(last.map((made) => spotOf(made.side, made.to_point))));
    if (!still()) {
      for (const made of moved) this.#glide(made);
      if (rolled) this.#tumble();
    }
  }

  /** Puts the keyboard on the board: on the first checker that can be moved. */
  focus() {
    const first = rows(this.#view).flat().find((spot) => this.#targets.has(spot)) ?? this.#focus;
    this.#moveFocus(first);
  }

  contains(element) {
    return this.#root.contains(element);
  }

  // The picture -------------------------------------------------------------------------------------------------------------------

  #build() {
    const hadFocus = this.#root.contains(document.activeElement);
    this.#places = layout(this.#view);
    this.#root.replaceChildren();
    const { pad, point, bar, half, gap, label, tray } = SIZE;
    const left = this.#view.homeLeft ? pad * 2 + tray : pad;
    const halfWidth = point * 6;
    const field = svg('g', { class: 'field', 'aria-hidden': 'true' },
      svg('rect', { class: 'frame', width: WIDTH, height: HEIGHT, rx: 18 }),
      svg('rect', { class: 'ground', x: left, y: label, width: halfWidth, height: half * 2 + gap, rx: 6 }),
      svg('rect', { class: 'ground', x: left + halfWidth + bar, y: label, width: halfWidth, height: half * 2 + gap, rx: 6 }));
    this.#root.append(field);
    for (const row of rows(this.#view)) for (const spot of row) this.#spots.set(spot, this.#spot(spot));
    // Above the spots: dice and cube, and what is dragged.
    this.#layers.dice = svg('g', { class: 'dice', 'aria-hidden': 'true' });
    this.#layers.cube = svg('g', { class: 'cube', 'aria-hidden': 'true' });
    this.#layers.ghost = svg('g', { class: 'ghost', 'aria-hidden': 'true' });
    this.#root.append(...rows(this.#view).flat().map((spot) => this.#spots.get(spot).group), this.#layers.dice, this.#layers.cube, this.#layers.ghost);
    this.#focus ??= rows(this.#view)[1][0];
    this.#spots.get(this.#focus).group.setAttribute('tabindex', 0);
    if (hadFocus) this.#moveFocus(this.#focus);
  }

  #spot(spot) {
    const { x, width, top, base } = this.#places.get(spot);
    const kind = spot.split('-')[0];
    const tip = top ? base + SIZE.half - 22 : base - SIZE.half + 22;
    const tall = kind === 'off' ? 262 : SIZE.half + SIZE.gap / 2 - 4;
    const area = svg('rect', { class: 'area', x: x - width / 2, y: top ? base : base - tall, width, height: tall, rx: 6 });
    const checkers = svg('g', { class: 'stack' });
    const marks = svg('g', { class: 'marks' });
    const shape = kind === 'bar' || kind === 'off' ? null
      : svg('path', { class: `point ${Number(spot) % 2 ? 'odd' : 'even'}`, d: `M${x - width / 2 + 2} ${base}H${x + width / 2 - 2}L${x} ${tip}Z` });
    const label = shape && svg('text', { class: 'number', x, y: top ? SIZE.label - 9 : HEIGHT - 9 }, String(own(this.#view.bottom, Number(spot))));
    const group = svg('g', { class: `spot ${kind === 'bar' || kind === 'off' ? kind : 'tip'}`, 'data-spot': spot, 'data-testid': `spot-${spot}`, tabindex: -1 }, area, shape, label, checkers, marks,
      svg('rect', { class: 'focus-ring', x: x - width / 2 + 2, y: top ? base + 2 : base - tall + 2, width: width - 4, height: tall - 4, rx: 8 }));
    return { group, checkers, marks };
  }

  #draw(last = new Set()) {
    const board = this.#state.board_state;
    this.#root.classList.toggle('active', this.#active && this.#targets.size > 0);
    const ends = this.#chosen ? this.#targets.get(this.#chosen) : null;
    for (const [spot, { group, checkers, marks }] of this.#spots) {
      if (!this.#places.has(spot)) continue;
      const { count, color } = on(board, spot);
      const off = spot.startsWith('off');
      const movable = !this.#chosen && this.#targets.has(spot);
      const [chosen, target] = [spot === this.#chosen, Boolean(ends?.has(spot))];
      checkers.replaceChildren(...(off ? this.#borneOff(spot, count, color) : this.#stack(spot, count, color, { movable, chosen, fresh: last.has(spot) })));
      marks.replaceChildren(...(target ? [this.#aim(spot, count, color)] : []));
      for (const [name, set] of Object.entries({ movable, chosen, target, empty: count === 0 })) group.classList.toggle(name, set);
      group.setAttribute('role', this.#active ? 'button' : 'img');
      group.setAttribute('aria-label', this.#label(spot, count, color, { movable, chosen, target }));
      if (this.#active) group.setAttribute('aria-pressed', String(chosen));
      else group.removeAttribute('aria-pressed');
      group.setAttribute('tabindex', spot === this.#focus ? 0 : -1);
      group.dataset.count = String(count);
      group.dataset.color = count > 0 ? color : '';
    }
    this.#drawDice();
    this.#drawCube();
  }

  #label(spot, count, color, { movable, chosen, target }) {
    const [kind, side] = spot.split('-');
    const who = (owner) => (owner === this.#mine ? `your ${owner}` : owner);
    const where = kind === 'bar' ? `Bar, ${side}` : kind === 'off' ? `Off, ${side}` : `Point ${own(this.#mine ?? this.#view.bottom, Number(spot))}`;
    const what = count === 0 ? 'empty' : number(count, `${kind === 'bar' || kind === 'off' ? '' : `${who(color)} `}checker`);
    const may = chosen ? 'chosen' : target ? 'can go here' : movable ? 'can be moved' : '';
    return [where, what, may].filter(Boolean).join(', ');
  }

  /** Where the nth checker of a spot lies. */
  #at(spot, nth) {
    const { x, top, base } = this.#places.get(spot);
    if (spot.startsWith('bar')) {
      // From the middle outward: who was hit comes in again from there.
      const y = HEIGHT / 2 + (top ? -1 : 1) * (SIZE.gap / 2 + 26 + Math.min(nth, 3) * STACK_STEP);
      return [x, y];
    }
    if (spot.startsWith('off')) return [x, top ? base + 12 + nth * 16 : base - 12 - nth * 16];
    const along = SIZE.checker + 2 + Math.min(nth, SHOWN - 1) * STACK_STEP;
    return [x, top ? base + along : base - along];
  }

  #stack(spot, count, color, { movable, chosen, fresh }) {
    const most = spot.startsWith('bar') ? 4 : SHOWN;
    const drawn = Math.min(count, most);
    const all = Array.from({ length: drawn }, (_, nth) => {
      const isTop = nth === drawn - 1;
      const lifted = isTop && this.#press?.spot === spot && this.#press.dragging;
      return checker(color, ...this.#at(spot, nth), [isTop && movable && 'halo', isTop && chosen && 'lifted', isTop && fresh && 'fresh', lifted && 'away'].filter(Boolean).join(' '));
    });
    if (count > most) {
      const [x, y] = this.#at(spot, drawn - 1);
      all.push(svg('text', { class: `count ${color}`, x, y }, String(count)));
    }
    return all;
  }

  #borneOff(spot, count, color) {
    const { x, top, base } = this.#places.get(spot);
    const slabs = Array.from({ length: count }, (_, nth) => {
      const y = top ? base + 5 + nth * 16 : base - 19 - nth * 16;
      return svg('rect', { class: `slab ${color}`, x: x - 25, y, width: 50, height: 14, rx: 4 });
    });
    if (count > 0) slabs.push(svg('text', { class: 'off-count', x, y: top ? SIZE.label - 9 : HEIGHT - 9 }, String(count)));
    return slabs;
  }

  /** The dashed ring where the chosen checker may go. */
  #aim(spot, count, color) {
    if (spot.startsWith('off')) {
      const { x, top, base } = this.#places.get(spot);
      return svg('rect', { class: 'aim', x: x - 27, y: top ? base + 4 : base - 256, width: 54, height: 252, rx: 10 });
    }
    const mover = this.#state.current_player;
    const nth = color === mover ? Math.min(count, SHOWN - 1) : 0;
    const [cx, cy] = this.#at(spot, nth);
    return svg('g', { class: 'aim-place' }, svg('circle', { class: 'aim', cx, cy, r: SIZE.checker - 4 }), svg('circle', { class: 'aim-dot', cx, cy, r: 7 }));
  }

  #drawDice() {
    const { dice, dice_used: used } = this.#state.board_state;
    const side = this.#state.current_player;
    const all = dice.length === 2 && dice[0] === dice[1] ? [...dice, ...dice] : dice;
    const bottom = side === this.#view.bottom;
    // Below's dice on the right half, above's on the left.
    const leftHalf = SIZE.pad + (this.#view.homeLeft ? SIZE.pad + SIZE.tray : 0) + SIZE.point * 3;
    const middle = bottom ? leftHalf + SIZE.point * 6 + SIZE.bar : leftHalf;
    this.#layers.dice.replaceChildren(...(side ? all.map((value, nth) => die(value, side, used[nth], middle + (nth - (all.length - 1) / 2) * 78, HEIGHT / 2)) : []));
  }

  #drawCube() {
    const { doubling_cube: value, cube_owner: owner } = this.#state.board_state;
    const x = this.#places.get(`off-${this.#view.bottom}`).x;
    const shift = owner === null || owner === undefined ? 0 : owner === this.#view.bottom ? 40 : -40;
    const offered = this.#state.phase === 'doubled';
    const shown = offered ? value * 2 : value;
    const place = offered ? [WIDTH / 2 - (this.#view.homeLeft ? -1 : 1) * (SIZE.tray + SIZE.pad) / 2, HEIGHT / 2] : [x, HEIGHT / 2 + shift];
    if (this.#state.rules?.cube === false) return this.#layers.cube.replaceChildren();
    this.#layers.cube.replaceChildren(svg('g', { class: offered ? 'offered' : '', transform: `translate(${place[0]} ${place[1]})` },
      svg('rect', { x: -26, y: -26, width: 52, height: 52, rx: 9 }), svg('text', { y: 1 }, String(shown === 1 ? 64 : shown))));
  }

  // Motion ------------------------------------------------------------------------------------------------------------------------

  #glide({ side, from_point: from, to_point: to, is_hit: hit }) {
    const [start, end] = [spotOf(side, from), spotOf(side, to)];
    this.#fly(end, this.#at(start, Math.max(0, on(this.#state.board_state, start).count)));
    if (hit) this.#fly(`bar-${other(side)}`, this.#at(end, 0));
  }

  /** Lets the top checker of `spot` come from a place. */
  #fly(spot, [fromX, fromY]) {
    const top = [...this.#spots.get(spot).checkers.querySelectorAll('.checker, .slab')].at(-1);
    if (!top?.animate) return;
    const { count } = on(this.#state.board_state, spot);
    const [x, y] = this.#at(spot, Math.max(0, count - 1));
    const body = top.querySelector('.body') ?? top;
    body.animate([{ transform: `translate(${fromX - x}px, ${fromY - y}px)` }, { transform: 'none' }], { duration: MOVE_MS, easing: 'cubic-bezier(.3,.7,.3,1)' });
  }

  #tumble() {
    for (const [nth, body] of [...this.#layers.dice.querySelectorAll('.body')].entries()) {
      body.animate?.([{ transform: `rotate(${nth % 2 ? 200 : -220}deg) scale(.4)`, opacity: 0 }, { transform: 'none', opacity: 1 }], { duration: 380, easing: 'cubic-bezier(.2,.8,.3,1.1)' });
    }
  }

  // What the player does ----------------------------------------------------------------------------------------------------------

  #choose(spot) {
    if (!this.#active) return;
    const ends = this.#chosen && this.#targets.get(this.#chosen);
    if (ends?.has(spot)) {
      const steps = ends.get(spot);
      this.#chosen = null;
      this.#draw();
      return this.#onMove(steps);
    }
    if (spot !== this.#chosen && this.#targets.has(spot)) {
      this.#chosen = spot;
      const places = [...this.#targets.get(spot).keys()].map((end) => this.#short(end));
      this.#tell(`Chosen: ${this.#short(spot)}. It can go to ${places.join(', ')}.`);
    } else if (this.#chosen) {
      this.#chosen = null;
      this.#tell('Put down.');
    } else if (this.#targets.size > 0) this.#tell('Nothing can be moved from here.');
    this.#draw();
  }

  #short(spot) {
    const kind = spot.split('-')[0];
    return kind === 'bar' ? 'the bar' : kind === 'off' ? 'off' : String(own(this.#mine ?? this.#view.bottom, Number(spot)));
  }

  #moveFocus(spot) {
    this.#spots.get(spot)?.group.focus();
  }

  /** One spot at a time is reached by Tab. */
  #rove(spot) {
    if (!spot || spot === this.#focus) return;
    this.#spots.get(this.#focus)?.group.setAttribute('tabindex', -1);
    this.#focus = spot;
    this.#spots.get(spot).group.setAttribute('tabindex', 0);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const spot = event.target.closest('[data-spot]')?.dataset.spot;
    if (!spot) return;
    if (event.key === 'Enter' || event.key === ' ') this.#choose(spot);
    else if (event.key === 'Escape' && this.#chosen) this.#choose(this.#chosen);
    else if (event.key === 'PageDown' || event.key === 'PageUp') this.#moveFocus(this.#nextOfInterest(spot, event.key === 'PageDown' ? 1 : -1));
    else if (/^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(event.key)) this.#moveFocus(neighbour(this.#view, spot, event.key));
    else return;
    event.preventDefault();
  }

  /** The next spot that can be moved from, or to while a checker is chosen. */
  #nextOfInterest(spot, by) {
    const all = rows(this.#view).flat();
    const wanted = this.#chosen ? this.#targets.get(this.#chosen) : this.#targets;
    for (let n = 1; n <= all.length; n += 1) {
      const next = all[(all.indexOf(spot) + by * n + all.length * n) % all.length];
      if (wanted?.has(next)) return next;
    }
    return spot;
  }

  #click(event) {
    const spot = event.target.closest('[data-spot]')?.dataset.spot;
    if (!spot || this.#press?.dragged) return;
    this.#choose(spot);
  }

  #down(event) {
    this.#press = null;
    const spot = event.target.closest('[data-spot]')?.dataset.spot;
    if (!this.#active || !spot || event.button !== 0 || !event.isPrimary || !this.#targets.has(spot)) return;
    this.#press = { spot, id: event.pointerId, x: event.clientX, y: event.clientY, dragging: false, dragged: false };
  }

  #drag(event) {
    const press = this.#press;
    if (!press || press.id !== event.pointerId || press.dragged || event.buttons === 0) return;
    if (!press.dragging) {
      if (Math.hypot(event.clientX - press.x, event.clientY - press.y) < DRAG_FROM) return;
      press.dragging = true;
      this.#chosen = press.spot;
      this.#root.setPointerCapture(event.pointerId);
      this.#layers.ghost.replaceChildren(checker(this.#state.current_player, 0, 0, 'dragged'));
      this.#draw();
    }
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.#root.getScreenCTM().inverse());
    this.#layers.ghost.setAttribute('transform', `translate(${x} ${y})`);
  }

  #up(event) {
    const press = this.#press;
    if (!press?.dragging) this.#press = null;
    if (!press?.dragging || press.id !== event.pointerId) return;
    const under = document.elementFromPoint(event.clientX, event.clientY)?.closest('[data-spot]')?.dataset.spot;
    const steps = this.#targets.get(press.spot)?.get(under);
    this.#drop();
    // The click that follows is the end of this drag.
    this.#press = { dragged: true };
    if (steps) this.#onMove(steps);
  }

  /** Ends a drag without a move. */
  #drop() {
    if (!this.#press?.dragging) return;
    this.#press = null;
    this.#chosen = null;
    this.#layers.ghost.replaceChildren();
    if (this.#state) this.#draw();
  }
}
