// Dropped players: the grace period, what comes after it, and restarts of the server in the middle of a game.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { connect } from "../support/client.mjs";
import { assertResults, playOn, room, startedRoom, stateOf, takeTurn } from "../support/draft.mjs";
import { startProxy } from "../support/proxy.mjs";
import { startServer, useServer } from "../support/server.mjs";

const GRACE = 1_500;
const server = useServer({ env: { PARLOR_GRACE_MS: String(GRACE) } });

test("a dropped player is announced with the time the grace period ends, and comes back to the same state", async () => {
  const { host, guest, code } = await startedRoom(server.url);
  const mover = (await stateOf(host)).current_turn === "host" ? host : guest;
  await mover.ok("draw_character", {});
  const before = await stateOf(host);
  guest.close();
  const dropped = await host.next("player_disconnected");
  assert.equal(dropped.player_id, guest.session.player_id);
  assert.deepEqual([dropped.seat, dropped.player_role], [1, "guest"]);
  const grace = new Date(dropped.grace_ends_at) - new Date(dropped.timestamp);
  assert.ok(Math.abs(grace - GRACE) < 200, `grace_ends_at is ${grace} ms after timestamp`);
  const again = await connect(server.url, { name: "guest again", auth: { token: guest.session.token, room_code: code, last_seq: guest.lastSeq } });
  const back = await host.next("player_reconnected");
  assert.deepEqual([back.player_id, back.seat, back.player_role], [guest.session.player_id, 1, "guest"]);
  assert.deepEqual(await stateOf(again), before);
  assertResults((await playOn({ host, guest: again })).host);
});

for (const leaver of ["host", "guest"]) {
  test(`when the ${leaver} does not come back, the game ends and the other sees results`, async () => {
    const players = await startedRoom(server.url);
    await takeTurn(players[(await stateOf(players.host)).current_turn], (await stateOf(players.host)).current_turn, await stateOf(players.host));
    const stays = leaver === "host" ? "guest" : "host";
    players[leaver].close();
    const dropped = await players[stays].next("player_disconnected");
    const ended = await players[stays].next("game_ended");
    assert.ok(new Date(ended.timestamp) >= new Date(dropped.grace_ends_at), `ended at ${ended.timestamp}, grace until ${dropped.grace_ends_at}`);
    assert.ok(new Date(ended.timestamp) - new Date(dropped.grace_ends_at) < 2_000, "and not much later");
    assert.equal(ended.results.winner, stays);
    assert.match(ended.reason, /disconnect|come back|left|gone|absent|return/i);
    assert.equal(players[stays].all("game_ended").length, 1);
  });
}

test("both players gone: the room is abandoned", async () => {
  const { host, guest, code } = await startedRoom(server.url);
  const watcher = await connect(server.url, { name: "watcher" });
  await watcher.ok("join_room", { room_code: code, as: "spectator" });
  await { host, guest }[(await stateOf(host)).current_turn].ok("draw_character", {});
  host.close();
  guest.close();
  const ended = await watcher.next("game_ended");
  const status = await (await fetch(`${server.url}/api/rooms/${code}`)).json();
  assert.equal(status.status, "abandoned", JSON.stringify(ended));
  // Whoever left may still see that the luck was fair.
  assert.equal(ended.seed_hash, watcher.established.seed_hash);
  assert.equal(createHash("sha256").update(Buffer.from(ended.seed, "hex")).digest("hex"), ended.seed_hash);
  const verdict = await (await fetch(`${server.url}/api/rooms/${code}/verify`)).json();
  assert.ok(verdict.matches && verdict.draws.length === 1, JSON.stringify(verdict));
});

test("a deadline fires also when nobody is left to see it and the server was restarted", async (t) => {
  const own = await startServer(t, { env: { PARLOR_GRACE_MS: "300", PARLOR_RESTART_GRACE_MS: "500" } });
  const { host, guest, code } = await startedRoom(own.url);
  host.close();
  guest.close();
  await own.restart({ kill: true });
  const watcher = await connect(own.url, { name: "watcher" });
  const joined = await watcher.ok("join_room", { room_code: code, as: "spectator" });
  if (joined.status === "in_progress" || !(await abandoned(own, code))) await watcher.next("game_ended");
  assert.ok(await abandoned(own, code));
});

const abandoned = async ({ url }, code) => (await (await fetch(`${url}/api/rooms/${code}`)).json()).status === "abandoned";

