/**
 * Backgammon, live. Every event of the game brings the table as it is then: what is shown is always the last one, whole.
 */
import { connect } from './parlor.js';
import { chat } from './chat.js';
import { Board } from './backgammon-board.js';
import { MoveList, showClocks } from './backgammon-side.js';
import { notation, other, spokenMoves } from './backgammon-moves.js';
import { announce, bdi, byId, el, goTo, leaveFor, secondsUntil, showConnection, toast } from './ui.js';

/** How long a turn in which nothing can be played is shown before it ends by itself, in ms. */
const DANCE_MS = 1600;
const root = byId('backgammon');
const { code, namespace, role } = root.dataset;
const mine = { host: 'white', guest: 'black' }[role] ?? null;
const room = connect({ namespace, roomCode: code });
const list = new MoveList(byId('move-list'));
const board = new Board(byId('bg-board'), { onMove: (steps) => play(steps), tell: announce });

/** What is known; `players` by side. `lastTurn` is the side that may take back its turn, null for nobody, undefined when not known. */
const now = { state: null, status: 'in_progress', players: {}, ended: null, busy: false, online: false, lastTurn: undefined, last: [], turnMoves: [], skew: 0, refocus: false };

const sideOf = ({ player_role: given, seat }) => ({ host: 'white', guest: 'black' })[given] ?? ['white', 'black'][seat] ?? null;
const name = (side) => now.players[side]?.nickname ?? (side === 'white' ? 'White' : 'Black');
const subject = (side, you, they) => (side === mine ? `You ${you}` : `${name(side)} ${they}`);
const myMove = () => mine && !now.ended && now.state?.phase === 'moving' && now.state.current_player === mine && !now.state.resign_offer;

// Preferences of this browser -----------------------------------------------------------------------------------------------------

const kept = {
  read(key) {
    try { return localStorage.getItem(`parlor.backgammon.${key}`) === 'true'; } catch { return false; }
  },
  write(key, on) {
    try { localStorage.setItem(`parlor.backgammon.${key}`, String(on)); } catch { /* Not remembered in some private windows. */ }
  },
};
const view = { flipped: kept.read('flipped'), homeLeft: kept.read('home-left') };
let autoEnd = kept.read('auto-end');

function orient() {
  const near = mine ?? 'white';
  const bottom = view.flipped ? other(near) : near;
  board.orient({ bottom, homeLeft: view.homeLeft });
  root.dataset.bottom = bottom;
  root.classList.toggle('flipped', view.flipped);
}

// What the server says ------------------------------------------------------------------------------------------------------------

room.on('state', ({ state, status, players, results, reason, room_code: here = code }) => {
  if (status) now.status = status;
  if (now.status === 'waiting' || now.status === 'ready') return location.replace(`/room/${here}`);
  if (here !== code) return location.replace(`/play/${here}`);
  now.state = state;
  now.turnMoves = (state.turn_moves ?? []).map((made) => ({ ...made, side: state.current_player }));
  for (const player of players ?? []) know(player);
  const over = now.status === 'completed' || now.status === 'abandoned' || state.phase === 'over';
  now.ended = over ? { reason: now.ended?.reason ?? (reason === 'entered' || reason === 'sync' ? '' : reason), results: results ?? state.results ?? now.ended?.results ?? null } : null;
  root.setAttribute('aria-busy', 'false');
  render();
});

/** An event of the game. What was replayed is older than the state, and only goes into the list. */
function game(event, handler) {
  room.on(event, (payload, { replayed, seq }) => {
    list.take(event, payload, seq);
    turnsTaken(event, payload);
    if (replayed || !now.state) return;
    const { game_state: fresh } = payload;
    if (fresh) now.state = { ...now.state, ...fresh };
    const shown = handler?.(payload) ?? {};
    render(shown);
  });
}

/** Whose turn was the last to end, and what was moved in it. */
function turnsTaken(event, { player, move, moves }) {
  if (event === 'turn_ended') {
    now.lastTurn = player;
    now.last = (moves ?? []).map((made) => ({ ...made, side: player }));
    now.turnMoves = [];
  } else if (event === 'move_made') now.turnMoves.push({ ...move, side: player });
  else if (event === 'move_undone') now.turnMoves.pop();
  else if (['opening_roll', 'position_set', 'turn_reopened', 'turn_taken_back', 'double_offered'].includes(event)) {
    now.lastTurn = null;
    if (event !== 'double_offered') now.last = [];
  }
}

const dicePhrase = ([a, b]) => (a === b ? `double ${a}` : `${Math.max(a, b)} and ${Math.min(a, b)}`);

