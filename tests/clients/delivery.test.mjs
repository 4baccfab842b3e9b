// Delivery: nothing missed, nothing doubled, nothing overtaken; retries applied once.
import assert from "node:assert/strict";
import test from "node:test";
import { connect } from "../support/client.mjs";
import { freeRoles, room, sameStory, startedRoom, stateOf } from "../support/draft.mjs";
import { anyMoment, randomness } from "../support/random.mjs";
import { startServer, useServer } from "../support/server.mjs";

const server = useServer();

for (const [name, options] of Object.entries({ WebSocket: { transports: ["websocket"] }, polling: { transports: ["polling"] } })) {
  test(`a player whose ${name} connection breaks 100 times misses nothing and doubles nothing`, { timeout: 180_000 }, async (t) => {
    const next = randomness(t);
    const { host, guest } = await startedRoom(server.url, { hostOptions: options });
    const players = { host, guest };
    const acked = [];
    for (let drop = 0; drop < 100; drop += 1) {
      const falls = anyMoment(next, 12).then(() => host.dropTransport());
      const talk = [host, guest].flatMap((client) =>
        [1, 2].map(async (n) => {
          const message = `${client.name} ${drop}.${n}`;
          const answer = await client.surely("chat_message", { message });
          assert.equal(answer.ok, true, JSON.stringify(answer));
          acked.push(message);
        }),
      );
      await Promise.all([falls, ...talk, drop % 4 === 0 ? oneStep(players) : undefined]);
      await host.until(() => host.socket.connected, "the connection to come back");
    }
    const { seq } = await guest.ok("chat_message", { message: "the last word" });
    await Promise.all([host, guest].map((client) => client.until(() => client.lastSeq >= seq, `seq ${seq}`)));
    host.assertGapless();
    guest.assertGapless();
    sameStory(host, guest, guest.logged()[0].data.seq - 1);
    const heard = host.all("chat_message").map(({ message }) => message);
    assert.equal(new Set(heard).size, heard.length, "no message twice");
    assert.deepEqual(acked.filter((message) => !heard.includes(message)), [], "every acked message was heard");
  });
}

/** Half a turn, by whoever is to move; nothing when the game is over. */
async function oneStep({ host, guest }) {
  const state = await stateOf(guest);
  const role = state.current_turn;
  const client = role === "host" ? host : guest;
  const [role_name] = freeRoles(state, role);
  if (!role_name) return;
  const answer = state.drawn_character
    ? await client.surely("place_character", { character_id: state.drawn_character.id, role_name })
    : await client.surely("draw_character", {});
  assert.equal(answer.ok, true, JSON.stringify(answer));
}

test("coming back with last_seq in the handshake brings every later event, in order, before anything newer", async () => {
  const { host, guest, code } = await startedRoom(server.url);
  const from = guest.lastSeq;
  guest.close();
  await host.next("player_disconnected");
  for (let i = 0; i < 50; i += 1) await host.ok("chat_message", { message: `missed ${i}` });
  const again = await connect(server.url, { name: "guest again", auth: { token: guest.session.token, room_code: code, last_seq: from } });
  const established = await again.next("connection_established");
  assert.equal(established.room_code, code);
  assert.equal(established.player_role, "guest");
  const { seq } = await host.ok("chat_message", { message: "newest" });
  await again.until(() => again.lastSeq >= seq, `seq ${seq}`);
  again.assertGapless(from);
  assert.deepEqual(again.all("chat_message").map(({ message }) => message), [...Array.from({ length: 50 }, (_, i) => `missed ${i}`), "newest"]);
});

test("coming back through join_room answers with the events since last_seq", async () => {
  const { host, guest, code } = await startedRoom(server.url);
  const from = guest.lastSeq;
  guest.close();
  await host.next("player_disconnected");
  for (let i = 0; i < 20; i += 1) await host.ok("chat_message", { message: `missed ${i}` });
  const again = await connect(server.url, { name: "guest again", auth: { token: guest.session.token } });
  const joined = await again.ok("join_room", { room_code: code, last_seq: from });
  const { seq: last } = await host.ok("chat_message", { message: "newest" });
  await again.until(() => again.lastSeq >= last, `seq ${last}`);
  const inAck = (joined.events ?? []).map(({ seq, data }) => seq ?? data.seq);
  const emitted = again.logged().map(({ data }) => data.seq);
  const all = [...new Set([...inAck, ...emitted])].sort((a, b) => a - b);
  assert.deepEqual(all, Array.from({ length: last - from }, (_, i) => from + 1 + i), "all of them, in the answer or as events");
  assert.equal(new Set(emitted).size, emitted.length, "none emitted twice");
  assert.deepEqual(emitted, [...emitted].sort((a, b) => a - b), "in order");
});