test("the grace period starts anew with every drop", async () => {
  const { host, guest, code } = await startedRoom(server.url);
  let current = guest;
  for (let i = 0; i < 3; i += 1) {
    current.close();
    const { grace_ends_at, timestamp } = await host.next("player_disconnected");
    assert.ok(Math.abs(new Date(grace_ends_at) - new Date(timestamp) - GRACE) < 200);
    current = await connect(server.url, { name: `guest ${i}`, auth: { token: guest.session.token, room_code: code, last_seq: current.lastSeq } });
    await host.next("player_reconnected");
  }
  // Longer than any of the three grace periods: nothing fires late.
  await new Promise((resolve) => setTimeout(resolve, GRACE + 300));
  assert.equal(host.all("game_ended").length, 0);
  await current.ok("chat_message", { message: "here" });
});

test("a player in the lobby who does not come back gives the seat free", async (t) => {
  const own = await startServer(t, { env: { PARLOR_LOBBY_GRACE_MS: "300" } });
  const { host, guest, code } = await room(own.url);
  guest.close();
  await host.next("player_disconnected");
  await host.next("player_left");
  const next = await connect(own.url);
  const joined = await next.ok("join_room", { room_code: code });
  assert.equal(joined.seat, 1);
});

test("a connection that only goes silent is noticed by the heartbeat", async (t) => {
  const own = await startServer(t, { env: { PARLOR_PING_INTERVAL_MS: "1000", PARLOR_PING_TIMEOUT_MS: "1000", PARLOR_GRACE_MS: "60000" } });
  const proxy = await startProxy(t, own.port);
  const host = await connect(own.url, { name: "host" });
  const guest = await connect(proxy.url, { name: "guest" });
  const { room_code } = await host.ok("create_room", {});
  await guest.ok("join_room", { room_code });
  host.room = guest.room = room_code;
  await host.ok("start_game", {});
  await guest.next("game_started");
  proxy.stall();
  await host.next("player_disconnected");
  await host.ok("chat_message", { message: "said meanwhile" });
  await proxy.cut();
  proxy.resume();
  await proxy.restore();
  await host.next("player_reconnected");
  const chat = await guest.next("chat_message");
  assert.equal(chat.message, "said meanwhile");
  guest.assertGapless();
});

for (const [how, kill] of [["SIGTERM", false], ["kill -9", true]]) {
  test(`${how} and restart in the middle of a game: same state, nobody forfeits, the game goes on`, async (t) => {
    const own = await startServer(t, { env: { PARLOR_GRACE_MS: "1000" } });
    const players = await startedRoom(own.url);
    const { host, guest } = players;
    const { current_turn } = await stateOf(host);
    await takeTurn(players[current_turn], current_turn, await stateOf(host));
    const before = await stateOf(host);
    for (const client of [host, guest]) client.forget(":connect");
    await own.restart({ kill });
    if (!kill) {
      for (const client of [host, guest]) {
        const draining = await client.next("server_draining");
        assert.ok(draining.reconnect_after_ms >= 0, JSON.stringify(draining));
      }
    }
    await Promise.all([host.next(":connect"), guest.next(":connect")]);
    await Promise.all([host, guest].map((client) => client.until(() => client.socket.connected, "the connection")));
    assert.deepEqual(await stateOf(host), before, "the same state");
    assert.equal(host.all("game_ended").length + guest.all("game_ended").length, 0);
    const ended = await playOn(players);
    assertResults(ended.host);
    host.assertGapless();
    guest.assertGapless();
  });
}

test("after a restart the grace period of those who were there is at least the one for restarts", async (t) => {
  const own = await startServer(t, { env: { PARLOR_GRACE_MS: "300", PARLOR_RESTART_GRACE_MS: "4000" } });
  const { host, guest, code } = await startedRoom(own.url);
  guest.socket.io.reconnection(false);
  host.forget(":connect");
  await own.restart({ kill: true });
  const up = Date.now();
  await host.next(":connect");
  await host.until(() => host.socket.connected, "the connection");
  const { players } = await host.ok("request_presence", {});
  assert.equal(players.find(({ seat }) => seat === 1).online, false);
  const ended = await host.next("game_ended");
  assert.ok(Date.now() - up > 3_000, `the game ended ${Date.now() - up} ms after the restart`);
  assert.equal(ended.results.winner, "host");
  assert.ok(code && guest);
});
