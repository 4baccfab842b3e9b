// /tabletop: a game master and a table full of people. The checklist that its protocol comes with, secrets on every transport, and twenty
// people at one table.
import assert from "node:assert/strict";
import test from "node:test";
import { connect, TRANSPORTS } from "../support/client.mjs";
import { HttpPlayer } from "../support/codex.mjs";
import { useServer } from "../support/server.mjs";

const server = useServer({ env: { PARLOR_GRACE_MS: "1000" } });

const sit = (name, options = {}) => connect(server.url, { namespace: "/tabletop", name, ...options });
const stateOf = async (client) => (await client.ok("request_sync", {})).state;

/** A session that runs: the DM, players by name, and the code. */
async function table(others = [], options = {}) {
  const dm = await sit("dm");
  const { room_code: code, player_role } = await dm.ok("create_room", { nickname: "Mira", options });
  assert.equal(player_role, "dm");
  dm.room = code;
  await dm.ok("start_game", {});
  const players = [];
  for (const [name, how] of others) players.push(await join(code, name, how));
  return { dm, players, code };
}

async function join(code, name, how = {}) {
  const player = await sit(name, how);
  player.seat = (await player.ok("join_room", { room_code: code, nickname: name })).seat;
  player.room = code;
  return player;
}

/** Everything that reached a client, as text, but what it knows of itself. */
const bytes = (client) => JSON.stringify(client.received.map(({ event, data }) => [event, data instanceof Error ? data.message : data]));

test("the seed's events go through under their names, with their payloads", async () => {
  const { dm, players: [ava], code } = await table([["Ava", {}]]);
  const joined = await ava.next("room_joined");
  assert.deepEqual([joined.room_code, joined.players.length, joined.player_role], [code, 2, "player"]);
  assert.equal((await ava.next("player_list")).players.length, 2);
  assert.equal((await dm.next("player_joined", ({ player }) => player.nickname === "Ava")).player.player_role, "player");
  assert.equal((await dm.next("table_joined")).player.username, "Ava");

  await ava.ok("chat_message", { message: "Hello, everyone!" });
  const said = await dm.next("chat_message");
  assert.deepEqual([said.player.nickname, said.message, typeof said.timestamp], ["Ava", "Hello, everyone!", "string"]);

  await ava.ok("dice_roll", { formula: "1d20+5", result: 18, rolls: [13], modifier: 5 });
  const own = await dm.next("dice_roll");
  assert.deepEqual([own.formula, own.result, own.rolls, own.modifier, own.verified], ["1d20+5", 18, [13], 5, false]);
  await ava.ok("dice_roll", { formula: "2d20kh1+5" });
  const rolled = await dm.next("dice_roll");
  assert.deepEqual([rolled.verified, rolled.modifier, rolled.rolls.length, rolled.dice[0].dice.length], [true, 5, 1, 2]);
  assert.equal(rolled.result, rolled.rolls[0] + 5);
  assert.deepEqual([rolled.player.username, rolled.player.is_dm, typeof rolled.timestamp], ["Ava", false, "string"]);

  await dm.ok("dm_narration", { narration: "You enter a dark cave..." });
  assert.equal((await ava.next("dm_narration")).narration, "You enter a dark cave...");
  await ava.ok("player_action", { action_type: "attack", details: { target: "Goblin", weapon: "Longsword", at: [0.1, 1e2] } });
  const action = await dm.next("player_action");
  assert.deepEqual([action.action_type, action.details], ["attack", { target: "Goblin", weapon: "Longsword", at: [0.1, 1e2] }]);
  await dm.ok("turn_change", { turn: { current_character_name: "Goblin" } });
  assert.equal((await ava.next("turn_change")).turn.current_character_name, "Goblin");
  await dm.ok("combat_update", { combat: { active: true } });
  assert.equal((await ava.next("combat_update")).combat.active, true);
  await ava.ok("ping", { timestamp: 7 });
  assert.equal((await ava.next("pong")).timestamp, 7);

  const denied = { dm_narration: { narration: "x" }, turn_change: { turn: "next" }, combat_update: { combat: {} } };
  const messages = ["Only DM can send narration", "Only DM can change turns", "Only DM can update combat"];
  for (const [i, [event, payload]] of Object.entries(denied).entries()) {
    assert.equal((await ava.refused(event, payload, "FORBIDDEN")).message, messages[i]);
    ava.socket.emit(event, payload);
    assert.equal((await ava.next("error")).message, messages[i]);
  }
  await ava.ok("leave_room", {});
  assert.equal((await ava.next("room_left")).room_code, code);
  assert.equal((await dm.next("player_left")).player.nickname, "Ava");
  assert.equal((await dm.next("table_away")).player.nickname, "Ava");
  const info = await (await fetch(`${server.url}/api/rooms/${code}`)).json();
  assert.deepEqual([info.room_code, info.status], [code, "in_progress"]);
  dm.assertGapless();
});

