/**
 * The table as it is known: a whole state from the server, moved on by events. Pure: nothing here touches the page.
 *
 *     if (!take(state, 'token_moved', payload)) room.sync();
 */

/** Kept of each list, as the server does. */
const KEPT = { chat: 50, rolls: 50, whispers: 50, narrations: 30, actions: 30, images: 30 };
/** Where an event is kept that people react to. */
const SAID = { chat_message: 'chat', dice_roll: 'rolls', whisper: 'whispers', dm_narration: 'narrations', player_action: 'actions', image_shared: 'images' };

const put = (list, key, value) => {
  const at = list.findIndex((one) => one[key] === value[key]);
  if (at < 0) list.push(value);
  else list[at] = { ...list[at], ...value };
};
const drop = (list, key, id) => {
  const at = list.findIndex((one) => one[key] === id);
  if (at >= 0) list.splice(at, 1);
};
const combatant = (state, id) => state.combat.combatants.find((one) => one.combatant_id === id);

function turns(state, turn) {
  if (turn === undefined) return;
  state.turn = turn;
  if (turn?.round) state.combat.round = turn.round;
}

/** Takes a combatant's place in the order: by initiative, then by bonus, then by who came first; without an initiative last. */
function ranked(state, { combatant: one, turn }) {
  const { combatants } = state.combat;
  put(combatants, 'combatant_id', one);
  const rank = ({ initiative }) => initiative ?? -Infinity;
  const better = (a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a));
  combatants.sort((a, b) => better(a, b) || (b.bonus ?? 0) - (a.bonus ?? 0) || a.combatant_id - b.combatant_id);
  turns(state, turn);
}

/** Effects that ended, whoever had them. */
function ends(state, ended) {
  for (const effect of ended ?? []) {
    for (const one of state.combat.combatants) drop(one.effects, 'effect_id', effect.effect_id);
  }
}

