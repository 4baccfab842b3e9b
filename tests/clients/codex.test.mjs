// /codex: a story chosen in secret. The checklist that its protocol comes with, and eight people in one story.
import assert from "node:assert/strict";
import test from "node:test";
import { TRANSPORTS } from "../support/client.mjs";
import { HttpPlayer, open, reader, startedStory, stateOf } from "../support/codex.mjs";
import { startServer, useServer } from "../support/server.mjs";

const GRACE = 1_000;
const server = useServer({ env: { PARLOR_GRACE_MS: String(GRACE), PARLOR_BOT_DELAY_MS: "10" } });

test("a player connects, joins with a game code, and everybody sees who is there", async () => {
  const host = await reader(server.url, { name: "host" });
  const { room_code } = await host.ok("create_room", { nickname: "Ada" });
  const ben = await reader(server.url, { name: "ben" });
  const joined = await ben.ok("join_game_room", { game_code: room_code.toLowerCase(), nickname: "Ben" });
  assert.deepEqual([joined.player_role, joined.seat, joined.game], ["player", 1, "codex"]);
  const told = await host.next("player_joined", ({ player }) => player.player_name === "Ben");
  assert.equal(told.player.player_id, ben.session.player_id);
  assert.equal((await host.next("player_connected", ({ player_name }) => player_name === "Ben")).online, true);
  const presence = await ben.ok("request_presence", {});
  assert.deepEqual(presence.online_players.sort(), [host.session.player_id, ben.session.player_id].sort());
  assert.equal(presence.total_players, 2);
  assert.deepEqual(presence.players.map(({ player_name, online }) => [player_name, online]), [["Ada", true], ["Ben", true]]);
  await ben.ok("typing", { typing: true });
  assert.equal((await host.next("player_typing")).nickname, "Ben");
  await ben.ok("ping", { timestamp: 7 });
  assert.equal((await ben.next("pong")).timestamp, 7);
});

test("choices update everybody's progress, the turn is told, and the next scene follows", async () => {
  const { host, players: [ben] } = await startedStory(server.url, [["Ben", {}]]);
  const announced = await ben.next("scenario_generated");
  const scene = await ben.next("new_scenario");
  assert.deepEqual([announced.scenario_id, announced.theme, announced.turn_number], [scene.scenario_id, scene.theme, 1]);
  assert.ok(scene.title && scene.text && scene.choices.length >= 2 && scene.deadline);
  assert.deepEqual([scene.choices_submitted, scene.total_players, scene.waiting_for.length], [0, 2, 2]);
  const state = await stateOf(host);
  assert.deepEqual(Object.keys(state.scenario).filter((key) => ["scenario_id", "theme", "turn_number", "text", "choices"].includes(key)).length, 5);

  await host.ok("make_choice", { choice_id: open(state, 0)[0] });
  await host.ok("choice_submitted", {});
  const chose = await ben.next("player_chose");
  assert.deepEqual(
    { player_name: chose.player_name, choices_submitted: chose.choices_submitted, total_players: chose.total_players, all_submitted: chose.all_submitted, waiting_for: chose.waiting_for },
    { player_name: "Ada", choices_submitted: 1, total_players: 2, all_submitted: false, waiting_for: [ben.session.player_id] },
  );
  assert.deepEqual(Object.keys(chose).sort(), ["all_submitted", "choices_submitted", "player_id", "player_name", "seat", "seq", "timestamp", "total_players", "waiting_for"]);
  assert.equal((await stateOf(host)).my_choice, open(state, 0)[0]);
  assert.equal((await stateOf(ben)).my_choice, null);

  await ben.ok("make_choice", { choice_id: open(state, 1)[0] });
  assert.equal((await host.next("player_chose", ({ player_name }) => player_name === "Ben")).all_submitted, true);
  const resolved = await host.next("turn_resolved");
  const resolution = await host.next("turn_resolution");
  assert.deepEqual([resolved.turn_number, resolution.turn_number, resolution.choices.length], [1, 1, 2]);
  assert.deepEqual(resolution.choices.map(({ player_name }) => player_name), ["Ada", "Ben"]);
  assert.ok(resolution.text.length > 0 && Array.isArray(resolution.changes) && resolution.party.length === 2);
  assert.equal((await host.next("new_scenario", ({ turn_number }) => turn_number === 2)).choices_submitted, 0);
  const after = await stateOf(host);
  assert.equal(after.history.length, 1);
  await host.ok("scenario_generated", {});
  await host.ok("turn_resolved", {});
});

