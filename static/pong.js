/**
 * Pong, live. The server moves everything; this page shows its frames, sends what one wants of one's own paddle, and shows that at once.
 */
import { connect } from './parlor.js';
import { chat } from './chat.js';
import { Court } from './pong-court.js';
import { announce, bdi, byId, goTo, leaveFor, secondsUntil, showConnection, toast } from './ui.js';

/** How often a moving pointer is told to the server, in ms, and how far it has to move, in units of the court. */
const TELL_EVERY = 80;
const TELL_FROM = 60;

const root = byId('pong');
const { code, namespace, role } = root.dataset;
const mine = { host: 'left', guest: 'right' }[role] ?? null;
const theirs = mine === 'left' ? 'right' : 'left';
const room = connect({ namespace, roomCode: code });
const court = new Court(byId('court'), mine);

/** What is known; `players` by side. */
const now = { view: null, status: 'in_progress', players: {}, ended: null, online: false, frames: 0, busy: false };

const sideOf = ({ player_role: as, seat }) => ({ host: 'left', guest: 'right' })[as] ?? ['left', 'right'][seat] ?? null;
const name = (side) => now.players[side]?.nickname ?? (side === 'left' ? 'Left' : 'Right');
const who = (side) => (side === mine ? 'You' : name(side));

// What the server says ------------------------------------------------------------------------------------------------------------

room.on('state', ({ state, status, players, results, room_code: here = code }) => {
  if (status) now.status = status;
  if (now.status === 'waiting' || now.status === 'ready') return location.replace(`/room/${here}`);
  if (here !== code) return location.replace(`/play/${here}`);
  for (const player of players ?? []) know(player);
  const over = now.status === 'completed' || now.status === 'abandoned';
  now.ended = over ? { reason: now.ended?.reason ?? state.reason ?? '', results: results ?? state.results ?? now.ended?.results ?? null } : null;
  take(state, { fresh: true });
  root.setAttribute('aria-busy', 'false');
});
room.on('game_state', (state) => take(state, { fresh: true }));
room.on('game_update', (frame) => {
  now.frames += 1;
  take(frame);
});

function take(view, how) {
  // A frame that was overtaken by an event.
  if (!how?.fresh && now.view && view.tick < now.view.tick && view.phase === now.view.phase) return;
  now.view = { ...now.view, ...view };
  court.take(view, how);
  render();
}

/** An event that is not in the state yet. */
function live(event, handler) {
  room.on(event, (payload, { replayed }) => {
    if (replayed || !now.view) return;
    handler(payload);
    render();
  });
}

live('player_ready', ({ side }) => {
  now.view[side].ready = true;
  if (side !== mine) announce(`${name(side)} is ready.`);
});
live('match_began', ({ serve_to: to }) => announce(`The match begins. The first ball goes to ${to === mine ? 'you' : name(to)}.`));
live('score_update', ({ scorer, left, right }) => {
  [now.view.left.score, now.view.right.score] = [left, right];
  announce(`${who(scorer)} ${scorer === mine ? 'score' : 'scores'}. ${left} to ${right}.`);
});
live('game_paused', ({ side, reason }) => announce(pausedText({ side, reason })));
live('game_resumed', ({ at }) => at && announce('The match goes on in a moment.'));
live('player_forfeited', ({ side }) => announce(`${who(side)} gave up.`));
live('game_ended', ({ reason, results, abandoned }) => {
  now.status = abandoned ? 'abandoned' : 'completed';
  now.ended = { reason, results: results ?? null };
  now.view.phase = 'finished';
  announce(`${endTitle()}. ${endText()}`);
});
live('game_reset', () => location.replace(`/room/${code}`));
room.on('game_started', (_, { replayed }) => replayed || room.sync());

room.on('player_left', ({ player }, { replayed }) => {
  if (!player || replayed) return;
  know({ ...player, online: false, gone: true });
  toast(`${player.nickname ?? 'The opponent'} left.`);
  render();
});
room.on('player_disconnected', (payload, { replayed }) => {
  if (replayed) return;
  know({ ...payload, online: false });
  render();
});
room.on('player_reconnected', (payload, { replayed }) => {
  if (replayed) return;
  know({ ...payload, online: true, grace_ends_at: null });
  if (sideOf(payload) !== mine) toast(`${name(sideOf(payload))} is back.`, 'good');
  render();
});
room.on('presence_update', ({ players }) => {
  for (const player of players ?? []) know(player);
  render();
});
room.on('error', ({ message, event }) => event !== 'player_move' && toast(message, 'bad'));
room.on('*', ({ room_code: next }, { name: event, replayed }) => {
  if (!replayed && event.startsWith('rematch') && next && next !== code) goTo(`/room/${next}`);
});

function know(player) {
  const side = sideOf(player);
  if (!side) return;
  const after = { ...now.players[side], ...player };
  if (after.online !== false) after.grace_ends_at = null;
  now.players[side] = after;
}