const RULES = {
  reaction(state, { player, to, emoji, on }) {
    for (const list of Object.values(SAID)) {
      const entry = state[list].find(({ seq }) => seq === to);
      if (!entry) continue;
      entry.reactions ??= {};
      const seats = (entry.reactions[emoji] ?? []).filter((seat) => seat !== player.seat);
      if (on) seats.push(player.seat);
      if (seats.length > 0) entry.reactions[emoji] = seats;
      else delete entry.reactions[emoji];
    }
  },
  read_receipt(state, { seat, read }) {
    const player = state.players.find((one) => one.seat === seat);
    if (player) player.read = Math.max(player.read ?? 0, read);
  },
  table_joined: (state, { player }) => put(state.players, 'seat', { here: true, read: 0, ...player }),
  table_away: (state, { player }) => put(state.players, 'seat', { ...player, here: false }),
  table_back: (state, { player }) => put(state.players, 'seat', { ...player, here: true }),

  combat_update(state, { combat, turn }) {
    state.combat = combat;
    state.turn = turn;
  },
  turn_change(state, { turn, effects }) {
    turns(state, turn);
    for (const { combatant_id: id, effect_id: effect, rounds_left: left } of effects ?? []) {
      const laid = combatant(state, id)?.effects.find((one) => one.effect_id === effect);
      if (left === 0) ends(state, [{ effect_id: effect }]);
      else if (laid) laid.rounds_left = left;
    }
    for (const token of state.tokens) if (token.combatant_id == null || token.combatant_id === turn?.combatant_id) token.moved = 0;
  },
  combatant_added: (state, payload) => ranked(state, payload),
  combatant_updated: (state, payload) => ranked(state, payload),
  combatant_removed(state, { combatant_id: id, turn }) {
    drop(state.combat.combatants, 'combatant_id', id);
    turns(state, turn);
  },
  initiative_rolled: (state, payload) => ranked(state, payload),
  hp_changed(state, { combatant_id: id, hp, hp_max, state: shape, ended }) {
    const one = combatant(state, id);
    if (!one) return false;
    Object.assign(one, { state: shape }, hp != null && { hp }, hp_max != null && { hp_max });
    ends(state, ended);
  },
  effect_added(state, { combatant_id: id, effect, ended }) {
    const one = combatant(state, id);
    if (!one) return false;
    ends(state, ended);
    put(one.effects, 'effect_id', effect);
  },
  effect_removed: (state, { effect_id }) => ends(state, [{ effect_id }]),

  map_changed: (state, { map, fog, tokens }) => void Object.assign(state, { map, fog, tokens }),
  fog_changed(state, { enabled, clear, areas, background, appeared, gone }) {
    const { fog, map } = state;
    if (enabled != null) fog.enabled = enabled;
    if (clear) fog.areas = [];
    fog.areas.push(...(areas ?? []));
    if (map && background !== undefined) map.background = background;
    const master = state.my_role === 'dm' || state.my_role === 'co_dm';
    for (const id of gone ?? []) {
      const token = state.tokens.find((one) => one.token_id === id);
      if (master && token) token.seen = false;
      else drop(state.tokens, 'token_id', id);
    }
    for (const token of appeared ?? []) put(state.tokens, 'token_id', token);
  },
  token_added: (state, { token }) => put(state.tokens, 'token_id', token),
  token_updated: (state, { token }) => put(state.tokens, 'token_id', token),
  token_removed: (state, { token_id: id }) => drop(state.tokens, 'token_id', id),
  token_moved(state, { token_id: id, x, y, moved }) {
    const token = state.tokens.find((one) => one.token_id === id);
    if (!token) return false;
    Object.assign(token, { x, y }, moved != null && { moved });
  },

  sheet_updated(state, { seat, name, stats, inventory, notes }) {
    let sheet = state.sheets.find((one) => one.seat === seat);
    if (!sheet) state.sheets.push((sheet = { seat, name: '', stats: {}, inventory: {}, notes: '' }));
    if (name !== undefined) {
      sheet.name = name;
      const player = state.players.find((one) => one.seat === seat);
      if (player) player.character_name = name || null;
    }
    if (notes !== undefined) sheet.notes = notes;
    for (const [part, changes] of [['stats', stats], ['inventory', inventory]]) {
      for (const [key, value] of Object.entries(changes ?? {})) {
        sheet[part] ??= {};
        if (value === null || (part === 'inventory' && value === 0)) delete sheet[part][key];
        else sheet[part][key] = value;
      }
    }
  },
  poll_opened: (state, { poll }) => put(state.polls, 'poll_id', poll),
  poll_closed: (state, { poll }) => put(state.polls, 'poll_id', poll),
  poll_voted(state, { player, poll_id: id, choices, counts, voted }) {
    const poll = state.polls.find((one) => one.poll_id === id);
    if (!poll) return false;
    Object.assign(poll, { voted }, counts && { counts });
    if (choices && player.seat === state.my_seat) poll.my_choices = choices;
    if (choices && poll.votes) {
      poll.votes = poll.votes.filter(({ seat }) => seat !== player.seat);
      if (choices.length > 0) poll.votes.push({ seat: player.seat, choices });
    }
  },
  // Another DM sees other things, and so does everybody under other settings.
  settings_changed: () => false,
  dm_changed: () => false,
  session_began: () => false,
  session_ended: () => false,
};

/** The events that a state is moved on by. */
export const EVENTS = [...Object.keys(SAID), ...Object.keys(RULES)];

/** Moves `state` on by an event. `false`: it cannot be told what it is now, and the whole state should be asked for. */
export function take(state, event, payload) {
  const list = SAID[event];
  if (list) {
    state[list].push({ reactions: {}, ...payload });
    state[list].splice(0, state[list].length - KEPT[list]);
    return true;
  }
  return RULES[event] ? RULES[event](state, payload) !== false : true;
}

/** All that was said and rolled, by age, each with its `kind`: the event's name. */
export function said(state) {
  const all = Object.entries(SAID).flatMap(([kind, list]) => state[list].map((entry) => ({ kind, ...entry })));
  return all.sort((a, b) => a.seq - b.seq);
}

/** How far it is from one cell to another, in units: a diagonal step is one cell, or one and two in turn. */
export function distance(from, to, { cell, diagonals }) {
  const [dx, dy] = [Math.abs(to.x - from.x), Math.abs(to.y - from.y)];
  const diagonal = Math.min(dx, dy);
  const extra = diagonals === 'alternate' ? Math.floor(diagonal / 2) : 0;
  return (Math.max(dx, dy) + extra) * cell;
}

/** Whether each cell is covered, row by row. */
export function covered({ width, height }, { enabled, areas }) {
  const rows = Array.from({ length: height }, () => new Array(width).fill(Boolean(enabled)));
  for (const { x, y, w, h, revealed } of enabled ? areas : []) {
    for (let row = Math.max(0, y); row < Math.min(height, y + h); row += 1) rows[row].fill(!revealed, Math.max(0, x), Math.min(width, x + w));
  }
  return rows;
}
