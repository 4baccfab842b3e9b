// Two strangers find each other: real Socket.IO clients of several versions, in several namespaces, over a restart.
import assert from "node:assert/strict";
import test from "node:test";
import { assertRefused, Client, connect } from "../support/client.mjs";
import { startServer, useServer } from "../support/server.mjs";

const server = useServer({ env: { PARLOR_QUEUE_GRACE_MS: "300" } });

const join = async (client, data = {}) => {
  const answer = await client.ask("queue_join", data);
  assert.equal(answer.ok, true, JSON.stringify(answer));
  return answer;
};

for (const [what, one, other] of [
  ["in the lobby namespace", { namespace: "/" }, { namespace: "/" }],
  ["of any version, in any namespace", { namespace: "/pong", version: "2.x" }, { namespace: "/draft", version: "3.x" }],
  ["over polling and with another parser", { namespace: "/", transports: ["polling"] }, { namespace: "/", version: "4.x msgpack" }],
]) {
  test(`two who wait ${what} are told of each other and play`, async () => {
    const ada = await connect(server.url, { name: "Ada", auth: { nickname: "Ada" }, ...one });
    const ben = await connect(server.url, { name: "Ben", auth: { nickname: "Ben" }, ...other });
    const answer = await join(ada, { game: "draft" });
    assert.deepEqual([answer.status, answer.game, answer.position, answer.waiting], ["waiting", "draft", 1, 1]);
    await ada.next("queue_update");
    await join(ben, { game: "draft" });
    const [a, b] = [await ada.next("match_found"), await ben.next("match_found")];
    assert.equal(a.room_code, b.room_code);
    assert.deepEqual([a.side, b.side].sort(), ["guest", "host"]);
    assert.equal(b.opponent.player_id, ada.session.player_id);
    assert.equal((await ada.ask("queue_status")).status, "matched");
    const players = [];
    for (const [client, match] of [[ada, a], [ben, b]]) {
      const player = await connect(server.url, { namespace: match.namespace, auth: { token: client.session.token } });
      const entered = await player.ask("join_room", { room_code: match.room_code });
      assert.equal(entered.seat, match.seat, JSON.stringify(entered));
      assert.equal(entered.player_role, match.side);
      players.push({ player, match });
    }
    const host = players.find(({ match }) => match.side === "host").player;
    assert.equal((await host.ask("start_game")).ok, true);
    // In a running game nobody waits for another one. Who sits where is noted a moment later.
    let again = await host.ask("queue_join", { game: "draft" });
    for (; again.ok; again = await host.ask("queue_join", { game: "draft" })) {
      await host.ask("queue_leave");
      await new Promise((done) => setTimeout(done, 50));
    }
    assertRefused(again, "FORBIDDEN");
    assert.equal(again.error.details.room_code, a.room_code);
  });
}

test("pong is what one waits for in the lobby namespace, and its sides are left and right", async () => {
  const [ada, ben] = [await connect(server.url, { namespace: "/" }), await connect(server.url, { namespace: "/" })];
  assert.equal((await join(ada)).game, "pong");
  await join(ben);
  const [a, b] = [await ada.next("match_found"), await ben.next("match_found")];
  assert.deepEqual([a.side, b.side].sort(), ["left", "right"]);
  assert.equal(a.namespace, "/pong");
});

test("leaving, closing the last socket and taking a seat take one out; another tab keeps the place", async () => {
  const ada = await connect(server.url, { namespace: "/" });
  await join(ada, { game: "backgammon" });
  assert.equal((await ada.ask("queue_leave")).left, true);
  assert.equal((await ada.ask("queue_leave")).left, false);
  assert.equal((await ada.ask("queue_status")).status, "idle");

  await join(ada, { game: "backgammon" });
  const tab = await connect(server.url, { namespace: "/pong", auth: { token: ada.session.token } });
  ada.close();
  await new Promise((done) => setTimeout(done, 1500));
  assert.equal((await tab.ask("queue_status")).status, "waiting");
  const { token } = tab.session;
  tab.close();
  const gone = await connect(server.url, { namespace: "/" });
  const nobody = async () => {
    const { position, waiting } = await join(gone, { game: "backgammon" });
    await gone.ask("queue_leave");
    return position === 1 && waiting === 1;
  };
  while (!(await nobody())) await new Promise((done) => setTimeout(done, 100));
  const back = await connect(server.url, { namespace: "/draft", auth: { token } });
  assert.equal((await back.ask("queue_status")).status, "idle");

  await join(back, { game: "backgammon" });
  await back.ask("create_room", {});
  while ((await back.ask("queue_status")).status !== "idle") await new Promise((done) => setTimeout(done, 100));
});

test("wishes that are none are refused, and every event is answered", async () => {
  const ada = await connect(server.url, { namespace: "/" });
  for (const data of [{ game: "chess" }, { game: 5 }, { game: "" }, { nickname: "" }, { nickname: {} }, { command_id: "" }, [], "x", 7]) {
    assertRefused(await ada.ask("queue_join", data), "VALIDATION_ERROR");
  }
  assert.equal((await ada.ask("queue_status")).status, "idle");
  // Without an acknowledgement, as an event.
  ada.socket.emit("queue_join", { game: "chess" });
  assert.equal((await ada.next("error")).event, "queue_join");
  ada.socket.emit("queue_join", { game: "backgammon" });
  assert.equal((await ada.next("queue_update")).game, "backgammon");
});

test("a restart keeps the places", async (t) => {
  const own = await startServer(t);
  const ada = new Client(own.url, { namespace: "/", name: "Ada" });
  await ada.connect();
  await join(ada, { game: "draft" });
  await own.restart({ kill: true });
  await ada.next("session", () => ada.all("session").length > 1);
  assert.equal((await ada.ask("queue_status")).status, "waiting");
  const ben = await connect(own.url, { namespace: "/", name: "Ben" });
  await join(ben, { game: "draft" });
  assert.equal((await ada.next("match_found")).room_code, (await ben.next("match_found")).room_code);
});