test("the first thing that is done begins the session, and what is refused does not", async () => {
  const dm = await sit("dm");
  const { room_code } = await dm.ok("create_room", { nickname: "Mira" });
  const ava = await join(room_code, "Ava");
  await ava.refused("dm_narration", { narration: "x" }, "FORBIDDEN");
  await ava.refused("dice_roll", { formula: "1d" }, "VALIDATION_ERROR");
  assert.equal((await (await fetch(`${server.url}/api/rooms/${room_code}`)).json()).status, "ready");
  await ava.ok("dice_roll", { formula: "1d20" });
  assert.equal((await dm.next("session_began")).players.length, 2);
  await dm.next("dice_roll");
  dm.assertGapless();
});

test("a DM who drops finds the table as it is, and a co-DM may take it meanwhile", async () => {
  const { dm, players: [ava, ben], code } = await table([["Ava", {}], ["Ben", TRANSPORTS["polling only"]]]);
  await dm.ok("co_dm", { seat: ava.seat, on: true });
  assert.deepEqual((await ben.next("dm_changed")).co_dms, [ava.seat]);
  await ava.refused("dm_claim", {}, "ILLEGAL_MOVE");
  const token = dm.session.token;
  dm.close();
  await ben.next("table_away");
  await ben.ok("chat_message", { message: "we play on" });
  await ben.ok("dice_roll", { formula: "1d20" });
  await ben.refused("dm_claim", {}, "VALIDATION_ERROR");
  await ava.ok("dm_claim", {});
  assert.equal((await ben.next("dm_changed", ({ dm: seat }) => seat === ava.seat)).player.nickname, "Ava");
  const back = await sit("dm again", { auth: { token, room_code: code } });
  const { current_state: state, player_role } = await back.next("connection_established");
  assert.deepEqual([state.dm, player_role, state.my_role, state.chat.at(-1).message], [ava.seat, "co_dm", "co_dm", "we play on"]);
  await ben.next("table_back");
  await ava.ok("dm_hand_over", { to: 0 });
  await back.ok("dm_narration", { narration: "Where were we?" });
  await back.ok("end_session", { reason: "Until next week" });
  const ended = await ben.next("game_ended");
  assert.deepEqual([ended.reason, ended.winners, ended.results.rolls], ["Until next week", [], 1]);
  await ben.refused("dice_roll", { formula: "1d6" }, "ROOM_UNAVAILABLE");
});

test("who comes late gets the whole table", async () => {
  const { dm, players: [ava], code } = await table([["Ava", {}]]);
  await ava.ok("chat_message", { message: "first" });
  await ava.ok("sheet_update", { name: "Ava the Bold", stats: { str: 12 }, inventory: { rope: 1 } });
  await dm.ok("map_set", { width: 12, height: 8 });
  await dm.ok("token_add", { name: "Ava", x: 1, y: 1, owner: ava.seat });
  await dm.ok("combatant_add", { name: "Orc", hp_max: 15, initiative: 12 });
  await ava.ok("roll_initiative", {});
  await dm.ok("combat_update", { combat: { active: true, name: "Ambush" } });
  await ava.ok("poll_create", { question: "Flee?", options: ["Yes", "No"] });
  const late = await join(code, "Lou", TRANSPORTS["polling only"]);
  const [whole, known] = [await stateOf(late), await stateOf(ava)];
  for (const key of ["players", "dm", "chat", "rolls", "turn", "combat", "initiative", "tokens", "polls", "map", "sheets"]) {
    assert.ok(key in whole, key);
    if (key !== "combat") assert.deepEqual(whole[key], known[key], key);
  }
  assert.deepEqual([whole.chat[0].message, whole.sheets[0].stats, whole.combat.combatants.length], ["first", { str: 12 }, 2]);
  await late.ok("dice_roll", { formula: "1d20" });
});

