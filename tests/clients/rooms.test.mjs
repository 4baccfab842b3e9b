// Rooms: every row of the protocol's tables, one after the other.
import assert from "node:assert/strict";
import test from "node:test";
import { connect } from "../support/client.mjs";
import { assertResults, playOn, room, startedRoom, stateOf } from "../support/draft.mjs";
import { useServer } from "../support/server.mjs";

const server = useServer();
const ALPHABET = "BCDFGHJKMNPQRSTVWXYZ23456789";

test("create_room answers with the code, the link, the QR code, the seat, the role and the status", async () => {
  const host = await connect(server.url);
  const created = await host.ok("create_room", {});
  assert.deepEqual(
    { seat: created.seat, player_role: created.player_role, status: created.status },
    { seat: 0, player_role: "host", status: "waiting" },
  );
  assert.ok([...created.room_code].every((c) => ALPHABET.includes(c)) && created.room_code.length === 6, created.room_code);
  assert.ok(created.join_url.endsWith(`/join/${created.room_code}`), created.join_url);
  assert.match(created.qr_code, /^data:image\//);
  assert.ok(Number.isInteger(created.seq) && created.seq >= 1);
});

test("options that do not exist are refused", async () => {
  const host = await connect(server.url);
  for (const data of [
    { options: { template_id: 999_999 } },
    { options: { anime_pool_ids: [999_999] } },
    { options: { anime_pool_ids: "all" } },
    { options: { anime_pool_ids: [] } },
    { options: [] },
    { options: "x" },
    { visibility: "everywhere" },
    { seats: 3 },
    { seats: 0 },
    { seats: -1 },
    { seats: 1.5 },
    { nickname: 5 },
  ]) {
    await host.refused("create_room", data, "VALIDATION_ERROR");
  }
});

test("nicknames are trimmed and cleaned, and those that cannot be shown are refused", async () => {
  const names = {
    "  Ada  ": "Ada",
    "<b>Bob</b>": "<b>Bob</b>",
    "Zoë 🐢": "Zoë 🐢",
  };
  for (const [given, shown] of Object.entries(names)) {
    const host = await connect(server.url);
    await host.ok("create_room", { nickname: given });
    const { players } = await host.ok("request_presence", {});
    assert.equal(players[0].nickname, shown);
  }
  for (const nickname of ["", "   ", "a".repeat(10_000), "evil\u202Egnp.exe", "tab\tbell\u0007", "\u0000"]) {
    const host = await connect(server.url);
    const answer = await host.ask("create_room", { nickname });
    if (!answer.ok) {
      assert.equal(answer.error.code, "VALIDATION_ERROR", JSON.stringify(nickname.slice(0, 20)));
      continue;
    }
    const { players } = await host.ok("request_presence", {});
    const shown = players[0].nickname;
    assert.ok(shown.length > 0 && shown.length <= 64, `shown as ${shown.length} characters`);
    assert.doesNotMatch(shown, /[\u0000-\u001f\u007f\u202a-\u202e\u2066-\u2069]/, `${JSON.stringify(nickname.slice(0, 20))} is shown as ${JSON.stringify(shown)}`);
  }
});

test("codes are typed in any case, with spaces and dashes", async () => {
  const host = await connect(server.url);
  const { room_code: code } = await host.ok("create_room", {});
  const spellings = [
    code.toLowerCase(),
    `${code.slice(0, 3)}-${code.slice(3)}`,
    ` ${code.slice(0, 3)} ${code.slice(3).toLowerCase()} `,
    code.split("").join("-"),
  ];
  for (const typed of spellings) {
    const watcher = await connect(server.url);
    const joined = await watcher.ok("join_room", { room_code: typed, as: "spectator" });
    assert.equal(joined.player_role, "spectator", typed);
  }
});

test("unknown, look-alike and malformed codes: INVALID_GAME or VALIDATION_ERROR, never a room", async () => {
  const host = await connect(server.url);
  const { room_code: code } = await host.ok("create_room", {});
  const guest = await connect(server.url);
  const unknown = [...code].reverse().join("") === code ? "222222" : [...code].reverse().join("");
  await guest.refused("join_room", { room_code: unknown }, "INVALID_GAME");
  const cyrillic = { B: "В", C: "С", H: "Н", K: "К", M: "М", P: "Р", T: "Т", X: "Х" };
  const lookAlike = [...code].map((c) => cyrillic[c] ?? String.fromCharCode(c.charCodeAt(0) + 0xfee0)).join("");
  for (const bad of [lookAlike, "0OIL1A", "", "BCDFG", `${code}B`, "../../", "'; DROP TABLE rooms; --", `${code}\u0000`, "😀😀😀😀😀😀", "a".repeat(100_000), null, 5, {}, [code], true]) {
    const answer = await guest.ask("join_room", { room_code: bad });
    assert.equal(answer.ok, false, `${JSON.stringify(bad)?.slice(0, 40)}: ${JSON.stringify(answer)?.slice(0, 200)}`);
    assert.ok(["INVALID_GAME", "VALIDATION_ERROR", "PAYLOAD_TOO_LARGE"].includes(answer.error.code), `${JSON.stringify(bad)?.slice(0, 40)}: ${answer.error.code}`);
  }
  await guest.refused("join_room", {}, "VALIDATION_ERROR");
});

test("join_game_room { game_code } is the same as join_room", async () => {
  const host = await connect(server.url);
  const { room_code } = await host.ok("create_room", {});
  const guest = await connect(server.url);
  const joined = await guest.ok("join_game_room", { game_code: room_code, nickname: "Ben" });
  assert.equal(joined.player_role, "guest");
  assert.equal(joined.seat, 1);
});

test("join_room answers with role, seat, seq and state, and connection_established follows", async () => {
  const { host, guest, code } = await room(server.url);
  const established = await guest.next("connection_established");
  for (const key of ["player_role", "seat", "room_code", "current_state", "seq", "status", "players"]) {
    assert.ok(key in established, `connection_established has ${key}: ${Object.keys(established)}`);
  }
  assert.equal(established.room_code, code);
  assert.equal(established.status, "ready");
  assert.deepEqual(established.players.map(({ nickname }) => nickname), ["Ada", "Ben"]);
  const again = await guest.ok("join_room", { room_code: code });
  assert.deepEqual([again.player_role, again.seat], ["guest", 1], "joining again is coming back");
  assert.ok("state" in again || "events" in again, `state or events: ${Object.keys(again)}`);
  assert.equal(host.all("player_joined").filter(({ player }) => player.seat === 1).length, 1, "told once");
});

test("a full room refuses a third player with ROOM_FULL and says that watching is possible", async () => {
  const { code } = await room(server.url);
  const third = await connect(server.url);
  const error = await third.refused("join_room", { room_code: code }, "ROOM_FULL");
  assert.match(`${error.message} ${JSON.stringify(error.details ?? {})}`, /watch|spectat/i);
  const watching = await third.ok("join_room", { room_code: code, as: "spectator" });
  assert.equal(watching.player_role, "spectator");
});

test("a spectator sees the game and cannot touch it", async () => {
  const { host, guest, code } = await room(server.url);
  const watcher = await connect(server.url, { name: "watcher" });
  const joined = await watcher.ok("join_room", { room_code: code, as: "spectator" });
  assert.ok(joined.seat === null || joined.seat === undefined, `no seat: ${joined.seat}`);
  const early = await watcher.ask("start_game", {});
  assert.ok(["FORBIDDEN", "NOT_HOST", "NOT_IN_GAME"].includes(early.error?.code), JSON.stringify(early));
  await host.ok("start_game", {});
  for (const event of ["draw_character", "place_character"]) {
    const answer = await watcher.ask(event, { character_id: 1, role_name: "y" });
    assert.equal(answer.ok, false);
    assert.ok(["FORBIDDEN", "NOT_IN_GAME"].includes(answer.error.code), `${event}: ${answer.error.code}`);
  }
  const ended = await playOn({ host, guest });
  assert.deepEqual(await watcher.next("game_ended"), ended.host);
  watcher.assertGapless();
});

test("joining a room that plays already: ROOM_UNAVAILABLE or ROOM_FULL, and watching works", async () => {
  const { code } = await startedRoom(server.url);
  const late = await connect(server.url);
  const answer = await late.ask("join_room", { room_code: code });
  assert.equal(answer.ok, false);
  assert.ok(["ROOM_UNAVAILABLE", "ROOM_FULL"].includes(answer.error.code), answer.error.code);
  const watching = await late.ok("join_room", { room_code: code, as: "spectator" });
  assert.ok(watching.state, "a late spectator gets the state");
});

test("start_game is the host's, and needs everybody there: NOT_HOST, NOT_READY", async () => {
  const host = await connect(server.url, { name: "host" });
  const { room_code } = await host.ok("create_room", {});
  await host.refused("start_game", {}, "NOT_READY");
  const guest = await connect(server.url, { name: "guest" });
  await guest.ok("join_room", { room_code });
  await guest.refused("start_game", {}, "NOT_HOST");
  guest.close();
  await host.next("player_disconnected");
  await host.refused("start_game", {}, "NOT_READY");
});

test("a game that has started cannot be started again", async () => {
  const { host } = await startedRoom(server.url);
  const answer = await host.ask("start_game", {});
  assert.equal(answer.ok, false, JSON.stringify(answer));
});

test("moves out of turn, into a taken role or with another's character are refused by code", async () => {
  const { host, guest } = await startedRoom(server.url);
  const players = { host, guest };
  let state = await stateOf(host);
  const first = state.current_turn;
  const other = first === "host" ? "guest" : "host";
  const [mover, waiter] = [players[first], players[other]];
  await waiter.refused("draw_character", {}, "NOT_YOUR_TURN");
  const role = state.template.roles[0];
  await mover.refused("place_character", { character_id: 1, role_name: role }, "ILLEGAL_MOVE");
  await mover.ok("draw_character", { remaining_character_ids: [1, 2, 3] });
  await mover.refused("draw_character", {}, "ILLEGAL_MOVE");
  const { character } = await waiter.next("character_drawn");
  await waiter.refused("place_character", { character_id: character.id, role_name: role }, "NOT_YOUR_TURN");
  await mover.refused("place_character", { character_id: character.id + 1, role_name: role }, "ILLEGAL_MOVE");
  await mover.refused("place_character", { character_id: character.id, role_name: "no such role" }, "ILLEGAL_MOVE");
  await mover.ok("place_character", { character_id: character.id, role_name: role });
  const placed = await waiter.next("character_placed");
  assert.deepEqual(
    [placed.character_id, placed.role_name, placed.player_role, placed.is_complete],
    [character.id, role, first, false],
  );
  await mover.refused("draw_character", {}, "NOT_YOUR_TURN");
  await waiter.ok("draw_character", {});
  const second = await mover.next("character_drawn", (data) => data.character.id !== character.id);
  await waiter.ok("place_character", { character_id: second.character.id, role_name: role });
  await mover.ok("draw_character", {});
  state = await stateOf(mover);
  await mover.refused("place_character", { character_id: state.drawn_character.id, role_name: role }, "ILLEGAL_MOVE");
});

test("moves before the start are refused", async () => {
  const { host } = await room(server.url);
  const answer = await host.ask("draw_character", {});
  assert.equal(answer.ok, false);
  assert.ok(["ROOM_UNAVAILABLE", "NOT_READY", "ILLEGAL_MOVE", "NOT_YOUR_TURN"].includes(answer.error.code), answer.error.code);
});

test("commands of a socket in no room are answered NO_GAME", async () => {
  const client = await connect(server.url);
  for (const event of ["leave_room", "start_game", "reset_game", "rematch", "request_sync", "chat_message", "typing", "request_presence", "add_bot", "remove_bot", "draw_character", "place_character"]) {
    await client.refused(event, { message: "x", typing: true, seat: 1, level: "easy", character_id: 1, role_name: "r" }, "NO_GAME");
  }
});

test("request_sync gives the state, or says that nothing is newer", async () => {
  const { host } = await startedRoom(server.url);
  const { state, seq } = await host.ok("request_sync", {});
  assert.equal(state.current_turn === "host" || state.current_turn === "guest", true);
  const confirmed = await host.ok("request_sync", { last_seq: seq });
  assert.equal(confirmed.sync_confirmed, true, JSON.stringify(confirmed).slice(0, 200));
  const behind = await host.ok("request_sync", { last_seq: 1 });
  assert.equal(behind.seq, seq);
  assert.ok(behind.state, "the state");
});

test("chat: 1 to 500 characters, trimmed, to everybody, with its seq", async () => {
  const { host, guest } = await room(server.url);
  const { seq } = await host.ok("chat_message", { message: "  hello  " });
  const heard = await guest.next("chat_message");
  assert.equal(heard.message, "hello");
  assert.equal(heard.seq, seq);
  assert.equal(heard.player.nickname, "Ada");
  assert.ok(!Number.isNaN(new Date(heard.timestamp).getTime()), `timestamp: ${heard.timestamp}`);
  await host.ok("chat_message", { message: "é".repeat(500) });
  for (const message of ["", "   ", "\n\t", "x".repeat(501), "x".repeat(50_000), null, 5, {}, ["x"]]) {
    await host.refused("chat_message", { message }, "VALIDATION_ERROR");
  }
  await host.refused("chat_message", {}, "VALIDATION_ERROR");
});

test("typing reaches the others at most twice a second and is never logged", async () => {
  const { host, guest } = await room(server.url);
  const { seq: before } = await host.ok("request_sync", {});
  for (let i = 0; i < 20; i += 1) await host.ok("typing", { typing: i % 2 === 0 });
  const typing = await guest.next("player_typing");
  assert.equal(typing.player_id, host.session.player_id);
  assert.equal(typing.nickname, "Ada");
  assert.equal(typing.typing, true);
  await host.ok("chat_message", { message: "done" });
  await guest.next("chat_message");
  assert.ok(guest.all("player_typing").length <= 4, `${guest.all("player_typing").length} of 20 were passed on at once`);
  const { seq: after } = await host.ok("request_sync", {});
  assert.equal(after, before + 1, "only the chat message is logged");
  assert.ok(guest.all("player_typing").every(({ seq }) => seq === undefined), "typing has no seq");
  for (const typing of ["yes", 1, null, {}]) await host.refused("typing", { typing }, "VALIDATION_ERROR");
});

test("request_presence counts players, not sockets or spectators", async () => {
  const { host, guest, code } = await room(server.url);
  const tab = await connect(server.url, { auth: { token: guest.session.token } });
  await tab.ok("join_room", { room_code: code });
  const watcher = await connect(server.url);
  await watcher.ok("join_room", { room_code: code, as: "spectator" });
  const presence = await host.ok("request_presence", {});
  assert.deepEqual([presence.online_players, presence.total_players], [[host.session.player_id, guest.session.player_id], 2]);
  assert.deepEqual(
    presence.players.map(({ nickname, seat, online }) => ({ nickname, seat, online })),
    [{ nickname: "Ada", seat: 0, online: true }, { nickname: "Ben", seat: 1, online: true }],
  );
});

test("everybody is told when somebody comes online or goes", async () => {
  const { host, guest } = await room(server.url);
  await host.next("presence_update", ({ online_players }) => online_players.length === 2);
  guest.close();
  const update = await host.next("presence_update", ({ online_players }) => online_players.length === 1);
  assert.equal(update.players.find(({ seat }) => seat === 1).online, false);
});

test("two tabs of one player share the seat, both get every event, and closing one drops nobody", async () => {
  const { host, guest, code } = await room(server.url);
  const tab = await connect(server.url, { name: "second tab", auth: { token: guest.session.token } });
  const joined = await tab.ok("join_room", { room_code: code });
  assert.deepEqual([joined.player_role, joined.seat], ["guest", 1]);
  await host.ok("start_game", {});
  await Promise.all([tab.next("game_started"), guest.next("game_started")]);
  guest.close();
  await host.ok("chat_message", { message: "still there?" });
  await tab.next("chat_message");
  const { online_players } = await host.ok("request_presence", {});
  assert.equal(online_players.length, 2);
  assert.equal(host.all("player_disconnected").length, 0);
  assertResults((await playOn({ host, guest: tab })).guest);
});

test("leave_room frees the seat in the lobby", async () => {
  const { host, guest, code } = await room(server.url);
  await guest.ok("leave_room", {});
  const left = await host.next("player_left");
  assert.equal(left.player.player_id, guest.session.player_id);
  await guest.refused("chat_message", { message: "x" }, "NO_GAME");
  const next = await connect(server.url, { name: "next" });
  const joined = await next.ok("join_room", { room_code: code, nickname: "Cleo" });
  assert.equal(joined.seat, 1);
});

test("leaving in the middle of a game ends it, and the other sees results", async () => {
  const { host, guest } = await startedRoom(server.url);
  await guest.ok("leave_room", {});
  const ended = await host.next("game_ended");
  assert.equal(ended.results.winner, "host");
});

test("when the host leaves the lobby the guest may start with whoever comes", async () => {
  const { host, guest, code } = await room(server.url);
  await host.ok("leave_room", {});
  await guest.next("player_left");
  const third = await connect(server.url);
  const answer = await third.ask("join_room", { room_code: code, nickname: "Cleo" });
  // Either the guest is the host now, or the room is closed; but nobody may be left in a room that can never start.
  if (answer.ok) {
    await guest.ok("start_game", {});
  } else {
    assert.equal(answer.error.code, "ROOM_UNAVAILABLE", JSON.stringify(answer));
  }
});

test("reset_game: back to the lobby with the same players, the host alone before the start, both once started", async () => {
  const { host, guest } = await startedRoom(server.url);
  await host.ok("reset_game", {});
  assert.equal(host.all("game_reset").length, 0, "one alone does not reset a game that has started");
  await guest.ok("reset_game", {});
  await Promise.all([host.next("game_reset"), guest.next("game_reset")]);
  const { total_players } = await host.ok("request_presence", {});
  assert.equal(total_players, 2);
  await host.ok("start_game", {});
  assertResults((await playOn({ host, guest })).host);
});

test("rematch: a new room with the same players and options when all have asked", async () => {
  const options = { create: { options: {} } };
  const { host, guest, code } = await startedRoom(server.url, options);
  const before = await stateOf(host);
  await playOn({ host, guest });
  host.forget("connection_established");
  guest.forget("connection_established");
  await host.ok("rematch", {});
  await guest.ok("rematch", {});
  const [a, b] = await Promise.all([host.next("connection_established"), guest.next("connection_established")]);
  assert.notEqual(a.room_code, code);
  assert.equal(a.room_code, b.room_code);
  assert.equal(new Set([a.player_role, b.player_role]).size, 2, "both have a seat");
  const [newHost, newGuest] = a.player_role === "host" ? [host, guest] : [guest, host];
  for (const client of [host, guest]) for (const event of ["game_started", "game_ended"]) client.forget(event);
  const { status } = a;
  if (status !== "in_progress") await newHost.ok("start_game", {});
  const after = await stateOf(newGuest);
  assert.equal(after.template_id, before.template_id);
  assert.deepEqual(after.anime_pool_ids, before.anime_pool_ids);
});

test("rematch before the end is refused", async () => {
  const { host } = await startedRoom(server.url);
  const answer = await host.ask("rematch", {});
  assert.equal(answer.ok, false, JSON.stringify(answer));
});

test("add_bot and remove_bot: host only, lobby only, existing levels only", async () => {
  const host = await connect(server.url, { name: "host" });
  const { room_code } = await host.ok("create_room", {});
  const [level] = await botLevels();
  const watcher = await connect(server.url);
  await watcher.ok("join_room", { room_code, as: "spectator" });
  const answer = await watcher.ask("add_bot", { seat: 1, level });
  assert.ok(["NOT_HOST", "FORBIDDEN", "NOT_IN_GAME"].includes(answer.error?.code), JSON.stringify(answer));
  for (const data of [{ seat: 0, level }, { seat: 2, level }, { seat: -1, level }, { seat: "1", level }, { seat: 1, level: "godlike" }]) {
    const refused = await host.ask("add_bot", data);
    assert.equal(refused.ok, false, `${JSON.stringify(data)}: ${JSON.stringify(refused)}`);
  }
  await host.ok("add_bot", { seat: 1, level });
  const { player } = await host.next("player_joined", ({ player }) => player.seat === 1);
  assert.ok(player.bot, "marked as a bot");
  const third = await connect(server.url);
  await third.refused("join_room", { room_code }, "ROOM_FULL");
  await host.ok("remove_bot", { seat: 1 });
  await third.ok("join_room", { room_code });
  await host.ok("start_game", {});
  const late = await host.ask("add_bot", { seat: 1, level });
  assert.equal(late.ok, false);
});

test("a bot of each level plays a whole game", async (t) => {
  const levels = await botLevels();
  assert.ok(levels.length >= 2, `at two levels: ${levels}`);
  for (const level of levels) {
    await t.test(level, async () => {
      const host = await connect(server.url, { name: "host" });
      const { room_code } = await host.ok("create_room", {});
      await host.ok("add_bot", { seat: 1, level });
      await host.ok("start_game", {});
      await host.next("game_started");
      while (host.all("game_ended").length === 0) {
        const state = await stateOf(host);
        const placed = Object.keys(state.host_placements).length + Object.keys(state.guest_placements).length;
        if (state.current_turn === "host" && Object.keys(state.host_placements).length < state.template.roles.length) {
          await host.ok("draw_character", {});
          const { drawn_character, template, host_placements } = await stateOf(host);
          const role_name = template.roles.find((role) => !(role in host_placements));
          await host.ok("place_character", { character_id: drawn_character.id, role_name });
        } else {
          await host.until(() => host.all("character_placed").length > placed || host.all("game_ended").length, `the bot's turn in ${room_code}`);
        }
      }
      assertResults(host.all("game_ended")[0]);
      host.assertGapless();
    });
  }
});

async function botLevels() {
  const body = await (await fetch(`${server.url}/api/games`)).json();
  const draft = (body.games ?? body).find(({ name, game }) => (name ?? game) === "draft");
  return draft.bots;
}

test("ping answers with the ack and a pong", async () => {
  const client = await connect(server.url);
  await client.ok("ping", { timestamp: 12345 });
  const pong = await client.next("pong");
  assert.equal(pong.timestamp, 12345);
  assert.ok(Math.abs(new Date(pong.server_time).getTime() - Date.now()) < 60_000, `server_time ${pong.server_time}`);
});

test("one player's rooms are kept apart: a socket that joins another room is told only of that", async () => {
  const { host, code } = await room(server.url);
  const second = await host.ok("create_room", {});
  assert.notEqual(second.room_code, code);
  const other = await connect(server.url);
  await other.ok("join_room", { room_code: second.room_code, nickname: "Cleo" });
  await host.next("player_joined", ({ player }) => player.nickname === "Cleo");
  await other.ok("chat_message", { message: "in the second room" });
  const chat = await host.next("chat_message");
  assert.equal(chat.message, "in the second room");
});

test("another room's seat gives no rights here", async () => {
  const first = await startedRoom(server.url);
  const second = await startedRoom(server.url);
  const mover = (await stateOf(first.host)).current_turn;
  await first[mover].ok("draw_character", { room_code: second.code });
  assert.equal((await stateOf(second.host)).drawn_character, null, "the other room is untouched");
});

test("whoever goes into another room hears nothing more of the first, and has missed nothing when they are refused there", async () => {
  const { host, guest, code } = await room(server.url);
  const told = [];
  host.socket.onAny((event, data) => told.push({ event, data }));
  const said = async (from, count) => {
    const seqs = [];
    for (let n = 0; n < count; n++) seqs.push((await guest.ok("chat_message", { message: `${from} ${n}` })).seq);
    return seqs;
  };
  for (let round = 0; round < 20; round++) {
    const talking = said(round, 8);
    await host.refused("join_room", { room_code: "BBBBBB" }, "INVALID_GAME");
    const other = await host.ok("create_room", {});
    await talking;
    const entered = told.findLastIndex(({ event, data }) => event === "connection_established" && data.room_code === other.room_code);
    assert.ok(entered >= 0);
    const strange = told.slice(entered).filter(({ event, data }) => event === "chat_message" || event.startsWith("player_dis") || data.room_code === code);
    assert.deepEqual(strange, [], `round ${round}`);
    await host.ok("join_room", { room_code: code });
    told.length = 0;
  }
  const talking = said("refused", 30);
  for (let n = 0; n < 10; n++) await host.refused("join_room", { room_code: "BBBBBB" }, "INVALID_GAME");
  const seqs = await talking;
  await host.ok("request_sync", {});
  const heard = told.filter(({ event }) => event === "chat_message").map(({ data }) => data.seq);
  assert.deepEqual(heard.filter((seq) => seqs.includes(seq)), seqs);
});
