// What has to be true afterwards, whatever happened. Each check gives what is wrong, in words.

/** Asking the log in turns takes two seconds where Redis was away; a busy machine more. */
const AGREED_WITHIN = 10_000;

/** All that is wrong after `matches` were played in `world`, of whose commands `acked` were answered; `{ wrong, lives }`, the latter what the matches went through in which something is. */
export async function violations(world, matches, acked) {
  const rooms = new Map(world.rows("SELECT code, id, status, wake_at FROM rooms").map((room) => [room.code, room]));
  const logs = new Map();
  const sql = "SELECT rooms.code, seq, encode(player_id, 'hex') AS player, events.command_id FROM events JOIN rooms ON rooms.id = room_id ORDER BY rooms.id, seq";
  for (const row of world.rows(sql)) logs.set(row.code, [...(logs.get(row.code) ?? []), row]);
  const wrong = [...gapless(logs), ...once(logs, rooms, acked)];
  const lives = [];
  wrong.push(...(await overdue(world)));
  for (const match of matches) wrong.push(...(await alike(world, match, lives)));
  return { wrong, lives };
}

/** Deadlines whose time has come fire: soon after all is well again none is left over. */
async function overdue(world) {
  for (const end = Date.now() + AGREED_WITHIN; ; await new Promise((resolve) => setTimeout(resolve, 500))) {
    const late = world.rows(`SELECT code, wake_at FROM rooms WHERE wake_at < ${Date.now() - 2_000}`);
    if (late.length === 0) return [];
    if (Date.now() > end) return late.map(({ code, wake_at }) => `a deadline of room ${code} did not fire: ${new Date(wake_at).toISOString()}`);
  }
}

function* gapless(logs) {
  for (const [code, rows] of logs) {
    if (rows.some(({ seq }, i) => seq !== i + 1)) yield `the log of room ${code} has gaps: ${rows.map(({ seq }) => seq).join()}`;
  }
}

/** Every acked command is in the log once, where the answer said. */
function* once(logs, rooms, acked) {
  for (const { code, player, event, commandId, seq } of acked) {
    if (event === "create_room" || event === "join_room") {
      if (!rooms.has(code)) yield `room ${code} was made, and is not there`;
      continue;
    }
    if (event === "request_sync") continue;
    const found = (logs.get(code) ?? []).filter((row) => row.command_id === commandId && row.player === player.replaceAll("-", ""));
    if (found.length !== 1) yield `"${commandId}" of ${player} in room ${code} was acked as event ${seq}, and is in the log ${found.length} times`;
    else if (found[0].seq !== seq) yield `"${commandId}" of ${player} in room ${code} was acked as event ${seq}, and is event ${found[0].seq}`;
  }
}