test("spectators watch when the DM allows it", async () => {
  const { dm, code } = await table();
  const watcher = await sit("watcher");
  await watcher.ok("join_room", { room_code: code, as: "spectator" });
  await watcher.ok("chat_message", { message: "hi from the stands" });
  assert.equal((await stateOf(dm)).chat[0].player.player_role, "spectator");
  assert.equal((await watcher.refused("dice_roll", { formula: "1d6" }, "FORBIDDEN")).message, "spectators cannot play");
  await dm.ok("settings_update", { spectators: false });
  const other = await sit("other");
  await other.refused("join_room", { room_code: code, as: "spectator" }, "FORBIDDEN");
  assert.equal((await fetch(`${server.url}/api/rooms/${code}/state`)).status, 403);
  assert.equal((await fetch(`${server.url}/api/rooms/${code}/events?after=0`)).status, 403);
});

test("secrets reach nobody by any transport", async () => {
  const how = Object.entries(TRANSPORTS);
  const { dm, players, code } = await table(how.map(([, options], i) => [["Ava", "Ben", "Cid"][i], options]));
  const old = await join(code, "old", { version: "2.x" });
  const http = new HttpPlayer(server.url, "Hal");
  await http.join(code);
  const watcher = await sit("watcher", TRANSPORTS["polling only"]);
  await watcher.ok("join_room", { room_code: code, as: "spectator" });
  watcher.room = code;
  const outsider = new HttpPlayer(server.url, "Out");
  outsider.code = code;
  const [ava, ben] = players;

  // Each secret is a word or a number that stands nowhere else.
  await ava.ok("whisper", { to: ben.seat, message: "zw-whisper" });
  await ava.ok("dice_roll", { formula: "1d999+771000", mode: "self", label: "zs-self" });
  await ava.ok("dice_roll", { formula: "1d999+772000", mode: "gm", label: "zg-gm" });
  await ava.ok("dice_roll", { formula: "1d999+773000", mode: "blind", label: "zb-blind" });
  await dm.ok("map_set", { width: 100, height: 100, background: "6f2c0000-0000-4000-8000-0000feedbeef" });
  const { seq: hidden } = await dm.ok("token_add", { name: "zt-lurker", x: 71, y: 73, hidden: true });
  await dm.ok("token_move", { token_id: hidden, x: 72, y: 74 });
  await dm.ok("combatant_add", { name: "zt-lurker", token_id: hidden, hidden: true, hp_max: 66666 });
  await dm.ok("fog_set", { enabled: true });
  await dm.ok("map_set", { width: 100, height: 100, background: "6f2c0000-0000-4000-8000-0000deadbeef" });
  await dm.ok("token_add", { name: "zf-fogged", x: 81, y: 83 });
  await ben.ok("poll_create", { question: "Trust them?", options: ["zp-yes", "zp-no"], secret: true });
  await dm.ok("chat_message", { message: "the end of it" });

  const everybody = [...players, old, watcher];
  await Promise.all([dm, ...everybody].map((client) => client.next("chat_message", ({ message }) => message === "the end of it")));
  // Also after coming back, in what is told again.
  for (const client of everybody) {
    const seen = client.lastSeq;
    client.lastSeq = 0;
    client.dropTransport();
    await client.next("connection_established", () => client.received.filter(({ event }) => event === "chat_message").length > 1);
    client.lastSeq = Math.max(seen, client.lastSeq);
  }
  const states = await Promise.all(everybody.map(stateOf));
  const texts = new Map(everybody.map((client, i) => [client, bytes(client) + JSON.stringify(states[i])]));
  for (const player of [http, outsider]) {
    await player.state();
    await player.events(0);
    await player.request("GET", `/api/rooms/${code}`);
    texts.set(player, player.bytes.join("\n"));
  }
  const may = { "zw-whisper": [ava, ben], "zs-self": [ava], "zg-gm": [ava], "zb-blind": [ava], 771: [ava], 772: [ava], "zt-lurker": [], 66666: [], "zf-fogged": [], deadbeef: [] };
  for (const [word, allowed] of Object.entries(may)) {
    for (const [client, text] of texts) {
      const told = /^\d/.test(word) ? new RegExp(`"result":${word}`).test(text) || (word === "66666" && text.includes(word)) : text.includes(word);
      assert.equal(told, allowed.includes(client), `${word} and ${client.name}`);
    }
  }
  for (const [client, text] of texts) assert.doesNotMatch(text, /"result":773/, `${client.name}: a blind roll`);
  assert.match(bytes(dm), /"result":773\d{3}/);
  assert.match(bytes(dm), /"result":772\d{3}/);
  assert.doesNotMatch(bytes(dm), /zw-whisper|"result":771/);
  assert.match(bytes(dm), /zt-lurker/);
  // What stands in the place of a secret is the same for all of them, but for its number and time.
  const blanks = watcher.all("hidden").map(({ seq, timestamp, ...rest }) => JSON.stringify(rest));
  assert.ok(blanks.length >= 8, `${blanks.length}`);
  assert.deepEqual(new Set(blanks), new Set(["{}"]));
});

