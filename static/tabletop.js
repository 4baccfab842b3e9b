/**
 * The table, live. The server's state is the truth: it is taken whole on entering and after every gap; in between, events move it on
 * (tabletop-state.js). Each panel draws its part: talk, map, order, people and sheets and polls, the DM's forms.
 */
import { connect } from './parlor.js';
import { announce, byId, goTo, leaveFor, showConnection, toast } from './ui.js';
import { EVENTS, take } from './tabletop-state.js';
import { spoken } from './tabletop-roll.js';
import { talk } from './tabletop-talk.js';
import { map } from './tabletop-map.js';
import { order } from './tabletop-order.js';
import { side } from './tabletop-side.js';
import { dm } from './tabletop-dm.js';

/** The largest image that the server takes, in bytes. */
const IMAGE_MAX = 5 * 1024 * 1024;
const TABS = ['talk', 'map', 'order', 'people', 'sheet', 'polls', 'dm'];
/** Beside these there is room for one more, where the screen is wide. */
const ALWAYS = ['talk', 'map'];

const root = byId('tabletop');
const { code, namespace } = root.dataset;
const room = connect({ namespace, roomCode: code });
const wide = matchMedia('(min-width: 64rem)');

/** What is known; `players` by seat, with online and, while away, graceEndsAt. */
const now = { state: null, status: 'in_progress', players: new Map(), seat: null, online: false, tab: 'talk', unseen: new Set() };

/** What the panels know of the table, and may do. */
const table = {
  code,
  state: () => now.state,
  seat: () => now.seat,
  isDm: () => now.seat != null && (now.state?.dm === now.seat || Boolean(now.state?.co_dms.includes(now.seat))),
  over: () => now.status === 'completed' || now.status === 'abandoned',
  online: () => now.online,
  visible: () => document.visibilityState === 'visible' && !byId('panel-talk').hidden,
  presence: (seat) => now.players.get(seat),
  act,
  upload,
};

const panels = { talk: talk(room, table), map: map(table), order: order(table), side: side(table), dm: dm(table) };

// What the server says ------------------------------------------------------------------------------------------------------------

room.on('state', ({ state, status, players, seat, room_code: here = code }) => {
  if (status) now.status = status;
  if (now.status === 'waiting' || now.status === 'ready') return location.replace(`/room/${here}`);
  if (here !== code) return location.replace(`/play/${here}`);
  now.state = state;
  now.seat = state.my_seat ?? seat ?? room.seat ?? now.seat;
  for (const player of players ?? []) know(player);
  root.setAttribute('aria-busy', 'false');
  render();
});

for (const event of EVENTS) {
  room.on(event, (payload, { replayed }) => {
    if (replayed || !now.state) return;
    if (!take(now.state, event, payload)) room.sync();
    tell(event, payload);
    render();
  });
}

/** What is told aloud or on a tab, beside being shown. */
function tell(event, payload) {
  const name = payload.player?.nickname;
  const own = payload.player?.seat === now.seat;
  const about = (tab, words) => {
    if (own) return;
    if (byId(`panel-${tab}`).hidden) mark(tab);
    if (words) toast(words);
  };
  switch (event) {
    case 'dice_roll': if (own) announce(spoken(payload, 'You')); return about('talk');
    case 'initiative_rolled': return toast(`${payload.combatant.name}: initiative ${payload.result}.`, 'good');
    case 'poll_opened': return about('polls', `${name} asks: ${payload.poll.question}`);
    case 'poll_closed': return about('polls');
    case 'map_changed': case 'token_added': case 'token_moved': return about('map');
    case 'combat_update': return about('order', payload.combat.active !== undefined && `Combat ${payload.combat.active ? 'is on' : 'is over'}.`);
    case 'turn_change': {
      const { turn } = payload;
      if (turn?.owner != null && turn.owner === now.seat) toast('It is your turn.', 'good');
      else announce(turn ? `${turn.current_character_name}’s turn.` : 'Nobody’s turn.');
      return about('order');
    }
    case 'table_joined': return toast(`${name} sits down at the table.`, 'good');
    case 'dm_changed': return toast('Who leads the table has changed.');
    case 'hp_changed': return payload.concentration_dc && table.isDm() ? toast(`Concentration: at least ${payload.concentration_dc}.`) : undefined;
    default: return ['chat_message', 'whisper', 'dm_narration', 'player_action', 'image_shared'].includes(event) ? about('talk') : undefined;
  }
}

room.on('game_ended', (_, { replayed }) => {
  if (replayed) return;
  now.status = 'completed';
  room.sync();
});
room.on('game_reset', (_, { replayed }) => replayed || location.replace(`/room/${code}`));
room.on('error', ({ message }) => toast(message, 'bad'));
room.on('*', ({ room_code: next }, { name: event, replayed }) => {
  if (!replayed && event.startsWith('rematch') && next && next !== code) goTo(`/room/${next}`);
});

