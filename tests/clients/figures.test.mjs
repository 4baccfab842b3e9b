// What the server says of itself in /metrics, by what clients did.
import assert from "node:assert/strict";
import test from "node:test";
import { assertRefused, connect } from "../support/client.mjs";
import { playOn, room, startedRoom, stateOf } from "../support/draft.mjs";
import { ready } from "../support/kept.mjs";
import { startServer } from "../support/server.mjs";

/** Waits until the server has looked again and says this. */
const says = (server, name, value) => ready(undefined, async () => (await server.figures())(name) === value, `say ${value} for ${name}`);

test("commands by what came of them, over sockets and over HTTP", async (t) => {
  const server = await startServer(t);
  const { host, guest, code } = await startedRoom(server.url);
  const state = await stateOf(host);
  const [mover, waits] = state.current_turn === "host" ? [host, guest] : [guest, host];
  const counted = async (over, result) => (await server.figures())(`parlor_commands_total{over="${over}",result="${result}"}`);
  const before = { ok: await counted("socket", "ok"), turn: await counted("socket", "NOT_YOUR_TURN") };

  const draw = { command_id: crypto.randomUUID() };
  await mover.ok("draw_character", draw);
  assert.equal((await mover.ok("draw_character", draw)).duplicate, true);
  assertRefused(await waits.ask("draw_character", {}), "NOT_YOUR_TURN");
  assertRefused(await waits.ask("no_such_thing", {}), "UNKNOWN_EVENT");
  // Without an acknowledgement a refusal counts, too.
  waits.socket.emit("draw_character", {});
  await waits.next("error");
  assert.equal((await counted("socket", "ok")) - before.ok, 1);
  assert.equal(await counted("socket", "duplicate"), 1);
  assert.equal((await counted("socket", "NOT_YOUR_TURN")) - before.turn, 2);
  assert.equal(await counted("socket", "UNKNOWN_EVENT"), 1);

  const post = async (token, event, status) => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const answer = await fetch(`${server.url}/api/rooms/${code}/commands`, { method: "POST", headers, body: JSON.stringify({ event, data: { message: "hello" } }) });
    assert.equal(answer.status, status, await answer.text());
  };
  await post(mover.session.token, "chat_message", 200);
  await post(mover.session.token, "ping", 200);
  await post(mover.session.token, "join_room", 400);
  await post("nobody's", "chat_message", 401);
  assert.equal(await counted("http", "ok"), 2);
  assert.equal(await counted("http", "VALIDATION_ERROR"), 1);
});

test("connections by transport, rooms by game and status", async (t) => {
  const server = await startServer(t);
  const { host, guest } = await room(server.url, { guestOptions: { transports: ["polling"] } });
  const old = await connect(server.url, { name: "old", version: "2.x", namespace: "/pong" });
  const open = (transport) => `parlor_connections{transport="${transport}"}`;
  const rooms = (game, status) => `parlor_rooms{game="${game}",status="${status}"}`;
  await says(server, rooms("draft", "ready"), 1);
  await says(server, open("polling"), 1);
  // That of 2.x is in two namespaces, and one connection.
  await says(server, open("websocket"), 2);
  await host.ok("start_game", {});
  await says(server, rooms("draft", "in_progress"), 1);
  let now = await server.figures();
  assert.deepEqual([now(rooms("draft", "ready")), now(rooms("pong", "in_progress"))], [0, 0]);
  await playOn({ host, guest });
  await says(server, rooms("draft", "completed"), 1);
  for (const client of [host, guest, old]) client.close();
  await says(server, open("websocket"), 0);
  now = await server.figures();
  assert.deepEqual([now(open("polling")), now("parlor_store_available")], [0, 1]);
});

test("how many are told of an event, who came back, and what they were told again", async (t) => {
  const server = await startServer(t);
  const { host, guest, code } = await startedRoom(server.url);
  const watchers = await Promise.all([1, 2].map((n) => connect(server.url, { name: `watcher ${n}` })));
  for (const watcher of watchers) await watcher.ok("join_room", { room_code: code, as: "spectator" });
  const told = async (upTo) => (await server.figures())(`parlor_broadcast_recipients_bucket{le="${upTo}"}`);
  const [few, four] = [await told(2), await told(4)];
  await host.ok("chat_message", { message: "to four" });
  assert.deepEqual([(await told(2)) - few, (await told(4)) - four], [0, 1]);

  const [seen, before] = [guest.lastSeq, await server.figures()];
  guest.close();
  await host.next("player_disconnected");
  for (const message of ["one", "two"]) await host.ok("chat_message", { message });
  const auth = { token: guest.session.token, room_code: code };
  const again = await connect(server.url, { name: "again", auth: { ...auth, last_seq: seen } });
  await again.next("connection_established");
  const missed = again.received.filter(({ data }) => data?.seq > seen && data.seq <= again.established.seq && data !== again.established).length;
  const after = await server.figures();
  const grown = (name) => after(name) - before(name);
  assert.equal(grown('parlor_resumes_total{with="events"}'), 1);
  assert.ok(missed >= 3 && grown("parlor_replayed_events_total") === missed, `${grown("parlor_replayed_events_total")} of ${missed}`);
  again.close();
  const anew = await connect(server.url, { name: "anew", auth });
  await anew.next("connection_established");
  assert.equal((await server.figures())('parlor_resumes_total{with="state"}') - before('parlor_resumes_total{with="state"}'), 1);
});