test("bad input is refused at every event, and changes nothing", async () => {
  const { dm, players: [ava] } = await table([["Ava", {}]]);
  const events = ["dm_narration", "player_action", "whisper", "react", "mark_read", "share_image", "dice_roll", "combat_update", "turn_change", "combatant_add",
    "combatant_update", "combatant_remove", "roll_initiative", "hp_change", "effect_add", "effect_remove", "map_set", "fog_set", "token_add", "token_move",
    "token_update", "token_remove", "sheet_update", "poll_create", "poll_vote", "poll_close", "settings_update", "dm_hand_over", "co_dm", "end_session"];
  const junk = { narration: 7, action_type: {}, to: "x", message: [], emoji: 1, seq: -1, image_id: "no", formula: 6, combat: 1, turn: 0, name: 5, combatant_id: "a", by: "b",
    effect_id: null, width: -1, height: 1e9, areas: 3, token_id: 1.5, x: -1, y: 70_000, stats: [], question: 1, options: "ab", poll_id: {}, choices: [-1], title: 1, seat: 300, on: "yes", reason: 4 };
  const before = await stateOf(ava);
  for (const event of events) {
    await dm.refused(event, junk, "VALIDATION_ERROR");
    for (const payload of [[], "text", 7]) await dm.refused(event, payload, "VALIDATION_ERROR");
  }
  await dm.refused("dance", {}, "UNKNOWN_EVENT");
  const { version, ...after } = await stateOf(ava);
  assert.deepEqual({ ...after, version: before.version }, before);
});

test("twenty people at one table, by every transport, with drops and spectators, end with the same table", async () => {
  const transports = Object.values(TRANSPORTS);
  const names = Array.from({ length: 20 }, (_, i) => [`P${i + 1}`, { ...transports[i % 3], ...(i % 7 === 3 && { version: "2.x" }) }]);
  const { dm, players, code } = await table(names);
  const watchers = await Promise.all(transports.map((options, i) => sit(`W${i}`, options)));
  for (const watcher of watchers) {
    await watcher.ok("join_room", { room_code: code, as: "spectator" });
    watcher.room = code;
  }
  const full = await sit("one too many");
  await full.refused("join_room", { room_code: code, nickname: "Full" }, "ROOM_FULL");

  await dm.ok("map_set", { width: 40, height: 40 });
  const tokens = new Map();
  for (const player of players) {
    tokens.set(player, (await dm.ok("token_add", { name: player.name, x: player.seat, y: 0, owner: player.seat })).seq);
  }
  const { seq: poll } = await dm.ok("poll_create", { question: "Onward?", options: ["Yes", "No"], secret: true });
  const play = async (player, i) => {
    await player.surely("sheet_update", { name: `Hero ${i}`, stats: { str: i } });
    await player.surely("roll_initiative", {});
    for (let step = 1; step <= 4; step += 1) {
      await player.surely("token_move", { token_id: tokens.get(player), x: player.seat, y: step });
      await player.surely("chat_message", { message: `${player.name} moves ${step}` });
      await player.surely("dice_roll", { formula: "1d20+3", mode: ["public", "gm", "blind", "self"][step % 4] });
      if ((i + step) % 5 === 0) player.dropTransport();
      await player.surely("whisper", { to: 0, message: `psst ${step}` });
    }
    await player.surely("poll_vote", { poll_id: poll, choices: [i % 2] });
  };
  await Promise.all(players.map(play));
  await dm.ok("poll_close", { poll_id: poll });
  await dm.ok("combat_update", { combat: { active: true } });
  await dm.ok("chat_message", { message: "that is all" });
  const all = [dm, ...players, ...watchers];
  await Promise.all(all.map((client) => client.until(() => client.all("chat_message").some(({ message }) => message === "that is all"), "the last word", 60_000)));

  const states = await Promise.all(all.map(stateOf));
  // What all may see is the same for all, whoever they are.
  const common = ({ my_seat, my_role, rolls, whispers, polls, ...rest }) => ({ ...rest, rolls: rolls.filter(({ mode }) => mode === "public"), polls: polls.map(({ my_choices, ...poll }) => poll), whispers: [] });
  const view = common(states.at(-1));
  const publicRolls = view.rolls;
  assert.ok(publicRolls.length >= 20);
  for (const [i, state] of states.entries()) {
    const { rolls, tokens: shown, ...mine } = common(state);
    const { rolls: _, tokens: theirs, ...expected } = view;
    assert.deepEqual(mine, expected, all[i].name);
    assert.deepEqual(shown.map(({ notes, ...token }) => token), theirs.map(({ notes, ...token }) => token), all[i].name);
    // Whoever sees more rolls sees fewer of the public ones among the last fifty.
    assert.deepEqual(rolls, publicRolls.slice(publicRolls.length - rolls.length), all[i].name);
  }
  assert.deepEqual(view.polls[0].counts, [10, 10]);
  assert.deepEqual([view.players.length, view.combat.combatants.length, view.tokens.every(({ y }) => y === 4)], [21, 20, true]);
  assert.equal(states[0].whispers.length, 80, "the DM has four of each");
  await dm.ok("end_session", {});
  const ended = await players[0].next("game_ended");
  assert.deepEqual([ended.results.rolls, ended.results.messages, ended.results.players.length], [80, 81, 21]);
  const verdict = await (await fetch(`${server.url}/api/rooms/${code}/verify`)).json();
  assert.deepEqual([verdict.matches, verdict.draws.length], [true, 100], "also of what was rolled in secret");
  for (const client of all) client.assertGapless();
});