// What the user does --------------------------------------------------------------------------------------------------------------

/** Sends a command, and says why if it is refused. */
async function act(event, payload = {}) {
  if (now.busy || !now.online) return null;
  now.busy = true;
  render();
  try {
    return await room.send(event, payload);
  } catch (refusal) {
    toast(refusal.message, 'bad');
    return null;
  } finally {
    now.busy = false;
    render();
  }
}

const action = (name) => act('game_action', { action: name });
const playable = () => mine !== null && now.online && now.view?.phase === 'active';

/** The paddle's intent, told to the server without asking for more than the last one: moves in between are worth nothing. */
const paddle = { told: null, wanted: null, onItsWay: false, at: 0, timer: null };

function want(intent) {
  if (!playable()) return;
  court.intend(intent);
  paddle.wanted = intent;
  tell();
}

function tell() {
  const { wanted, told } = paddle;
  if (!wanted || paddle.onItsWay || paddle.timer) return;
  const nearly = told && wanted.y !== undefined && told.y !== undefined && Math.abs(wanted.y - told.y) < TELL_FROM;
  if (wanted === told || nearly || (told && wanted.direction !== undefined && wanted.direction === told.direction)) return;
  const wait = wanted.y === undefined ? 0 : paddle.at + TELL_EVERY - performance.now();
  if (wait > 0) {
    paddle.timer = setTimeout(() => {
      paddle.timer = null;
      tell();
    }, wait);
    return;
  }
  Object.assign(paddle, { told: wanted, onItsWay: true, at: performance.now() });
  const payload = wanted.y === undefined ? wanted : { y: Math.round(wanted.y) };
  // A refused move is no news: the paddle stands where the server says.
  room.send('player_move', payload).catch(() => {}).finally(() => {
    paddle.onItsWay = false;
    tell();
  });
}

const held = new Set();
const DIRECTIONS = { ArrowUp: -1, KeyW: -1, ArrowDown: 1, KeyS: 1, up: -1, down: 1 };

function steer() {
  const latest = [...held].at(-1);
  if (latest) return want({ direction: DIRECTIONS[latest] });
  // Rests where it is seen, not where it will be when the server hears of it.
  if (court.mine !== null) want({ y: court.mine });
}

function hold(key) {
  if (held.has(key)) return;
  held.add(key);
  steer();
}

function release(key) {
  if (held.delete(key)) steer();
}

if (mine) {
  const typing = ({ target }) => target.closest?.('input, textarea, select');
  const pressing = ({ target }) => target.closest?.('button, a, summary');
  document.addEventListener('keydown', (event) => {
    if (typing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.code in DIRECTIONS) {
      event.preventDefault();
      hold(event.code);
    } else if (event.code === 'KeyP' && !event.repeat) {
      now.view?.paused?.reason === 'asked' ? action('resume') : action('pause');
    } else if (event.code === 'Space' && !event.repeat && !pressing(event) && now.view?.phase === 'pending') {
      event.preventDefault();
      act('player_ready');
    }
  });
  document.addEventListener('keyup', ({ code: key }) => release(key));
  window.addEventListener('blur', () => [...held].forEach(release));
  for (const key of ['up', 'down']) {
    const button = byId(`${key}-button`);
    button.addEventListener('pointerdown', (event) => {
      button.setPointerCapture(event.pointerId);
      hold(key);
    });
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture']) button.addEventListener(end, () => release(key));
    button.addEventListener('contextmenu', (event) => event.preventDefault());
    // By keyboard and switch a press is a nudge.
    button.addEventListener('click', ({ detail }) => detail === 0 && court.mine !== null && want({ y: court.mine + DIRECTIONS[key] * 900 }));
  }
  const canvas = byId('court');
  const point = (event) => {
    if (!court.field || (event.pointerType !== 'mouse' && event.buttons === 0)) return;
    const { top, height } = canvas.getBoundingClientRect();
    want({ y: Math.max(0, Math.min(1, (event.clientY - top) / height)) * court.field.height });
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    point(event);
  });
  canvas.addEventListener('pointermove', point);
  byId('ready-button').addEventListener('click', () => {
    byId('court').focus({ preventScroll: true });
    act('player_ready');
  });
  byId('resume-button').addEventListener('click', () => action('resume'));
  byId('pause-button').addEventListener('click', () => action(now.view?.paused?.reason === 'asked' ? 'resume' : 'pause'));
  byId('claim-button').addEventListener('click', () => action('claim_win'));
  byId('forfeit-button').addEventListener('click', () => action('forfeit'));
  byId('rematch-button').addEventListener('click', async () => {
    const answer = await act('rematch');
    if (answer?.room_code && answer.room_code !== code) goTo(`/room/${answer.room_code}`);
    else if (answer) toast('Asked for a rematch. Waiting for the other side.');
  });
  byId('reset-button').addEventListener('click', async () => {
    if (await act('reset_game')) toast('Asked to go back to the lobby.');
  });
}
byId('leave-form').addEventListener('submit', (event) => {
  event.preventDefault();
  leaveFor(room, '/');
});

