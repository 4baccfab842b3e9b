/**
 * The draft, live. The server's state is the truth: it is taken whole on entering and after every gap; in between, events move it on.
 */
import { connect } from './parlor.js';
import { chat } from './chat.js';
import * as view from './draft-view.js';
import { announce, bdi, byId, goTo, leaveFor, secondsUntil, showConnection, toast } from './ui.js';

const root = byId('draft');
const { code, namespace, role: mine } = root.dataset;
const playing = mine === 'host' || mine === 'guest';
const near = mine === 'guest' ? 'guest' : 'host';
const far = other(near);
const room = connect({ namespace, roomCode: code });
/** Every character drawn so far, by id: whoever is placed was drawn. */
const characters = new Map();

/** What is known; `players` by side, each with nickname, online and, while away, graceEndsAt. */
const now = { state: null, status: 'in_progress', players: {}, ended: null, busy: false, fresh: null, online: false };

function other(side) {
  return side === 'host' ? 'guest' : 'host';
}

function sideOf({ player_role: role, seat, is_host: isHost }) {
  if (role === 'host' || role === 'guest') return role;
  if (seat === 0 || isHost) return 'host';
  return seat === 1 ? 'guest' : null;
}

const character = (id) => (id === undefined ? null : characters.get(id) ?? { id, name: `Character ${id}`, ratings: {} });
const roles = () => now.state?.template?.roles ?? [];
const placements = (side) => now.state?.[`${side}_placements`] ?? {};
const free = (side) => roles().filter((role) => placements(side)[role] === undefined);
const inHand = () => now.state?.drawn_character ?? null;
const myTurn = () => playing && !now.ended && now.state?.current_turn === mine;
const name = (side) => now.players[side]?.nickname ?? (side === 'host' ? 'Host' : 'Guest');

// What the server says ------------------------------------------------------------------------------------------------------------

room.on('state', ({ state, status, players, results, room_code: here = code }) => {
  if (status) now.status = status;
  // Back in the lobby, or in that of a rematch.
  if (now.status === 'waiting' || now.status === 'ready') return location.replace(`/room/${here}`);
  if (here !== code) return location.replace(`/play/${here}`);
  now.state = state;
  for (const drawn of state.drawn_characters) characters.set(drawn.id, drawn);
  for (const player of players ?? []) know(player);
  const over = now.status === 'completed' || now.status === 'abandoned' || state.is_over;
  now.ended = over ? { reason: now.ended?.reason ?? '', results: results ?? now.ended?.results ?? null } : null;
  now.fresh = null;
  now.busy = false;
  root.setAttribute('aria-busy', 'false');
  render();
});

/** An event that is not in the state yet. */
function live(event, handler) {
  room.on(event, (payload, { replayed }) => {
    if (replayed || !now.state) return;
    handler(payload);
    render();
  });
}

live('character_drawn', ({ character: drawn, player_role: side }) => {
  const { state } = now;
  characters.set(drawn.id, drawn);
  state.drawn_character = drawn;
  state.remaining_count -= 1;
  now.fresh = null;
  announce(`${side === mine ? 'You drew' : `${name(side)} drew`} ${drawn.name}.`);
});

live('character_placed', (payload) => {
  const { state } = now;
  const { character_id: id, role_name: role, player_role: side } = payload;
  state[`${side}_placements`] = { ...placements(side), [role]: id };
  state.drawn_character = null;
  state.current_turn = free(other(side)).length > 0 ? other(side) : side;
  now.fresh = { side, role };
  announce(`${side === mine ? 'You placed' : `${name(side)} placed`} ${character(id).name} as ${role}. ${turnText()}`);
});

live('draft_began', ({ current_turn: side }) => { now.state.current_turn = side; });
live('player_forfeited', ({ player_role: side }) => announce(`${name(side)} is out.`));

live('game_ended', ({ reason, results, status }) => {
  now.status = status ?? 'completed';
  now.ended = { reason, results: results ?? null };
  announce(`${endTitle()}. ${endText()}`);
});

live('game_reset', () => location.replace(`/room/${code}`));
room.on('game_started', (_, { replayed }) => replayed || room.sync());

room.on('player_joined', ({ player }, { replayed }) => player && seen(player, { online: true }, replayed));
room.on('player_left', ({ player }, { replayed }) => {
  if (!player) return;
  seen(player, { online: false, graceEndsAt: null, gone: true }, replayed);
  if (!replayed) toast(`${player.nickname ?? 'The opponent'} left.`);
});
room.on('player_disconnected', (payload, { replayed }) => {
  seen(payload, { online: false, graceEndsAt: payload.grace_ends_at }, replayed);
  if (!replayed && sideOf(payload) === far) announce(`${name(far)} lost the connection.`);
});
room.on('player_reconnected', (payload, { replayed }) => {
  seen(payload, { online: true, graceEndsAt: null }, replayed);
  if (!replayed && sideOf(payload) === far) toast(`${name(far)} is back.`, 'good');
});
room.on('presence_update', ({ players }) => {
  for (const player of players ?? []) know(player);
  render();
});
room.on('error', ({ message }) => toast(message, 'bad'));
// Everybody asked for another game: it has a room of its own.
room.on('*', ({ room_code: next, new_room_code: fresh = next }, { name: event, replayed }) => {
  if (!replayed && event.startsWith('rematch') && fresh && fresh !== code) goTo(`/room/${fresh}`);
});

/** Takes over what is said about a player; replayed events are older than what the state said. */
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