test("errors carry the codes that clients know, and change nothing", async () => {
  const { host, players: [ben], code } = await startedStory(server.url, [["Ben", {}]]);
  const state = await stateOf(host);
  const stranger = await reader(server.url, { name: "stranger" });
  await stranger.refused("make_choice", { choice_id: "x" }, "NO_GAME");
  await stranger.refused("join_room", { room_code: "BBBBBB" }, "INVALID_GAME");
  await assert.rejects(reader(server.url, { auth: { token: "nonsense" } }), /^Error: AUTH_REQUIRED/);
  await host.refused("make_choice", { choice_id: "no such" }, "VALIDATION_ERROR");
  await host.refused("make_choice", {}, "VALIDATION_ERROR");
  await host.refused("make_choice", { choice_id: 7 }, "VALIDATION_ERROR");
  await host.refused("choose_character", { class_id: "nobody" }, "VALIDATION_ERROR");
  await host.refused("fly", {}, "UNKNOWN_EVENT");
  const outsider = new HttpPlayer(server.url, "Out");
  outsider.token = (await outsider.request("POST", "/api/auth/guest", { nickname: "Out" })).body.token;
  outsider.code = code;
  const refused = await outsider.ask("make_choice", { choice_id: open(state, 0)[0] });
  assert.deepEqual([refused.status, refused.body.error.code], [403, "NOT_IN_GAME"]);
  const watcher = await reader(server.url, { name: "watcher" });
  await watcher.ok("join_room", { room_code: code, as: "spectator" });
  await watcher.refused("make_choice", { choice_id: open(state, 0)[0] }, "FORBIDDEN");
  await reader(server.url, { name: "bad options" }).then((client) => client.refused("create_room", { options: { story_id: "none" } }, "VALIDATION_ERROR"));
  assert.deepEqual(await stateOf(ben), { ...state, my_choice: null });
});

test("stories are listed, and the host chooses one", async () => {
  const { games } = await (await fetch(`${server.url}/api/games`)).json();
  const codex = games.find(({ name }) => name === "codex");
  assert.ok(codex.catalogue.stories.length >= 2);
  for (const story of codex.catalogue.stories) {
    const { host } = await startedStory(server.url, [], { start: { story_id: story.id } });
    const began = await host.next("story_began");
    assert.deepEqual([began.story.story_id, began.story.title, began.party.length], [story.id, story.title, 1]);
    assert.ok(story.scenes >= 12 && story.endings >= 4);
  }
});

test("a choice may be changed until all have chosen; the others are not told what, nor by length", async () => {
  const { host, players: [ben] } = await startedStory(server.url, [["Ben", {}]]);
  const choices = open(await stateOf(host), 0);
  for (const choice_id of [...choices, ...choices]) await host.ok("make_choice", { choice_id });
  await host.ok("chat_message", { message: "done" });
  await ben.next("chat_message");
  const told = ben.all("player_chose").map(({ seq, timestamp, ...rest }) => JSON.stringify(rest));
  assert.equal(told.length, 2 * choices.length);
  assert.deepEqual(new Set(told).size, 1, "always the same words");
  assert.equal((await stateOf(host)).my_choice, choices.at(-1));
  assert.deepEqual(host.all("player_chose").map(({ my_choice }) => my_choice), [...choices, ...choices]);
});

test("who drops is seen, comes back to the whole state, and is skipped when away for good", async () => {
  const { host, players: [ben], code } = await startedStory(server.url, [["Ben", {}]]);
  const state = await stateOf(host);
  await ben.ok("make_choice", { choice_id: open(state, 1)[0] });
  const before = await stateOf(ben);
  ben.close();
  const dropped = await host.next("player_disconnected");
  assert.equal(dropped.player_id, ben.session.player_id);
  assert.equal((await host.next("presence_update", ({ online_players }) => online_players.length === 1)).total_players, 2);
  const again = await reader(server.url, { name: "ben again", auth: { token: ben.session.token, room_code: code, last_seq: ben.lastSeq } });
  const back = await again.next("connection_established");
  assert.deepEqual(back.current_state.my_choice, before.my_choice);
  await host.next("player_reconnected");
  const synced = await again.ok("reconnect_sync", {});
  assert.deepEqual(synced.state, back.current_state);
  assert.equal((await again.ok("reconnect_sync", { last_seq: synced.seq })).sync_confirmed, true);

  await host.ok("make_choice", { choice_id: open(state, 0)[0] });
  await host.next("new_scenario", ({ turn_number }) => turn_number === 2);
  again.close();
  const skipped = await host.next("player_skipped");
  assert.deepEqual([skipped.player_name, skipped.total_players, skipped.waiting_for], ["Ben", 1, [host.session.player_id]]);
  await host.ok("make_choice", { choice_id: open(await stateOf(host), 0)[0] });
  await host.next("turn_resolution", ({ turn_number }) => turn_number === 2);
  const third = await reader(server.url, { name: "ben at last", auth: { token: ben.session.token, room_code: code } });
  await third.next("connection_established");
  const returned = await host.next("player_back");
  assert.equal(returned.player_name, "Ben");
});

