// kill -9 under load: what was acked is there, once, and the log has no gaps.
import assert from "node:assert/strict";
import test from "node:test";
import { connect } from "../support/client.mjs";
import { freeRoles, startedRoom, stateOf } from "../support/draft.mjs";
import { anyMoment, randomness } from "../support/random.mjs";
import { startServer } from "../support/server.mjs";

const KILLS = 20;
const ROOMS = 4;

test(`the server is killed ${KILLS} times under load: every acked command is in the log once, without gaps`, { timeout: 240_000 }, async (t) => {
  const next = randomness(t);
  const server = await startServer(t);
  const rooms = await Promise.all(Array.from({ length: ROOMS }, () => startedRoom(server.url)));
  const acked = rooms.map(() => new Map());
  let going = true;
  const load = rooms.flatMap((players, i) => [
    ...["host", "guest"].map(async (role) => {
      for (let n = 0; going; n += 1) {
        const message = `${role} ${n}`;
        const answer = await players[role].surely("chat_message", { message });
        assert.equal(answer.ok, true, JSON.stringify(answer));
        acked[i].set(message, answer.seq);
      }
    }),
    moves(players, () => going),
  ]);
  // A failure of the load shows at once, not only at the end.
  const failed = Promise.all(load).then(() => new Promise(() => {}));
  const kills = async () => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const before = acked.map(({ size }) => size);
      await anyMoment(next, 400);
      await server.restart({ kill: true });
      await Promise.all(rooms.map(({ host }, i) => host.until(() => acked[i].size > before[i] + 4, "new acks after the restart", 30_000)));
    }
  };
  await Promise.race([kills(), failed]);
  going = false;
  await Promise.all(load);

  for (const [i, { host, code }] of rooms.entries()) {
    const response = await fetch(`${server.url}/api/rooms/${code}/events?after=0`, { headers: { Authorization: `Bearer ${host.session.token}` } });
    const events = await allEvents(server.url, code, host.session.token);
    assert.equal(response.status, 200);
    assert.deepEqual(events.map(({ seq }) => seq), events.map((_, n) => n + 1), `room ${code}: 1, 2, 3, … without gaps`);
    const said = events.filter(({ event }) => event === "chat_message");
    const texts = said.map(({ data }) => `${data.player.player_role} ${data.message.split(" ")[1]}`);
    assert.equal(new Set(texts).size, texts.length, "nothing was applied twice");
    for (const [message, seq] of acked[i]) {
      const row = events[seq - 1];
      assert.equal(row?.data.message, message, `what was acked as ${seq} is there`);
    }
    const drawn = events.filter(({ event }) => event === "character_drawn").map(({ data }) => data.character.id);
    assert.equal(new Set(drawn).size, drawn.length, "no character was drawn twice");
    for (const client of [host, rooms[i].guest]) client.assertGapless();
    t.diagnostic(`room ${i}: ${events.length} events, ${acked[i].size} acked`);
  }
  assert.match(server.run("verify", rooms[0].code), /./);
});

/** Draws and places until the draft is full, through every crash. */
async function moves(players, going) {
  const { host } = players;
  while (going()) {
    const { state } = await host.surely("request_sync", {});
    const role = state.current_turn;
    const [role_name] = freeRoles(state, role);
    if (!role_name || host.all("game_ended").length) return;
    const command = state.drawn_character ? ["place_character", { character_id: state.drawn_character.id, role_name }] : ["draw_character", {}];
    const answer = await players[role].surely(...command);
    assert.equal(answer.ok, true, JSON.stringify(answer));
  }
}

async function allEvents(url, code, token) {
  const all = [];
  for (;;) {
    const response = await fetch(`${url}/api/rooms/${code}/events?after=${all.length}`, { headers: { Authorization: `Bearer ${token}` } });
    const { events } = await response.json();
    if (events.length === 0) return all;
    all.push(...events);
  }
}

test("a room sleeps and wakes from its log with the same state", async (t) => {
  const server = await startServer(t, { env: { PARLOR_IDLE_EVICTION_S: "1" } });
  const { host, guest, code } = await startedRoom(server.url);
  const role = (await stateOf(host)).current_turn;
  await (role === "host" ? host : guest).ok("draw_character", {});
  const before = await stateOf(host);
  await server.restart();
  const watcher = await connect(server.url);
  const { state } = await watcher.ok("join_room", { room_code: code, as: "spectator" });
  assert.deepEqual(state.drawn_character, before.drawn_character);
  assert.deepEqual(state.drawn_characters, before.drawn_characters);
});