test("a last_seq from the future or that is no number does no harm", async () => {
  const { host, guest, code } = await startedRoom(server.url);
  guest.close();
  await host.next("player_disconnected");
  for (const last_seq of [1_000_000, -1, "7", null, 1.5, 2 ** 53, {}]) {
    const again = await connect(server.url, { auth: { token: guest.session.token } });
    const answer = await again.ask("join_room", { room_code: code, last_seq });
    if (answer.ok) assert.ok(answer.state || answer.events, `${JSON.stringify(last_seq)}: ${JSON.stringify(answer).slice(0, 200)}`);
    else assert.equal(answer.error.code, "VALIDATION_ERROR", JSON.stringify(last_seq));
    again.close();
    const byHandshake = await connect(server.url, { auth: { token: guest.session.token, room_code: code, last_seq } });
    await byHandshake.ok("ping", { timestamp: 1 });
    byHandshake.close();
  }
});

test("a room code in the handshake that leads nowhere is told, and the socket lives", async () => {
  const { session } = await connect(server.url);
  for (const room_code of ["222222", "no code", 5, null, {}]) {
    const client = await connect(server.url, { auth: { token: session.token, room_code, last_seq: 3 } });
    await client.ok("create_room", {});
  }
});

test("a command sent again with its command_id is applied once and answered as the first time", async () => {
  const { host, guest } = await startedRoom(server.url);
  const players = { host, guest };
  const state = await stateOf(host);
  const mover = players[state.current_turn];
  const first = await mover.ok("draw_character", { command_id: "draw-1" });
  assert.notEqual(first.duplicate, true);
  const again = await mover.ok("draw_character", { command_id: "draw-1" });
  assert.equal(again.duplicate, true);
  assert.deepEqual({ ...again, duplicate: undefined }, { ...first, duplicate: undefined }, "the same answer");
  const { drawn_character } = await stateOf(mover);
  const place = { character_id: drawn_character.id, role_name: state.template.roles[0], command_id: "place-1" };
  const [one, two, three] = await Promise.all([mover.ok("place_character", place), mover.ok("place_character", place), mover.ok("place_character", place)]);
  assert.deepEqual([one, two, three].map(({ duplicate }) => duplicate === true).sort(), [false, true, true], "three at once: one is the first");
  const { seq } = await mover.ok("chat_message", { message: "once", command_id: "x".repeat(64) });
  const retried = await mover.ok("chat_message", { message: "once", command_id: "x".repeat(64) });
  assert.deepEqual([retried.seq, retried.duplicate], [seq, true]);
  assert.equal(mover.all("character_drawn").length, 1);
  assert.equal(mover.all("character_placed").length, 1);
  assert.equal(mover.all("chat_message").length, 1);
});

test("the same command_id of two players are two commands", async () => {
  const { host, guest } = await room(server.url);
  await host.ok("chat_message", { message: "mine", command_id: "1" });
  const other = await guest.ok("chat_message", { message: "mine too", command_id: "1" });
  assert.notEqual(other.duplicate, true);
});

test("create_room with a command_id makes one room", async () => {
  const host = await connect(server.url);
  const first = await host.ok("create_room", { command_id: "room-1" });
  const again = await host.ok("create_room", { command_id: "room-1" });
  assert.equal(again.room_code, first.room_code);
  assert.equal(again.duplicate, true);
});

test("command ids are 1 to 64 characters of text", async () => {
  const { host } = await room(server.url);
  for (const command_id of ["", "x".repeat(65), 5, {}, [], true]) {
    await host.refused("chat_message", { message: "x", command_id }, "VALIDATION_ERROR");
  }
});

test("a refused command may be sent again under its command_id", async () => {
  const { host, guest } = await room(server.url);
  await host.refused("chat_message", { message: "", command_id: "c" }, "VALIDATION_ERROR");
  const answer = await host.ok("chat_message", { message: "better", command_id: "c" });
  assert.notEqual(answer.duplicate, true);
  await guest.next("chat_message");
});

test("retries are applied once also after kill -9 and a restart", async (t) => {
  const own = await startServer(t);
  const { host, guest } = await startedRoom(own.url);
  const players = { host, guest };
  const state = await stateOf(host);
  const mover = players[state.current_turn];
  const first = await mover.ok("draw_character", { command_id: "draw-1" });
  const said = await mover.ok("chat_message", { message: "before the crash", command_id: "say-1" });
  await own.restart({ kill: true });
  const again = await mover.surely("draw_character", { command_id: "draw-1" });
  assert.deepEqual([again.ok, again.duplicate, again.seq], [true, true, first.seq], JSON.stringify(again));
  const saidAgain = await mover.surely("chat_message", { message: "before the crash", command_id: "say-1" });
  assert.deepEqual([saidAgain.ok, saidAgain.duplicate, saidAgain.seq], [true, true, said.seq]);
  const { drawn_characters } = await stateOf(mover);
  assert.equal(drawn_characters.length, 1, "drawn once");
});