/** Sends a command once, says why if it is refused, and takes the whole state then. */
async function act(event, payload) {
  if (now.busy || !now.online) return null;
  now.busy = true;
  render();
  try {
    return await room.send(event, payload);
  } catch (refusal) {
    toast(refusal.message, 'bad');
    room.sync();
    return null;
  } finally {
    now.busy = false;
    render();
  }
}

const place = (role) => act('place_character', { character_id: inHand()?.id, role_name: role });
byId('draw-button').addEventListener('click', () => act('draw_character', {}));
byId('rematch-button').addEventListener('click', async () => {
  const answer = await act('rematch', {});
  if (answer?.room_code && answer.room_code !== code) goTo(`/room/${answer.room_code}`);
  else if (answer) toast('Asked for a rematch. Waiting for the other side.');
});
for (const id of ['reset-button', 'abort-button']) {
  byId(id).addEventListener('click', async () => {
    if (await act('reset_game', {})) toast('Asked to go back to the lobby.');
  });
}
byId('leave-form').addEventListener('submit', (event) => {
  event.preventDefault();
  leaveFor(room, '/');
});

// What it looks like --------------------------------------------------------------------------------------------------------------

function turnText() {
  if (!now.state) return 'Connecting…';
  if (now.ended) return 'The draft is over.';
  const side = now.state.current_turn;
  const hand = now.state.drawn_character != null;
  if (side === mine) return hand ? 'Your turn: choose a role.' : 'Your turn: draw a character.';
  return hand ? `${name(side)} is choosing a role.` : `${name(side)} draws next.`;
}

function endTitle() {
  const winner = now.ended?.results?.winner;
  if (winner === 'draw') return 'A draw';
  if (winner !== 'host' && winner !== 'guest') return 'The draft is over';
  return winner === mine ? 'You win' : `${name(winner)} wins`;
}

function endText() {
  const { results, reason } = now.ended ?? {};
  const points = results?.host?.total === undefined ? '' : `${results.host.total} to ${results.guest?.total}.`;
  return [String(reason ?? '').replaceAll('_', ' '), points].filter(Boolean).join(' · ');
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

/** Changes a text only when it differs, so that a screen reader is not told again. */
function say(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

/** Draws a part again only when what it shows has changed: focus, animations and pictures stay. */
function redraw(id, shows, draw) {
  const key = JSON.stringify(shows);
  if (byId(id).dataset.key === key) return;
  byId(id).dataset.key = key;
  byId(id).replaceChildren(...draw());
}

function renderPresence() {
  for (const [side, where] of [[near, 'near'], [far, 'far']]) {
    say(`presence-${where}`, presence(side));
    const player = now.players[side];
    byId(`presence-${where}`).dataset.online = String(Boolean(player) && player.online !== false);
  }
}

function render() {
  if (!now.state) return;
  const hand = inHand();
  const drawer = now.state.current_turn;
  root.dataset.turn = now.ended ? 'over' : drawer;
  root.dataset.mine = String(myTurn());
  say('turn', turnText());
  renderPresence();

  const focused = document.activeElement?.dataset?.testid;
  redraw('card', [hand?.id, drawer, free(drawer), Boolean(now.ended)], () => [hand && !now.ended
    ? view.card(hand, roles(), free(drawer))
    : view.cardBack(myTurn() ? 'Draw when you are ready.' : `${name(drawer)} draws next.`)]);
  const draw = byId('draw-button');
  draw.hidden = !myTurn() || Boolean(hand);
  draw.disabled = !now.online;
  byId('remaining').hidden = false;
  say('remaining', `${now.state.remaining_count} left in the pot`);

  for (const [side, where] of [[near, 'near'], [far, 'far']]) {
    byId(`name-${where}`).replaceChildren(bdi(name(side)), side === mine ? ' (you)' : '');
    byId(`board-${where}`).classList.toggle('acting', !now.ended && drawer === side);
    const held = side === mine && myTurn() && now.online ? hand : null;
    const fresh = now.fresh?.side === side ? now.fresh.role : null;
    redraw(`slots-${where}`, [placements(side), held?.id, fresh], () => view.slots(roles(), {
      placed: (role) => character(placements(side)[role]), hand: held, place, fresh, testid: `slot-${side}`,
    }));
  }

  const ending = byId('ending');
  const justEnded = now.ended && ending.hidden;
  ending.hidden = !now.ended;
  byId('ending-title').textContent = endTitle();
  byId('ending-text').textContent = endText();
  byId('rematch-button').hidden = byId('reset-button').hidden = !playing || now.status === 'abandoned';
  byId('abort-button').hidden = !playing || Boolean(now.ended);
  keepFocus(focused, justEnded);
}

/** What had the focus may be gone: a keyboard user must not be sent back to the top of the page. */
function keepFocus(testid, justEnded) {
  if (justEnded) return byId('ending-title').focus();
  if (!testid || document.activeElement?.dataset?.testid === testid) return;
  const same = document.querySelector(`[data-testid="${CSS.escape(testid)}"]`);
  const next = [same, root.querySelector('.slot-button'), byId('draw-button'), byId('turn')].find((place) => place && !place.hidden && !place.disabled);
  if (testid === 'draw' || testid.startsWith('place-')) next?.focus();
}

room.onStatus(({ state }) => {
  now.online = state === 'online';
  render();
});
setInterval(renderPresence, 250);
chat(room, { me: () => room.session?.player_id });
showConnection(room, { left: () => leaveFor(room, '/') });