game('opening_roll', ({ player, dice, game_number: nth }) => {
  announce(`Game ${nth}. ${subject(player, 'begin', 'begins')} with ${dicePhrase(dice)}.`);
  return { rolled: true };
});
game('position_set', ({ player }) => announce(`A given position. ${subject(player, 'are', 'is')} on roll.`));
game('dice_rolled', ({ player, dice, game_state: { legal_moves: plays } }) => {
  announce(`${subject(player, 'rolled', 'rolled')} ${dicePhrase(dice)}.${plays.length === 0 ? ' Nothing can be played.' : ''}`);
  return { rolled: true };
});
game('move_made', ({ player, move }) => {
  announce(`${subject(player, 'moved', 'moved')} ${spokenMoves(player, [move])}.`);
  return { moved: [{ ...move, side: player }] };
});
game('move_undone', ({ player, move }) => {
  announce(`${subject(player, 'took back', 'took back')} ${notation(player, [move])}.`);
  return { moved: [{ side: player, from_point: move.to_point, to_point: move.from_point }] };
});
game('turn_ended', ({ player, dice, moves }) => {
  announce(moves.length > 0
    ? `${subject(player, 'played', 'played')} ${dicePhrase(dice)}: ${spokenMoves(player, moves)}. ${turnLine()}`
    : `${subject(player, 'cannot move', 'cannot move')}. ${turnLine()}`);
});
game('turn_reopened', ({ player }) => announce(`${subject(player, 'go on with your turn', 'goes on with the turn')}.`));
game('undo_requested', ({ player }) => { if (player !== mine) announce(`${name(player)} asks to take back the last turn.`); else toast('Asked to take the turn back.'); });
game('undo_declined', () => toast('The turn stands.'));
game('turn_taken_back', ({ player }) => toast(`${subject(player, 'go on with your turn', 'goes on with the turn')}.`));
game('double_offered', ({ player, new_stake: stake }) => announce(`${subject(player, 'double', 'doubles')} to ${stake}.`));
game('double_accepted', ({ player, new_stake: stake }) => toast(`${subject(player, 'take', 'takes')} the cube at ${stake}.`));
game('double_declined', ({ player }) => announce(`${subject(player, 'pass', 'passes')}.`));
game('resign_offered', ({ player, kind }) => announce(`${subject(player, 'offer', 'offers')} to resign a ${kindWord(kind)}.`));
game('resign_accepted', ({ player }) => announce(`${subject(player, 'accept', 'accepts')}.`));
game('resign_declined', ({ player }) => toast(`${subject(player, 'refuse', 'refuses')}: the game goes on.`));
game('win_claimable', ({ absent }) => announce(`${name(absent)} is away.`));
game('player_back', ({ player }) => announce(`${name(player)} is back at the board.`));
game('game_over', ({ result }) => {
  const points = `${result.points} ${result.points === 1 ? 'point' : 'points'}`;
  toast(`${subject(result.winner, 'win', 'wins')} ${result.kind === 'single' ? '' : `a ${result.kind}, `}${points}.`, result.winner === mine ? 'good' : '');
});
room.on('game_ended', ({ reason, results, status }, { replayed }) => {
  now.status = status ?? 'completed';
  now.ended = { reason, results: results ?? null };
  if (replayed || !now.state) return;
  announce(`${endTitle()}. ${endText()}`);
  render();
});
room.on('game_reset', (_, { replayed }) => replayed || location.replace(`/room/${code}`));
room.on('game_started', (_, { replayed }) => {
  list.clear();
  if (!replayed) room.sync();
});

room.on('player_joined', ({ player }, { replayed }) => player && seen(player, { online: true, gone: false }, replayed));
room.on('player_left', ({ player }, { replayed }) => {
  if (!player) return;
  seen(player, { online: false, graceEndsAt: null, gone: true }, replayed);
  if (!replayed) toast(`${player.nickname ?? 'The opponent'} left.`);
});
room.on('player_disconnected', (payload, { replayed }) => {
  seen(payload, { online: false, graceEndsAt: payload.grace_ends_at }, replayed);
  if (!replayed && sideOf(payload) !== mine) announce(`${name(sideOf(payload))} lost the connection.`);
});
room.on('player_reconnected', (payload, { replayed }) => {
  seen(payload, { online: true, graceEndsAt: null }, replayed);
  if (!replayed && sideOf(payload) !== mine) toast(`${name(sideOf(payload))} is back.`, 'good');
});
room.on('presence_update', ({ players }) => {
  for (const player of players ?? []) know(player);
  render();
});
room.on('error', ({ message }) => toast(message, 'bad'));
room.on('*', ({ room_code: next, new_room_code: fresh = next }, { name: event, replayed }) => {
  if (!replayed && event.startsWith('rematch') && fresh && fresh !== code) goTo(`/room/${fresh}`);
});
// Clocks are the server's: how far ours is off is the middle of a question and its answer.
room.on('pong', ({ timestamp, server_time: at }) => {
  const theirs = typeof at === 'number' ? at : Date.parse(at);
  if (Number.isFinite(theirs)) now.skew = theirs - (Number(timestamp) + Date.now()) / 2;
});

