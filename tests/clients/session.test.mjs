// Who one is: guests, tokens, cookies; credentials that are not in order.
import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";
import { io } from "socket.io-client";
import { assertRefused, Client, connect } from "../support/client.mjs";
import { room, stateOf } from "../support/draft.mjs";
import { startServer, useServer } from "../support/server.mjs";
import { badTokens, read, reissue } from "../support/token.mjs";

const server = useServer();
const seconds = () => Math.floor(Date.now() / 1000);

test("a newcomer is made a guest and gets a token to keep", async () => {
  const { session } = await connect(server.url);
  assert.match(session.player_id, /^[0-9a-f-]{36}$/);
  assert.equal(session.guest, true);
  assert.ok(typeof session.nickname === "string" && session.nickname.length > 0, "a guest has a name to be called by");
  assert.equal(session.token.split(".").length, 3, "a JWT");
  assert.ok(new Date(session.expires_at) > new Date(), `expires_at lies ahead: ${session.expires_at}`);
  const { header, claims } = read(session.token);
  assert.equal(header.alg, "HS256");
  assert.ok(claims.exp > seconds(), "exp lies ahead");
});

test("the session comes before anything else", async () => {
  const client = await connect(server.url);
  assert.equal(client.received.filter(({ event }) => !event.startsWith(":"))[0].event, "session");
});

test("what is sent in the very moment of being let in is answered, after the session", async () => {
  // The server lets a client in a moment before it can send to it; many at once make that moment long.
  const arrivals = Array.from({ length: 150 }, (_, index) => {
    const socket = io(`${server.url}/draft`, { transports: ["websocket"], forceNew: true, reconnection: false });
    const heard = [];
    socket.onAny((event) => heard.push(event));
    socket.on("connect", () => {
      socket.emit("ping", { timestamp: index });
      socket.emit("no_such_event");
    });
    return Promise.all([once(socket, "pong"), once(socket, "error")]).then(() => {
      socket.disconnect();
      return heard;
    });
  });
  for (const heard of await Promise.all(arrivals)) assert.deepEqual(heard, ["session", "pong", "error"]);
});

test("whoever shows the token again is the same player, on every namespace and transport and by every client", async () => {
  const { session } = await connect(server.url);
  for (const options of [{ transports: ["polling"] }, { version: "2.x" }, { version: "3.x" }, { version: "4.x msgpack" }]) {
    const again = await connect(server.url, { auth: { token: session.token }, ...options });
    assert.equal(again.session.player_id, session.player_id, JSON.stringify(options));
    assert.equal(again.session.nickname, session.nickname);
  }
});

test("the token may come in the query, as 2.x clients send it", async () => {
  const { session } = await connect(server.url);
  const again = await connect(server.url, { query: { token: session.token } });
  assert.equal(again.session.player_id, session.player_id);
});

test("the cookie of the pages says who one is", async () => {
  const page = await fetch(`${server.url}/create`);
  const cookie = page.headers.getSetCookie().find((line) => line.startsWith("parlor_session="));
  assert.ok(cookie, `the page sets parlor_session: ${page.status} ${page.headers.getSetCookie()}`);
  assert.match(cookie, /httponly/i);
  assert.match(cookie, /samesite=(lax|strict)/i);
  const extraHeaders = { Cookie: cookie.split(";")[0] };
  const first = await connect(server.url, { extraHeaders });
  const second = await connect(server.url, { extraHeaders, transports: ["polling"] });
  assert.equal(first.session.player_id, second.session.player_id);
});

test("a token in the handshake goes before the cookie", async () => {
  const one = await connect(server.url);
  const other = await connect(server.url);
  const both = await connect(server.url, {
    auth: { token: one.session.token },
    extraHeaders: { Cookie: `parlor_session=${other.session.token}` },
  });
  assert.equal(both.session.player_id, one.session.player_id);
});

test("bad, forged and expired tokens are refused with AUTH_REQUIRED, by every transport", async (t) => {
  const { session } = await connect(server.url);
  for (const [what, token] of Object.entries(badTokens(session.token))) {
    for (const transports of [["websocket"], ["polling"]]) {
      await t.test(`${what}, ${transports}`, async () => {
        const client = new Client(server.url, { auth: { token }, transports });
        await assert.rejects(client.connect(), (error) => {
          assert.match(error.message, /^AUTH_REQUIRED/, `connect_error says: ${error.message}`);
          return true;
        });
        assert.equal(client.socket.connected, false);
        client.close();
      });
    }
  }
});

test("a bad token is refused to 3.x and 2.x clients too", async () => {
  for (const version of ["3.x", "2.x"]) {
    const client = new Client(server.url, { auth: { token: "nonsense" }, version });
    await assert.rejects(client.connect(), /AUTH_REQUIRED/, version);
    client.close();
  }
});

test("a socket whose token expires is told, refreshes it and stays", async () => {
  const { session } = await connect(server.url);
  const client = await connect(server.url, { auth: { token: reissue(session.token, { exp: seconds() + 2 }) } });
  await client.next("token_expired");
  const fresh = reissue(session.token, { exp: seconds() + 3600 });
  await client.ok("refresh_token", { token: fresh });
  await client.ok("ping", { timestamp: 1 });
});

test("a socket that does not refresh an expired token is disconnected after the time that the settings give", async (t) => {
  const own = await startServer(t, { env: { PARLOR_TOKEN_GRACE_S: "1" } });
  const { session } = await connect(own.url);
  const client = await connect(own.url, { auth: { token: reissue(session.token, { exp: seconds() + 2 }) }, reconnection: false });
  await client.next("token_expired");
  const reason = await client.next(":disconnect");
  assert.equal(reason, "io server disconnect");
});

test("refresh_token takes only a good token of the same player", async () => {
  const client = await connect(server.url);
  const other = await connect(server.url);
  for (const [what, token] of Object.entries(badTokens(client.session.token))) {
    const answer = await client.ask("refresh_token", { token });
    assert.equal(answer.ok, false, `${what}: ${JSON.stringify(answer)}`);
    assert.ok(["AUTH_REQUIRED", "VALIDATION_ERROR"].includes(answer.error.code), `${what}: ${JSON.stringify(answer)}`);
  }
  const foreign = await client.ask("refresh_token", { token: other.session.token });
  assert.equal(foreign.ok, false, "another player's token");
  assert.ok(["AUTH_REQUIRED", "FORBIDDEN"].includes(foreign.error.code), JSON.stringify(foreign));
  assertRefused(await client.ask("refresh_token", {}), "VALIDATION_ERROR");
});

test("nobody learns another's token, sid or seed from what a room says", async () => {
  const { host, guest } = await room(server.url);
  const watcher = await connect(server.url, { name: "watcher" });
  await watcher.ok("join_room", { room_code: host.room, as: "spectator" });
  await host.ok("start_game", {});
  await host.ok("draw_character", {});
  await guest.ok("chat_message", { message: "hello" });
  await stateOf(watcher);
  const players = { host, guest, watcher };
  const secrets = (client) => [client.session.token, client.session.token.split(".")[2], client.socket.id, client.socket.io.engine.id];
  for (const [name, client] of Object.entries(players)) {
    const heard = JSON.stringify(client.received.filter(({ event }) => event !== "session" && !event.startsWith(":")));
    for (const [whose, owner] of Object.entries(players)) {
      for (const secret of secrets(owner)) assert.ok(!heard.includes(secret), `${name} was told a secret of ${whose}: ${secret}`);
    }
    assert.doesNotMatch(heard, /"seed":/, `${name} was told the seed before the end`);
  }
});