// What it looks like --------------------------------------------------------------------------------------------------------------

function pausedText({ reason, side }) {
  if (reason === 'asked') return `${who(side)} asked for a pause.`;
  if (side === mine) return 'Waiting for you to be back.';
  return reason === 'away' ? `${name(side)} lost the connection.` : `${name(side)} is gone. ${mine ? 'You may claim the win, or wait.' : ''}`;
}

function turnText() {
  const { view } = now;
  if (!view) return 'Connecting…';
  if (now.ended) return 'The match is over.';
  if (view.phase === 'pending') {
    const missing = ['left', 'right'].filter((side) => !view[side].ready);
    if (missing.includes(mine)) return 'Press “I am ready” to begin.';
    return `Waiting for ${missing.map(name).join(' and ')} to be ready.`;
  }
  if (view.paused) return pausedText(view.paused);
  if (view.serve_tick != null) return `Get ready: first to ${view.field.points}.`;
  return `Playing to ${view.field.points}.`;
}

function endTitle() {
  const winner = now.ended?.results?.winner;
  if (winner !== 'left' && winner !== 'right') return 'The match is over';
  return winner === mine ? 'You win' : `${name(winner)} wins`;
}

const endText = () => String(now.ended?.reason ?? '').replaceAll('_', ' ');

function presence(side) {
  const player = now.players[side];
  if (!player) return '';
  if (player.bot) return `bot, ${player.bot}`;
  if (player.gone) return 'left';
  if (player.online !== false) return side === mine ? 'you' : 'online';
  const left = player.grace_ends_at ? secondsUntil(player.grace_ends_at) : 0;
  return left > 0 && !now.ended ? `reconnecting… ${left} s` : 'away';
}

/** Changes a text only when it differs: this runs for every frame. */
function say(id, text) {
  const element = byId(id);
  if (element && element.textContent !== text) element.textContent = text;
}

function show(id, shown) {
  const element = byId(id);
  if (element && element.hidden === shown) element.hidden = !shown;
}

function renderPresence() {
  for (const side of ['left', 'right']) {
    const player = now.players[side];
    say(`presence-${side}`, presence(side));
    byId(`presence-${side}`).dataset.online = String(Boolean(player) && player.online !== false);
    const place = byId(`name-${side}`);
    if (place.textContent !== name(side)) place.replaceChildren(bdi(name(side)));
  }
}

function render() {
  const { view } = now;
  if (!view?.field) return;
  const asked = view.paused?.reason === 'asked';
  root.dataset.phase = view.phase;
  root.dataset.paused = view.paused?.reason ?? '';
  root.dataset.tick = view.tick;
  root.dataset.mine = String(Boolean(mine && view.phase === 'pending' && !view[mine].ready));
  say('turn', turnText());
  for (const side of ['left', 'right']) say(`score-${side}`, String(view[side].score));
  renderPresence();
  const over = !now.ended && (view.phase === 'pending' || Boolean(view.paused));
  show('over', over);
  if (over) say('over-text', view.paused ? pausedText(view.paused) : `First to ${view.field.points}. ${mine === null ? '' : `You play on the ${mine}.`}`);
  show('ready-button', Boolean(mine) && view.phase === 'pending' && !view[mine].ready);
  show('resume-button', Boolean(mine) && asked);
  show('claim-button', Boolean(mine) && view.paused?.reason === 'absent' && view.paused.side === theirs);
  show('forfeit-button', !now.ended);
  show('touch', !now.ended);
  const pause = byId('pause-button');
  if (pause) {
    pause.disabled = now.busy || !playable() || (!asked && (Boolean(view.paused) || view[mine].pauses_left === 0));
    say('pause-button', asked ? 'Go on' : `Pause (${view[mine].pauses_left})`);
  }
  const ending = byId('ending');
  const justEnded = now.ended && ending.hidden;
  show('ending', Boolean(now.ended));
  if (now.ended) {
    say('ending-title', endTitle());
    say('ending-text', endText());
    show('rematch-button', now.status === 'completed');
    show('reset-button', now.status === 'completed');
  }
  if (justEnded) byId('ending-title').focus({ preventScroll: true });
}

room.onStatus(({ state }) => {
  now.online = state === 'online';
  if (!now.online) held.clear();
  render();
});
setInterval(() => {
  root.dataset.frames = String(now.frames);
  now.frames = 0;
  renderPresence();
}, 1000);
chat(room, { me: () => room.session?.player_id });
showConnection(room, { left: () => leaveFor(room, '/') });