function seen(player, change, replayed) {
  if (replayed) return;
  know({ ...player, ...change });
  render();
}

function know(player) {
  const side = sideOf(player);
  if (!side) return;
  const before = now.players[side];
  const after = { ...before, ...player, graceEndsAt: player.graceEndsAt ?? player.grace_ends_at ?? before?.graceEndsAt ?? null };
  if (after.online !== false) after.graceEndsAt = null;
  now.players[side] = after;
}

// What the user does --------------------------------------------------------------------------------------------------------------

/** Sends commands one after the other, says why if one is refused, and takes the whole state then. */
async function act(...commands) {
  if (now.busy || !now.online) return null;
  // Who works by keyboard goes on where the next thing is to be done.
  now.refocus = document.activeElement?.matches('button:focus-visible') ?? false;
  now.busy = true;
  render();
  try {
    let answer = null;
    for (const [event, payload = {}] of commands) answer = await room.send(event, payload);
    return answer;
  } catch (refusal) {
    toast(refusal.message, 'bad');
    room.sync();
    return null;
  } finally {
    now.busy = false;
    render();
    finishByItself();
  }
}

const play = (steps) => act(...steps.map((step) => ['move', step]));
const nothingLeft = () => myMove() && (now.state.legal_steps ?? []).length === 0;

/** Ends a turn in which nothing is left to do, where the player wants that. */
let endTimer = null;
function finishByItself() {
  clearTimeout(endTimer);
  endTimer = null;
  if (!autoEnd || !nothingLeft() || now.busy || !now.online) return;
  const danced = now.state.turn_moves.length === 0;
  endTimer = setTimeout(() => nothingLeft() && act(['end_turn']), danced ? DANCE_MS : 0);
}

for (const [id, event] of [['roll-button', 'roll_dice'], ['double-button', 'offer_double'], ['end-button', 'end_turn'], ['undo-button', 'undo'], ['claim-button', 'claim_win']]) {
  byId(id).addEventListener('click', () => act([event]));
}
byId('resign-form')?.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (await act(['resign', { kind: byId('resign-kind').value }])) byId('resign').open = false;
});
byId('rematch-button').addEventListener('click', async () => {
  const answer = await act(['rematch']);
  if (answer?.room_code && answer.room_code !== code) goTo(`/room/${answer.room_code}`);
  else if (answer) toast('Asked for a rematch. Waiting for the other side.');
});
for (const id of ['reset-button', 'abort-button']) {
  byId(id).addEventListener('click', async () => {
    if (await act(['reset_game'])) toast('Asked to go back to the lobby.');
  });
}
byId('leave-form').addEventListener('submit', (event) => {
  event.preventDefault();
  leaveFor(room, '/');
});
byId('flip-button').addEventListener('click', () => {
  view.flipped = !view.flipped;
  kept.write('flipped', view.flipped);
  orient();
  announce(view.flipped === false && mine ? 'Your side is below.' : `${root.dataset.bottom} is below.`);
});
byId('home-left').checked = view.homeLeft;
byId('home-left').addEventListener('change', ({ target }) => {
  view.homeLeft = target.checked;
  kept.write('home-left', view.homeLeft);
  orient();
});
if (byId('auto-end')) {
  byId('auto-end').checked = autoEnd;
  byId('auto-end').addEventListener('change', ({ target }) => {
    autoEnd = target.checked;
    kept.write('auto-end', autoEnd);
    finishByItself();
  });
}

// What it looks like --------------------------------------------------------------------------------------------------------------

const kindWord = (kind) => ({ gammon: 'gammon', backgammon: 'backgammon' })[kind] ?? 'single game';

