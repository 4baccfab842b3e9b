/**
 * The story, live. The server's state is the truth: it is taken whole on entering and after every gap; in between, events move it on.
 */
import { connect } from './parlor.js';
import { chat } from './chat.js';
import * as view from './codex-view.js';
import { announce, byId, el, goTo, leaveFor, secondsUntil, showConnection, toast } from './ui.js';

const root = byId('codex');
const { code, namespace } = root.dataset;
const room = connect({ namespace, roomCode: code });

/** What is known; `players` by seat, with online and, while away, graceEndsAt. */
const now = { state: null, status: 'in_progress', players: new Map(), seat: null, results: null, busy: false, online: false };

const mine = () => now.state?.party.find(({ seat }) => seat === now.seat) ?? null;
const nameOf = (seat) => now.state?.party.find((member) => member.seat === seat)?.character_name ?? 'Somebody';
const playing = (seat) => now.players.get(seat);

// What the server says ------------------------------------------------------------------------------------------------------------

room.on('state', ({ state, status, players, seat, results, room_code: here = code }) => {
  if (status) now.status = status;
  if (now.status === 'waiting' || now.status === 'ready') return location.replace(`/room/${here}`);
  if (here !== code) return location.replace(`/play/${here}`);
  now.state = state;
  now.seat = seat ?? room.seat ?? now.seat;
  now.results = results ?? state.results ?? now.results;
  for (const player of players ?? []) know(player);
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

function progress({ choices_submitted, total_players, all_submitted, waiting_for }) {
  Object.assign(now.state, { choices_submitted, total_players, all_submitted, waiting_for });
}

live('story_began', ({ story, party, trust }) => {
  Object.assign(now.state, { story, trust, party: party.map((member) => ({ ...member, has_chosen: false, takes_part: true })) });
});

live('new_scenario', (payload) => {
  const { scenario_id, theme, turn_number, title, text, choices, deadline } = payload;
  now.state.scenario = { scenario_id, theme, turn_number, title, text, choices, deadline };
  now.state.my_choice = null;
  for (const member of now.state.party) {
    Object.assign(member, { has_chosen: false, takes_part: member.health > 0 && member.from_turn <= turn_number });
  }
  progress(payload);
  announce(`Turn ${turn_number}: ${title}.`);
});

live('player_chose', (payload) => {
  progress(payload);
  const member = now.state.party.find(({ seat }) => seat === payload.seat);
  if (member) member.has_chosen = true;
  if (payload.my_choice) now.state.my_choice = payload.my_choice;
  if (payload.seat !== now.seat) announce(`${payload.player_name} has chosen. ${progressText()}`);
});

live('character_chosen', ({ member, open_to: open }) => {
  const { party, scenario } = now.state;
  const at = party.findIndex(({ seat }) => seat === member.seat);
  party[at] = { ...party[at], ...member };
  for (const choice of scenario?.choices ?? []) choice.open_to = open.find(([id]) => id === choice.choice_id)?.[1] ?? [];
});

live('party_joined', ({ member }) => {
  now.state.party.push({ ...member, has_chosen: false, takes_part: false });
  toast(`${member.player_name} joins the party from the next turn on.`, 'good');
});

for (const [event, here] of [['player_skipped', false], ['player_back', true]]) {
  live(event, (payload) => {
    progress(payload);
    const member = now.state.party.find(({ seat }) => seat === payload.seat);
    if (member) member.here = here;
    toast(here ? `${payload.player_name} is back in the story.` : `The story goes on without ${payload.player_name}.`);
  });
}

live('turn_resolution', ({ trust, party, seq, timestamp, ...resolution }) => {
  const { state } = now;
  state.trust = trust;
  state.party = party.map((member) => ({ ...state.party.find(({ seat }) => seat === member.seat), ...member, has_chosen: false }));
  state.history.push(resolution);
  state.scenario = null;
  announce(`${resolution.choice_text} ${resolution.text}`);
});

live('story_ended', ({ ending_id, title, text, victory }) => {
  now.state.ending = { ending_id, title, text, victory };
  now.state.scenario = null;
});

live('game_ended', ({ results, status }) => {
  now.status = status ?? 'completed';
  now.results = results ?? null;
});
live('game_reset', () => location.replace(`/room/${code}`));
room.on('game_started', (_, { replayed }) => replayed || room.sync());

function about(event, change, said) {
  room.on(event, (payload, { replayed }) => {
    if (replayed) return;
    const player = payload.player ?? payload;
    know({ ...player, ...change(payload) });
    const name = playing(player.seat)?.nickname;
    if (said && name && player.seat !== now.seat) toast(said(name));
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
room.on('error', ({ message }) => toast(message, 'bad'));
room.on('*', ({ room_code: next }, { name: event, replayed }) => {
  if (!replayed && event.startsWith('rematch') && next && next !== code) goTo(`/room/${next}`);
});

function know(player) {
  if (player.seat == null) return;
  const before = playing(player.seat);
  const after = { ...before, ...player, graceEndsAt: player.graceEndsAt ?? player.grace_ends_at ?? before?.graceEndsAt ?? null };
  if (after.online !== false) after.graceEndsAt = null;
  now.players.set(player.seat, after);
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

const choose = (choiceId) => choiceId !== now.state?.my_choice && act('make_choice', { choice_id: choiceId });

byId('character').addEventListener('submit', (event) => {
  event.preventDefault();
  const name = byId('character-name').value.trim();
  act('choose_character', { class_id: byId('character-class').value, ...(name && { name }) });
});
byId('character-class').addEventListener('change', showClass);
byId('rematch-button').addEventListener('click', async () => {
  const answer = await act('rematch', {});
  if (answer?.room_code && answer.room_code !== code) goTo(`/room/${answer.room_code}`);
  else if (answer) toast('Asked for another story. Waiting for the others.');
});
byId('leave-form').addEventListener('submit', (event) => {
  event.preventDefault();
  leaveFor(room, '/');
});

// What it looks like --------------------------------------------------------------------------------------------------------------

/** "3/4 chosen, waiting for Alice". */
function progressText() {
  const { choices_submitted: done, total_players: all, waiting_for: waiting, scenario } = now.state;
  if (!scenario) return '';
  const names = now.state.party.filter(({ player_id: id }) => waiting.includes(id)).map(({ player_name: name, seat }) => (seat === now.seat ? 'you' : name));
  return `${done}/${all} chosen${names.length > 0 ? `, waiting for ${names.join(', ')}` : ''}`;
}

function hint() {
  const me = mine();
  if (!me) return 'You are watching: what everybody chose is told when all have.';
  if (me.health === 0) return 'Your character has fallen. You see how it goes on.';
  if (!me.takes_part) return 'You came in the middle of a turn: you choose from the next one on.';
  if (now.state.my_choice) return 'Chosen, and nobody else knows. You may change your mind until all have chosen.';
  return 'Choose. Nobody sees it before all have.';
}

/** Changes a text only when it differs, so that a screen reader is not told again. */
function say(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text;
}

/** Draws a part again only when what it shows has changed: focus stays. */
function redraw(id, shows, draw) {
  const key = JSON.stringify(shows);
  if (byId(id).dataset.key === key) return;
  byId(id).dataset.key = key;
  const focused = byId(id).contains(document.activeElement) ? document.activeElement.dataset.testid : null;
  byId(id).replaceChildren(...draw());
  if (focused) byId(id).querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
}

function render() {
  const { state } = now;
  if (!state) return;
  const { scenario, history, ending } = state;
  renderScene(scenario);
  renderBefore(history.at(-1), state.story);
  renderParty();
  renderCharacter();

  const over = Boolean(ending) || now.status === 'completed' || now.status === 'abandoned';
  byId('scene').hidden = over;
  const justEnded = over && byId('ending').hidden;
  byId('ending').hidden = !over;
  if (over) {
    say('ending-title', ending?.title ?? 'The story was left');
    redraw('ending-text', ending?.text, () => view.prose(ending?.text ?? 'Everybody left before it was over.'));
    redraw('recap', history, () => history.map(view.turn));
    byId('rematch-button').hidden = now.seat == null || now.status !== 'completed';
    if (justEnded) byId('ending-title').focus();
  }
  byId('history-panel').hidden = over || history.length < 2;
  redraw('history', history, () => history.slice(0, -1).map(view.turn));
  say('history-title', `Earlier turns (${Math.max(0, history.length - 1)})`);
}

function renderScene(scenario) {
  if (!scenario) return;
  const me = mine();
  say('scene-theme', `Turn ${scenario.turn_number} · ${scenario.theme}`);
  say('scene-title', scenario.title);
  redraw('scene-text', scenario.text, () => view.prose(scenario.text));
  say('scene-hint', hint());
  const enabled = Boolean(me?.takes_part) && now.online;
  redraw('choices', [scenario.choices, now.state.my_choice, me?.talents, enabled], () => view.choices(scenario, {
    seat: me?.takes_part ? now.seat : null, chosen: now.state.my_choice, talents: me?.talents, choose, enabled,
  }));
  say('progress-text', progressText());
  byId('progress').max = Math.max(1, now.state.total_players);
  byId('progress').value = now.state.choices_submitted;
}

/** What came of the last turn, or, before the first, how it begins. */
function renderBefore(last, story) {
  const box = byId('before');
  box.hidden = !last && !story;
  if (box.hidden) return;
  box.className = `panel before ${last ? (last.success ? 'worked' : 'failed') : ''}`;
  say('before-eyebrow', last ? `Turn ${last.turn_number}: ${last.title}` : 'It begins');
  say('before-title', last ? last.choice_text : story.title);
  redraw('before-text', [last?.turn_number, last?.text], () => view.prose(last ? last.text : story.intro));
  redraw('before-changes', [last?.turn_number], () => (last ? view.changes(last, nameOf) : []));
  say('before-votes', last ? view.votes(last) : '');
}

function renderParty() {
  say('trust', `Trust ${now.state.trust}`);
  const shown = now.state.party.map((member) => {
    const player = playing(member.seat);
    const online = player ? player.online !== false : member.here;
    return [member, { online, graceLeft: !online && player?.graceEndsAt ? secondsUntil(player.graceEndsAt) : 0, me: member.seat === now.seat, bot: Boolean(player?.bot) }];
  });
  redraw('party', shown, () => shown.map(([member, how]) => view.member(member, how)));
}

function renderCharacter() {
  const me = mine();
  const { story, scenario, my_choice: chosen } = now.state;
  const may = Boolean(me && story && scenario && !chosen && me.from_turn >= scenario.turn_number);
  byId('character').hidden = !may;
  if (!may) return;
  redraw('character-class', [story.story_id, me.class_id], () => story.classes.map(({ class_id: id, name }) =>
    el('option', { value: id, selected: id === me.class_id }, name)));
  byId('character-name').placeholder = me.character_name;
  showClass();
}

function showClass() {
  const chosen = now.state?.story?.classes.find(({ class_id: id }) => id === byId('character-class').value);
  if (!chosen) return;
  const talents = Object.entries(chosen.talents).filter(([, value]) => value > 0).map(([name, value]) => `${name} ${value}`);
  say('character-about', `${chosen.about} Health ${chosen.health}; ${talents.join(', ')}.`);
}

/** What a clock moves. */
function tick() {
  if (!now.state) return;
  const deadline = now.state.scenario?.deadline;
  const left = deadline ? secondsUntil(deadline) : null;
  say('deadline', left === null ? '' : `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')} left`);
  renderParty();
}

room.onStatus(({ state }) => {
  now.online = state === 'online';
  render();
});
setInterval(tick, 500);
chat(room, { me: () => room.session?.player_id });
showConnection(room, { left: () => leaveFor(room, '/') });