test("expected_version and game_version: STALE_VERSION with the current one when the room is past it", async () => {
  const { host, guest } = await startedRoom(server.url);
  const players = { host, guest };
  const { state, seq } = await host.ok("request_sync", {});
  const version = state.version ?? seq;
  const mover = players[state.current_turn];
  for (const key of ["expected_version", "game_version"]) {
    const error = await mover.refused("draw_character", { [key]: 0 }, "STALE_VERSION");
    assert.match(JSON.stringify(error.details ?? error), new RegExp(`\\b${version}\\b`), `the current version ${version} is named: ${JSON.stringify(error)}`);
  }
  assert.equal((await stateOf(mover)).drawn_character, null, "nothing was applied");
  await mover.ok("draw_character", { expected_version: version });
  for (const expected_version of ["now", -1, {}, 1.5]) {
    await mover.refused("draw_character", { expected_version }, "VALIDATION_ERROR");
  }
});

test("10,000 events of one socket are handled in the order sent", { timeout: 120_000 }, async () => {
  const { host, guest } = await room(server.url);
  const answered = [];
  const last = new Promise((resolve, reject) => {
    setTimeout(() => reject(new Error(`${answered.length} of 10,000 pings were answered`)), 60_000).unref();
    for (let i = 0; i < 10_000; i += 1) {
      host.socket.emit("ping", { timestamp: i }, (answer) => {
        assert.equal(answer.ok, true, JSON.stringify(answer));
        answered.push(i);
        if (answered.length === 10_000) resolve();
      });
    }
  });
  await last;
  const inOrder = Array.from({ length: 10_000 }, (_, i) => i);
  assert.deepEqual(answered, inOrder, "acks in order");
  assert.deepEqual(host.all("pong").map(({ timestamp }) => timestamp), inOrder, "pongs in order");

  // Logged ones, 100 in flight at a time: more than a room's mailbox may be refused as BUSY.
  for (let i = 0; i < 10_000; i += 100) {
    const burst = Array.from({ length: 100 }, (_, n) => host.ok("chat_message", { message: `${i + n}` }, 30_000));
    await Promise.all(burst);
  }
  await guest.until(() => guest.all("chat_message").length === 10_000, "10,000 messages", 30_000);
  assert.deepEqual(guest.all("chat_message").map(({ message }) => Number(message)), inOrder, "the log is in order");
  guest.assertGapless();
});

test("a gap in seq never comes: what one may not see arrives as hidden", async () => {
  const { host, guest, code } = await startedRoom(server.url);
  const watcher = await connect(server.url, { name: "watcher" });
  const { seq } = await watcher.ok("join_room", { room_code: code, as: "spectator" });
  for (let i = 0; i < 4; i += 1) await oneStep({ host, guest });
  const { seq: last } = await host.ok("chat_message", { message: "end" });
  await watcher.until(() => watcher.lastSeq >= last, `seq ${last}`);
  watcher.assertGapless(seq);
});

test("what is too much at once is answered BUSY; sent again by its command_id, everything is there once", async (t) => {
  const small = await startServer(t, { env: { PARLOR_MAX_PENDING: "1" } });
  const tables = await Promise.all(Array.from({ length: 4 }, async (_, i) => {
    const host = await connect(small.url, { name: `host ${i}` });
    await host.ok("create_room", { nickname: "Ada" });
    return host;
  }));
  let busy = 0;
  const wanted = Array.from({ length: 40 }, (_, i) => `message ${i}`);
  await Promise.all(tables.map(async (host) => {
    const refused = [];
    await Promise.all(wanted.map(async (message) => {
      const answer = await host.ask("chat_message", { message, command_id: message });
      if (answer.ok) return;
      assert.equal(answer.error.code, "BUSY", JSON.stringify(answer));
      assert.ok(answer.error.details.retry_after_ms > 0, JSON.stringify(answer));
      refused.push(message);
    }));
    busy += refused.length;
    for (const message of refused) assert.equal((await host.surely("chat_message", { message, command_id: message })).ok, true);
    await host.until(() => host.all("chat_message").length >= wanted.length, "all messages");
    assert.deepEqual(host.all("chat_message").map(({ message }) => message).toSorted(), wanted.toSorted());
    host.assertGapless();
  }));
  assert.ok(busy > 0, "nothing was too much");
});