function turnLine() {
  const { state } = now;
  if (!state) return 'Connecting…';
  if (now.ended) return 'The game is over.';
  const side = state.current_player;
  if (state.resign_offer) return state.resign_offer.by === mine ? 'Your resignation waits for an answer.' : `${name(state.resign_offer.by)} offers to resign.`;
  if (state.phase === 'doubled') return side === mine ? `You doubled. ${name(other(side))} thinks.` : `${name(side)} doubles.`;
  if (state.phase === 'rolling') return side === mine ? (state.can_double ? 'Your turn: roll or double.' : 'Your turn: roll.') : `${name(side)} is to roll.`;
  if (side !== mine) return `${name(side)} plays ${dicePhrase(state.board_state.dice)}.`;
  if ((state.legal_steps ?? []).length > 0) return `Your turn: ${dicePhrase(state.board_state.dice)}.`;
  return state.turn_moves.length > 0 ? 'All played. Finish the turn, or undo.' : `${dicePhrase(state.board_state.dice)}: nothing can be played.`;
}

function endTitle() {
  const winner = now.ended?.results?.winner ?? now.state?.last_result?.winner;
  if (!winner || now.status === 'abandoned') return 'The game is over';
  const what = now.state?.match_length > 1 ? ' the match' : '';
  return winner === mine ? `You win${what}` : `${name(winner)} wins${what}`;
}

function endText() {
  const last = now.ended?.results ?? now.state?.last_result;
  const points = last?.points ? `${last.points} ${last.points === 1 ? 'point' : 'points'}${last.kind === 'single' ? '' : ` by a ${last.kind}`}.` : '';
  return [String(now.ended?.reason ?? '').replaceAll('_', ' '), points].filter(Boolean).join(' · ');
}

function presence(side) {
  const player = now.players[side];
  if (!player) return '';
  if (player.bot) return 'bot';
  if (player.gone) return 'left';
  if (player.online !== false) return side === mine ? 'you' : 'online';
  const left = player.graceEndsAt ? secondsUntil(player.graceEndsAt) : 0;
  return left > 0 && !now.ended ? `reconnecting… ${left} s` : 'away';
}