test("the last one waited for goes, and the turn is over; the deadline does the same", async (t) => {
  const { host, players: [ben] } = await startedStory(server.url, [["Ben", {}]]);
  await host.ok("make_choice", { choice_id: open(await stateOf(host), 0)[0] });
  ben.close();
  const { choices, timed_out } = await host.next("turn_resolution");
  assert.deepEqual([choices.length, timed_out], [1, false]);

  const own = await startServer(t);
  const timed = await startedStory(own.url, [["Cid", {}]], { start: { turn_seconds: 10 } });
  await timed.host.ok("make_choice", { choice_id: open(await stateOf(timed.host), 0)[0] });
  // The deadline is kept by the room's log: it holds through a restart.
  await own.restart({ kill: true });
  const late = await timed.host.next("turn_resolution", () => true, 40_000);
  assert.deepEqual([late.timed_out, late.choices.length], [true, 1]);
});

test("a free seat may be taken while the story runs: the newcomer watches until the next turn", async () => {
  const { host, code } = await startedStory(server.url, []);
  const late = await reader(server.url, { name: "late" });
  const joined = await late.ok("join_room", { room_code: code, nickname: "Lou" });
  assert.deepEqual([joined.seat, joined.player_role, joined.status], [1, "player", "in_progress"]);
  const told = await host.next("party_joined");
  assert.deepEqual([told.member.player_name, told.member.from_turn], ["Lou", 2]);
  const state = await stateOf(late);
  assert.equal(state.total_players, 1);
  await late.refused("make_choice", { choice_id: state.scenario.choices[0].choice_id }, "NOT_YOUR_TURN");
  await late.ok("choose_character", { class_id: state.story.classes[2].class_id, name: "Lou the Late" });
  await host.ok("make_choice", { choice_id: open(state, 0)[0] });
  assert.equal((await late.next("new_scenario", ({ turn_number }) => turn_number === 2)).total_players, 2);
  await late.ok("make_choice", { choice_id: open(await stateOf(late), 1)[0] });
  const http = new HttpPlayer(server.url, "Hal");
  assert.equal((await http.join(code)).seat, 2, "by HTTP, too");
});

test("one person and two bots read a story to its end, which tells it all again", async () => {
  const host = await reader(server.url, { name: "host" });
  const { room_code } = await host.ok("create_room", { nickname: "Ada", options: { story_id: "the-orchard-under-ice" } });
  host.room = room_code;
  await host.ok("add_bot", { level: "bold" });
  await host.ok("add_bot", { level: "careful" });
  await host.ok("start_game", {});
  let turns = 0;
  while (host.all("game_ended").length === 0) {
    turns += 1;
    const scene = await host.until(() => host.all("new_scenario").find(({ turn_number }) => turn_number === turns) ?? host.all("game_ended")[0], "a scene");
    if (!scene.choices) break;
    const mine = scene.choices.find(({ open_to }) => open_to.includes(0));
    // Fallen: only the bots go on.
    if (mine) await host.ok("make_choice", { choice_id: mine.choice_id });
    await host.next("turn_resolution", ({ turn_number }) => turn_number === turns);
  }
  const ended = await host.next("game_ended");
  const told = await host.next("story_ended");
  assert.deepEqual([ended.reason, ended.results.ending_id, ended.results.text], [told.title, told.ending_id, told.text]);
  assert.equal(ended.results.recap.length, ended.results.turns);
  assert.deepEqual(ended.results.party.map(({ player_name }) => player_name), ["Ada", "Bot (bold)", "Bot (careful)"]);
  host.assertGapless();
});

test("several stories at once do not hear of each other", async () => {
  const [one, two] = await Promise.all([startedStory(server.url, [["Ben", {}]]), startedStory(server.url, [["Cid", {}]])]);
  await one.host.ok("make_choice", { choice_id: open(await stateOf(one.host), 0)[0] });
  await one.players[0].next("player_chose");
  await two.host.ok("chat_message", { message: "still here" });
  await two.players[0].next("chat_message");
  assert.equal(two.players[0].all("player_chose").length, 0);
});