test("history is paged and searched, and keeps secrets, also over HTTP", async () => {
  const { dm, players: [ava, ben], code } = await table([["Ava", {}], ["Ben", {}]]);
  for (let n = 1; n <= 30; n += 1) {
    await ava.ok("chat_message", { message: `line ${n}` });
    await ava.ok("dice_roll", { formula: "1d20", label: `throw ${n}`, mode: n % 2 ? "public" : "self" });
  }
  await ava.ok("whisper", { to: 0, message: "a whispered LINE 7" });
  const texts = (page) => page.entries.map(({ data }) => data.message ?? data.label ?? data.nickname);
  const newest = await ben.ok("history", { limit: 3 });
  assert.deepEqual(texts(newest), ["line 30", "throw 29", "line 29"]);
  assert.ok(newest.entries.every(({ seq, event, timestamp, data }) => seq === data.seq && event && timestamp));
  assert.deepEqual(texts(await ben.ok("history", { limit: 2, before: newest.next })), ["line 28", "throw 27"]);
  const all = [];
  for (let before; before !== null; ) {
    const page = await ben.ok("history", { kinds: ["dice_roll"], limit: 4, ...(before && { before }) });
    all.push(...texts(page));
    before = page.next;
  }
  assert.deepEqual(all, Array.from({ length: 15 }, (_, i) => `throw ${29 - 2 * i}`), "only what Ben may see");
  assert.equal((await ava.ok("history", { kinds: ["dice_roll"], limit: 200 })).entries.length, 30);
  assert.deepEqual(texts(await ben.ok("history", { search: "LINE 7" })), ["line 7"]);
  assert.deepEqual(texts(await dm.ok("history", { search: "line 7" })), ["a whispered LINE 7", "line 7"]);
  for (const payload of [{ limit: 0 }, { limit: 201 }, { kinds: ["player_joined"] }, { search: "x".repeat(101) }, { before: "x" }, { kinds: "chat_message" }]) {
    await ben.refused("history", payload, "VALIDATION_ERROR");
  }
  await (await sit("nobody")).refused("history", {}, "NO_GAME");
  const get = async (query, token) => fetch(`${server.url}/api/rooms/${code}/history?${query}`, { headers: token ? { Authorization: `Bearer ${token}` } : {} });
  assert.deepEqual(texts(await (await get("kinds=whisper,chat_message&search=line%207")).json()), ["line 7"]);
  assert.deepEqual(texts(await (await get("search=line%207", dm.session.token)).json()), ["a whispered LINE 7", "line 7"]);
  assert.equal((await get("kinds=nonsense")).status, 400);
});