function say(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

function show(id, visible, enabled = true) {
  byId(id).hidden = !visible;
  byId(id).disabled = !enabled;
}

function renderPresence() {
  for (const [side, where] of sides()) {
    say(`presence-${where}`, presence(side));
    const player = now.players[side];
    byId(`presence-${where}`).dataset.online = String(Boolean(player) && player.online !== false);
  }
  if (now.state) showClocks(now, sides());
}

const sides = () => {
  const near = mine ?? 'white';
  return [[near, 'near'], [other(near), 'far']];
};

/** What this player is asked, with the answers that there are: `[text, [label, command, main], …]`. */
function question() {
  const { state } = now;
  if (!mine || now.ended || !state) return null;
  const rival = name(other(mine));
  if (state.resign_offer && state.resign_offer.by !== mine) {
    return [`${rival} offers to resign a ${kindWord(state.resign_offer.kind)}.`, ['Accept', 'accept_resign', true], ['Play on', 'decline_resign']];
  }
  if (state.phase === 'doubled' && state.current_player !== mine) {
    const stake = state.board_state.doubling_cube;
    return [`${rival} doubles to ${stake * 2}. Take it, or pass and lose ${stake}?`, ['Take', 'accept_double', true], ['Pass', 'decline_double']];
  }
  if (state.undo_requested_by && state.undo_requested_by !== mine) {
    return [`${rival} asks to take the last turn back.`, ['Allow it', 'accept_undo', true], ['Refuse', 'decline_undo']];
  }
  return null;
}

function renderQuestion() {
  const asked = question();
  const key = JSON.stringify(asked);
  const place = byId('question');
  if (place.dataset.key !== key) {
    place.dataset.key = key;
    const [text = '', ...answers] = asked ?? [];
    byId('question-text').textContent = text;
    byId('question-answers').replaceChildren(...answers.map(([label, command, main]) => {
      const button = el('button', { class: `button${main ? ' primary' : ''}`, type: 'button', 'data-testid': command }, label);
      button.addEventListener('click', () => act([command]));
      return button;
    }));
  }
  const fresh = asked && place.hidden;
  place.hidden = !asked;
  if (fresh) place.scrollIntoView({ block: 'nearest' });
  for (const button of place.querySelectorAll('button')) button.disabled = !now.online || now.busy;
}

/** What Undo would do now: a move, a turn at once, or a turn if the other agrees. */
function undoWord() {
  const { state } = now;
  if (!mine || now.ended || state.resign_offer || state.phase === 'doubled') return null;
  if (state.current_player === mine) return state.phase === 'moving' && state.turn_moves.length > 0 ? 'Undo' : null;
  if (now.lastTurn !== mine) return null;
  if (state.phase === 'rolling') return 'Undo';
  return state.rules?.game_type !== 'rated' && !state.undo_requested_by ? 'Ask to take back' : null;
}

function render(shown = {}) {
  const { state } = now;
  if (!state) return;
  const side = state.current_player;
  const focused = document.activeElement;
  const onBoard = board.contains(focused);
  const acting = state.to_decide === mine && !now.ended;
  Object.assign(root.dataset, { turn: now.ended ? 'over' : side ?? '', phase: state.phase, mine: String(Boolean(mine) && acting), version: String(state.version ?? '') });
  say('turn', turnLine());
  renderPresence();
  board.show(state, { mine, active: Boolean(myMove()) && now.online && !now.busy, last: state.phase === 'moving' && now.turnMoves.length > 0 ? now.turnMoves : now.last, ...shown });
  for (const [each, where] of sides()) {
    const player = byId(`player-${where}`);
    player.dataset.side = each;
    player.classList.toggle('acting', !now.ended && state.to_decide === each);
    const label = [bdi(name(each)), el('span', { class: 'hint' }, each === mine ? ` (you, ${each})` : ` (${each})`)];
    if (byId(`name-${where}`).dataset.key !== `${name(each)}${each}`) byId(`name-${where}`).replaceChildren(...label);
    byId(`name-${where}`).dataset.key = `${name(each)}${each}`;
    say(`pips-${where}`, `${state.pips[each]} pips`);
    say(`score-${where}`, state.match_length > 1 ? `${state.score[each]} of ${state.match_length}` : '');
  }
  const cube = state.rules?.cube === false ? '' : `Cube ${state.board_state.doubling_cube}${state.board_state.cube_owner ? `, ${state.board_state.cube_owner}’s` : ''}`;
  const length = state.match_length > 1 ? `Game ${state.game_number}, to ${state.match_length}` : state.jacoby ? 'Jacoby' : '';
  say('match-tag', [length, state.crawford && 'Crawford', cube].filter(Boolean).join(' · '));
  say('position-id', state.position_id);

  renderQuestion();
  const rolling = state.phase === 'rolling' && side === mine && !now.ended && !state.resign_offer;
  show('roll-button', rolling, now.online && !now.busy);
  show('double-button', rolling && state.can_double, now.online && !now.busy);
  show('end-button', Boolean(nothingLeft()), now.online && !now.busy);
  byId('end-button').textContent = state.turn_moves?.length > 0 ? 'Finish the turn' : 'No move: pass the dice';
  const undo = undoWord();
  show('undo-button', Boolean(undo), now.online && !now.busy);
  byId('undo-button').textContent = undo ?? 'Undo';
  show('claim-button', Boolean(mine && !now.ended && state.absent?.[other(mine)]), now.online);
  if (byId('resign')) byId('resign').hidden = Boolean(now.ended) || Boolean(state.resign_offer);

  const ending = byId('ending');
  const justEnded = now.ended && ending.hidden;
  ending.hidden = !now.ended;
  say('ending-title', endTitle());
  say('ending-text', endText());
  byId('rematch-button').hidden = byId('reset-button').hidden = !mine || now.status === 'abandoned';
  byId('abort-button').hidden = !mine || Boolean(now.ended);
  keepFocus(focused, { onBoard, justEnded });
  finishSoon();
}

/** After what is being drawn, so that a turn ends by itself also when the roll came from elsewhere. */
function finishSoon() {
  if (autoEnd && nothingLeft() && !now.busy && !endTimer) finishByItself();
}

/** What had the focus may be gone: a keyboard user goes on where the next thing is to be done. */
function keepFocus(focused, { onBoard, justEnded }) {
  if (justEnded) return byId('ending-title').focus();
  if (now.busy) return;
  const lost = focused && focused !== document.body && (!focused.isConnected || focused.hidden || focused.closest('[hidden]') || focused.disabled);
  const done = onBoard && nothingLeft() && document.activeElement?.matches(':focus-visible');
  if ((!lost && !done && !now.refocus) || !now.online) return;
  now.refocus = false;
  if (nothingLeft() && !autoEnd) return byId('end-button').focus();
  if (myMove()) return board.focus();
  if (!byId('roll-button').hidden) return byId('roll-button').focus();
  if (lost) byId('turn').focus();
}

room.onStatus(({ state }) => {
  now.online = state === 'online';
  if (now.online) room.hint('ping', { timestamp: Date.now() });
  render();
});
orient();
setInterval(renderPresence, 250);
chat(room, { me: () => room.session?.player_id });
showConnection(room, { left: () => leaveFor(room, '/') });