test("eight people in one story, by every transport and by HTTP alone, with drops and spectators: nobody learns a choice too soon", async () => {
  const transports = Object.values(TRANSPORTS);
  const others = ["Ben", "Cid", "Dot", "Eve", "Fay"].map((name, i) => [name, { ...transports[i % 3], ...(i === 4 && { version: "2.x" }) }]);
  const host = await reader(server.url, { name: "host" });
  const { room_code } = await host.ok("create_room", { nickname: "Ada" });
  host.room = room_code;
  host.seat = 0;
  const sockets = [host];
  for (const [name, options] of others) {
    const player = await reader(server.url, { name, ...options });
    player.seat = (await player.ok("join_room", { room_code, nickname: name })).seat;
    player.room = room_code;
    sockets.push(player);
  }
  const webless = [new HttpPlayer(server.url, "Gil"), new HttpPlayer(server.url, "Hal")];
  for (const player of webless) await player.join(room_code);
  const watchers = await Promise.all([{}, TRANSPORTS["polling only"]].map((options) => reader(server.url, { name: "watcher", ...options })));
  for (const watcher of watchers) {
    await watcher.ok("join_room", { room_code, as: "spectator" });
    watcher.room = room_code;
  }
  await host.ok("start_game", {});
  const sees = [...sockets, ...watchers];
  await Promise.all(sees.map((client) => client.next("new_scenario")));

  for (let turn = 1; host.all("game_ended").length === 0; turn += 1) {
    const state = await stateOf(host);
    if (!state.scenario) break;
    assert.equal(state.scenario.turn_number, turn);
    const standing = (seat) => state.party.find((member) => member.seat === seat)?.takes_part;
    const choosers = [...webless, ...sockets].filter(({ seat }) => standing(seat));
    const last = choosers.at(-1);
    const picks = new Map();
    for (const [i, player] of choosers.entries()) {
      const mine = open(state, player.seat);
      const choice_id = mine[(i + turn) % mine.length];
      if (player === last) {
        await nobodyKnows({ sees, webless, picks, turn, state });
        // One connection is lost in the middle of every turn, and comes back by itself.
        if (sockets[turn % sockets.length] !== last) sockets[turn % sockets.length].dropTransport();
      }
      picks.set(player, choice_id);
      if (player instanceof HttpPlayer) assert.equal((await player.ask("make_choice", { choice_id })).status, 200);
      else assert.equal((await player.surely("make_choice", { choice_id })).ok, true);
    }
    const resolutions = await Promise.all(sees.map((client) => client.until(() => client.all("turn_resolution").find(({ turn_number }) => turn_number === turn), `turn ${turn}`)));
    for (const { choices } of resolutions) {
      assert.deepEqual(
        choices.map(({ seat, choice_id }) => [seat, choice_id]),
        [...picks].map(([{ seat }, choice_id]) => [seat, choice_id]).sort(([a], [b]) => a - b),
      );
    }
    await Promise.all(sees.map((client) => client.until(() => client.all("game_ended").length || client.all("new_scenario").some(({ turn_number }) => turn_number === turn + 1), "what follows")));
  }
  const ends = await Promise.all(sees.map((client) => client.next("game_ended")));
  for (const { results } of ends) assert.deepEqual(results, ends[0].results);
  for (const client of sockets) client.assertGapless();
  for (const player of webless) {
    const { body } = await player.events(0);
    assert.ok(body.events.some(({ event }) => event === "game_ended"));
    assert.equal((await player.state()).ending.ending_id, ends[0].results.ending_id);
  }
});

/** Looks through everything that anybody received for a choice of this turn that is not their own. */
async function nobodyKnows({ sees, webless, picks, turn, state }) {
  for (const player of webless) {
    player.bytes = [];
    await player.state();
    await player.events(0);
    await player.request("GET", `/api/rooms/${player.code}`);
  }
  const since = (client) => {
    const from = client.received.findLastIndex(({ event, data }) => event === "new_scenario" && data.turn_number === turn);
    return client.received.slice(from + 1).map(({ event, data }) => [event, data]);
  };
  // A choice's id and text stand in the scene itself, for all alike: what counts is everything beside it.
  const withoutScenes = (value) => JSON.stringify(value, (key, inner) => (["scenario", "choices"].includes(key) ? undefined : inner));
  const ids = new Set(state.scenario.choices.map(({ choice_id }) => choice_id));
  const past = new Set(state.history.map(({ choice_id }) => choice_id));
  const mentioned = (text, own) => [...ids].filter((id) => id !== own && !past.has(id) && text.includes(`"${id}"`));
  for (const client of sees) assert.deepEqual(mentioned(withoutScenes(since(client)), picks.get(client)), [], `${client.name}, turn ${turn}`);
  for (const player of webless) {
    const text = player.bytes.map((body) => withoutScenes(JSON.parse(body))).join("\n");
    // Their log begins with the first turn: what those resolved to is known.
    assert.deepEqual(mentioned(text, picks.get(player)), [], `${player.name}, turn ${turn}`);
  }
}