function about(event, change, words) {
  room.on(event, (payload, { replayed }) => {
    if (replayed) return;
    const player = payload.player ?? payload;
    know({ ...player, ...change(payload) });
    const name = now.players.get(player.seat)?.nickname;
    if (words && name && player.seat !== now.seat) toast(words(name));
    render();
  });
}
about('player_joined', () => ({ online: true }));
about('player_left', () => ({ online: false, graceEndsAt: null }), (name) => `${name} left.`);
about('player_disconnected', ({ grace_ends_at: graceEndsAt }) => ({ online: false, graceEndsAt }), (name) => `${name} lost the connection.`);
about('player_reconnected', () => ({ online: true, graceEndsAt: null }), (name) => `${name} reconnected.`);
room.on('presence_update', ({ players }) => {
  for (const player of players ?? []) know(player);
  render();
});

function know(player) {
  if (player.seat == null) return;
  const before = now.players.get(player.seat);
  const after = { ...before, ...player, graceEndsAt: player.graceEndsAt ?? player.grace_ends_at ?? before?.graceEndsAt ?? null };
  if (after.online !== false) after.graceEndsAt = null;
  now.players.set(player.seat, after);
}

// What the user does --------------------------------------------------------------------------------------------------------------

/** Sends a command and says why if it is refused; resolves with the answer, or null. */
async function act(event, payload) {
  try {
    return await room.send(event, payload);
  } catch (refusal) {
    if (refusal.code !== 'GONE') toast(refusal.message, 'bad');
    return null;
  }
}

/** Hands an image to the server; resolves with what is kept, or null. */
async function upload(file) {
  if (file.size > IMAGE_MAX) {
    toast('An image has at most 5 MB.', 'bad');
    return null;
  }
  try {
    const answer = await fetch(`/api/rooms/${code}/images`, { method: 'POST', headers: { 'Content-Type': file.type || 'image/png' }, body: file });
    const kept = await answer.json();
    if (answer.ok) return kept;
    toast(kept.error?.message ?? 'The image was not taken.', 'bad');
  } catch {
    toast('The image did not get through.', 'bad');
  }
  return null;
}

byId('leave-form').addEventListener('submit', (event) => {
  event.preventDefault();
  leaveFor(room, '/');
});

// Tabs ----------------------------------------------------------------------------------------------------------------------------

const usable = () => TABS.filter((tab) => (tab !== 'dm' || (table.isDm() && !table.over())) && !(wide.matches && ALWAYS.includes(tab)));

function choose(tab, focus = false) {
  now.tab = tab;
  showTabs();
  if (focus) byId(`tab-${tab}`).focus();
  render();
}

function showTabs() {
  const there = usable();
  if (!there.includes(now.tab)) now.tab = wide.matches ? 'order' : 'talk';
  for (const tab of TABS) {
    const selected = tab === now.tab;
    const shown = selected || (wide.matches && ALWAYS.includes(tab));
    const button = byId(`tab-${tab}`);
    button.hidden = !there.includes(tab);
    button.setAttribute('aria-selected', String(selected));
    button.tabIndex = selected ? 0 : -1;
    byId(`panel-${tab}`).hidden = !shown;
    if (shown) now.unseen.delete(tab);
    const badge = button.querySelector('.badge');
    badge.hidden = !now.unseen.has(tab);
    badge.textContent = now.unseen.has(tab) ? ' new' : '';
  }
}

function mark(tab) {
  now.unseen.add(tab);
  showTabs();
}

byId('tabs').addEventListener('click', ({ target }) => {
  const tab = target.closest('[role=tab]');
  if (tab) choose(tab.id.slice('tab-'.length));
});
byId('tabs').addEventListener('keydown', (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const there = usable();
  if (!step && event.key !== 'Home' && event.key !== 'End') return;
  event.preventDefault();
  const at = there.indexOf(now.tab);
  choose(there.at(event.key === 'Home' ? 0 : event.key === 'End' ? -1 : (at + step + there.length) % there.length), true);
});
wide.addEventListener('change', () => { showTabs(); render(); });

// What it looks like --------------------------------------------------------------------------------------------------------------

function turnLine() {
  const { turn, combat } = now.state;
  if (!turn) return combat.active ? `Round ${combat.round}` : '';
  const whose = turn.owner != null && turn.owner === now.seat ? 'Your turn' : `${turn.current_character_name}’s turn`;
  return `${turn.round ? `Round ${turn.round} · ` : ''}${whose}`;
}

function say(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

function render() {
  if (!now.state) return;
  say('table-title', now.state.settings.title || 'The table');
  say('table-turn', turnLine());
  byId('over').hidden = !table.over();
  root.dataset.role = table.isDm() ? 'dm' : now.seat == null ? 'spectator' : 'player';
  showTabs();
  for (const panel of Object.values(panels)) panel.render();
}

room.onStatus(({ state }) => {
  now.online = state === 'online';
  root.classList.toggle('away', !now.online && state !== 'connecting');
});
// Seconds until somebody's time to come back is over.
setInterval(() => now.state && [...now.players.values()].some(({ graceEndsAt }) => graceEndsAt) && panels.side.render(), 500);
showConnection(room, { left: () => leaveFor(room, '/') });
showTabs();