async function alike(world, { name, code, game, players, deserted }, lives) {
  const wrong = [];
  const say = (what) => wrong.push(`${name}, room ${code}: ${what}`);
  const ask = async (node, path, token) => {
    const response = await fetch(`${node.server.url}${path}`, { headers: { Authorization: `Bearer ${token}` } });
    const body = await response.json();
    if (!response.ok) say(`${path} was answered ${response.status} ${JSON.stringify(body).slice(0, 200)}`);
    return body;
  };
  const log = [];
  for (;;) {
    const { events = [] } = await ask(world.nodes[0], `/api/rooms/${code}/events?after=${log.length}`, players[0].token);
    if (events.length === 0) break;
    log.push(...events);
  }
  for (const player of players) {
    for (const what of player.wrong) say(`${player.name}: ${what}`);
    for (const [seq, told] of player.told) {
      const [event, data] = JSON.parse(told);
      const row = log[seq - 1];
      if (row?.event !== event || !same({ ...row.data, seq, timestamp: row.timestamp }, { ...data, timestamp: data.timestamp ?? row.timestamp })) say(`${player.name} was told ${told} as event ${seq}; the log has ${JSON.stringify(row)}`);
    }
    const missed = Array.from({ length: player.ended.seq }, (_, i) => i + 1).filter((seq) => seq > player.given && !player.delivered.has(seq));
    if (missed.length) say(`${player.name} was never told of events ${missed.join()}`);
  }
  // The same state at every node, soon after all is well again, and at the event that players ended with the one that they saw.
  let states;
  const agree = () => states.every((answer) => answer.seq === states[0].seq && same(answer.state, states[0].state));
  for (const end = Date.now() + AGREED_WITHIN; ; await new Promise((resolve) => setTimeout(resolve, 200))) {
    states = await Promise.all(world.nodes.map((node) => ask(node, `/api/rooms/${code}/state`, players[0].token)));
    if (agree() || Date.now() > end) break;
  }
  if (!agree()) say(`nodes do not agree: ${states.map(({ seq, state }, i) => `node ${i} is at event ${seq} with ${JSON.stringify(state)}`).join("; ")}`);
  for (const player of players) {
    const then = await ask(world.nodes[1], `/api/rooms/${code}/state?at=${player.ended.seq}`, player.token);
    if (then.state && !same(board(then.state), board(player.ended.state))) say(`${player.name} saw another state at event ${player.ended.seq}: ${JSON.stringify(board(player.ended.state))} instead of ${JSON.stringify(board(then.state))}`);
  }
  const left = Math.max(...players.map((player) => player.ended.seq));
  for (const what of story(log, deserted, left)) say(what);
  if (wrong.length) {
    const told = log.map(({ seq, event, timestamp, data }) => `${timestamp} ${String(seq).padStart(4)} ${event} ${data.seat ?? data.player?.seat ?? ""} ${data.grace_ends_at ?? ""}`);
    lives.push(`The log of room ${code}:`, ...told, ...players.flatMap((player) => [`${player.name}, ${player.role}:`, ...player.journal]));
  }
  const { status } = states[0].state ?? {};
  if (game === "draft" && status !== "completed") say(`the game is ${status}`);
  if (status === "completed") {
    const verdict = await ask(world.nodes[2], `/api/rooms/${code}/verify`, players[0].token);
    if (verdict.matches !== true) say(`chance does not verify: ${JSON.stringify(verdict).slice(0, 300)}`);
  }
  return wrong;
}

/** What of a state does not change with time alone. */
function board(state) {
  const { players: _, online_players: __, ...rest } = state;
  return rest;
}

/** Seats, presence and ends, as the log tells them. After event `left` players went home. */
function* story(log, deserted, left) {
  const seats = new Map();
  const away = new Map();
  let ended = 0;
  for (const { seq, event, data } of log) {
    const seat = data.seat ?? data.player?.seat;
    if (event === "player_joined") {
      if (seats.has(seat)) yield `event ${seq} gives seat ${seat} to a second player`;
      seats.set(seat, data.player.player_id);
    } else if (event === "player_left") seats.delete(seat);
    else if (event === "player_disconnected") {
      const until = Date.parse(data.grace_ends_at);
      // When a node starts, grace is stretched.
      const before = away.get(seat);
      if (before && !(until > before.until)) yield `event ${seq} says that seat ${seat} is away, as event ${before.seq} did`;
      if (before?.absent) yield `event ${seq} begins the grace of seat ${seat}, which was given up`;
      away.set(seat, { seq, until });
    } else if (event === "player_reconnected") {
      if (!away.has(seat)) yield `event ${seq} says that seat ${seat} is back, and it was not away`;
      away.delete(seat);
    } else if (event === "player_absent") {
      const since = away.get(seat);
      if (!since) yield `event ${seq} gives up seat ${seat}, which was not away`;
      else if (since.absent) yield `event ${seq} gives up seat ${seat} again`;
      else if (Date.parse(data.timestamp) < since.until) yield `event ${seq} gives up seat ${seat} before its grace was over`;
      if (!deserted && !ended && seq <= left) yield `event ${seq} gives up seat ${seat}, whose player never left`;
      if (since) since.absent = true;
    } else if (event === "game_ended") {
      ended += 1;
      if (ended > 1) yield `event ${seq} ends the game again`;
      if (data.abandoned && seq <= left) yield `event ${seq} abandons the game, though somebody was there`;
    }
  }
  if (deserted && ended !== 1) yield "the game of somebody who left for good has not ended";
}

function same(a, b) {
  return canonical(a) === canonical(b);
}

function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value && typeof value === "object") return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
  return JSON.stringify(value) ?? "null";
}
