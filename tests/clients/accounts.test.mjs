// Accounts as real Socket.IO clients meet them: signed in, renewed in place, signed out from elsewhere, and tokens that do not count.
import assert from "node:assert/strict";
import test from "node:test";
import { assertRefused, Client, connect } from "../support/client.mjs";
import { room } from "../support/draft.mjs";
import { SECRET, startServer, useServer } from "../support/server.mjs";
import { badTokens, read, reissue, sign } from "../support/token.mjs";

const CHEAP = { PARLOR_PASSWORD_MEMORY_KIB: "64" };
const server = useServer({ env: CHEAP });
const PASSWORD = "correct horse battery";
const seconds = () => Math.floor(Date.now() / 1000);

let count = 0;
const newName = () => `player${(count += 1)}`;

async function ask(base, method, path, body, token) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const response = await fetch(`${base}/api/auth/${path}`, { method, headers, body: body && JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

async function post(path, body, token, base = server.url) {
  const { status, body: answer } = await ask(base, "POST", path, body, token);
  assert.ok(status < 300, `${path}: ${status} ${JSON.stringify(answer)}`);
  return answer;
}

const register = (base = server.url) => post("register", { username: newName(), password: PASSWORD }, undefined, base);

async function refused(token, options = {}) {
  for (const transports of [["websocket"], ["polling"]]) {
    const client = new Client(server.url, { auth: { token }, transports, ...options });
    await assert.rejects(client.connect(), /^Error: AUTH_REQUIRED/);
    client.close();
  }
}

test("an account's token says who one is, on every transport and by every client", async () => {
  const account = await register();
  for (const options of [{}, { transports: ["polling"] }, { version: "2.x" }, { version: "3.x" }, { version: "4.x msgpack" }]) {
    const { session } = await connect(server.url, { auth: { token: account.token }, ...options });
    assert.equal(session.player_id, account.player_id);
    assert.equal(session.guest, false);
    assert.equal(session.nickname, account.nickname);
  }
});

test("forged, expired and altered tokens, tokens for another audience and alg none are refused", async (t) => {
  const { token, refresh_token } = await register();
  const { header, claims } = read(token);
  const bad = {
    ...badTokens(token),
    "for another audience": sign({ ...claims, aud: "someone" }, { header }),
    "by another issuer": sign({ ...claims, iss: "someone" }, { header }),
    "without an audience": sign({ ...claims, aud: undefined }, { header }),
    "a refresh token": refresh_token,
    "a key that is not ours": sign(claims, { header: { ...header, kid: "0123456789ab" } }),
    "an empty kid and key": sign(claims, { header: { ...header, kid: "" }, secret: "" }),
  };
  for (const [what, value] of Object.entries(bad)) await t.test(what, () => refused(value));
});

test("a socket is renewed in place with what the refresh token gave, and goes on in its room", async () => {
  const account = await register();
  const short = reissue(account.token, { exp: seconds() + 4 });
  const client = await connect(server.url, { auth: { token: short }, reconnection: false });
  const { room_code } = await client.ok("create_room", {});
  await client.next("token_expired");
  const fresh = await post("refresh", { refresh_token: account.refresh_token });
  const answer = await client.ok("refresh_token", { token: fresh.token });
  assert.equal(answer.expires_at, fresh.expires_at);
  await client.ok("chat_message", { message: "still here" });
  const [said] = client.all("chat_message");
  assert.equal(said.player.player_id ?? said.player.id, account.player_id);
  // Neither an old one, nor a guest's, nor another account's will do.
  const other = await register();
  for (const token of [short, other.token, client.session.token, account.refresh_token]) {
    const refusal = await client.ask("refresh_token", { token });
    assert.equal(refusal.ok, false, token);
  }
  await client.ok("request_sync", {});
  assert.match(room_code, /^\w{6}$/);
});

test("a refresh token that is used twice ends its session, and the sockets that live on it", async () => {
  const account = await register();
  const client = await connect(server.url, { auth: { token: account.token }, reconnection: false });
  const next = await post("refresh", { refresh_token: account.refresh_token });
  const elsewhere = await post("login", { username: account.nickname, password: PASSWORD });
  const untouched = await connect(server.url, { auth: { token: elsewhere.token }, reconnection: false });
  const again = await ask(server.url, "POST", "refresh", { refresh_token: account.refresh_token });
  assert.equal(again.status, 401);
  assertRefused(again.body, "AUTH_REQUIRED");
  await client.next("token_revoked");
  assert.equal(await client.next(":disconnect"), "io server disconnect");
  await refused(account.token);
  await refused(next.token);
  await untouched.ok("ping", {});
});

test("signing out everywhere reaches every socket of the player, in every namespace, and nobody else", async () => {
  const account = await register();
  const elsewhere = await post("login", { username: account.nickname, password: PASSWORD });
  const own = await Promise.all([
    connect(server.url, { auth: { token: account.token }, reconnection: false }),
    connect(server.url, { auth: { token: elsewhere.token }, reconnection: false, transports: ["polling"] }),
    connect(server.url, { auth: { token: elsewhere.token }, reconnection: false, namespace: "/" }),
    connect(server.url, { auth: { token: account.token }, reconnection: false, version: "2.x" }),
  ]);
  const other = await connect(server.url);
  await post("logout_everywhere", {}, account.token);
  for (const client of own) assert.equal(await client.next(":disconnect"), "io server disconnect");
  await other.ok("ping", {});
  await refused(account.token);
  await refused(elsewhere.token);
  const back = await post("login", { username: account.nickname, password: PASSWORD });
  await connect(server.url, { auth: { token: back.token } });
});

test("a socket cannot be saved from being signed out with a token of the same session", async () => {
  const account = await register();
  const next = await post("refresh", { refresh_token: account.refresh_token });
  const client = await connect(server.url, { auth: { token: account.token }, reconnection: false });
  await post("logout", {}, account.token);
  await client.next(":disconnect");
  await refused(next.token);
});

test("what was revoked stays revoked after a restart and after a crash", async (t) => {
  const own = await startServer(t, { env: CHEAP });
  const account = await register(own.url);
  const kept = await post("login", { username: account.nickname, password: PASSWORD }, undefined, own.url);
  await post("logout", {}, account.token, own.url);
  for (const kill of [false, true]) {
    await own.restart({ kill });
    const client = new Client(own.url, { auth: { token: account.token }, reconnection: false });
    await assert.rejects(client.connect(), /AUTH_REQUIRED/);
    client.close();
    const { session } = await connect(own.url, { auth: { token: kept.token } });
    assert.equal(session.player_id, account.player_id);
  }
});

test("a guest makes an account in the middle of a game and nobody notices", async () => {
  const { host, guest } = await room(server.url);
  await host.ok("start_game", {});
  const username = newName();
  const account = await post("convert", { username, password: PASSWORD }, guest.session.token);
  assert.equal(account.player_id, guest.session.player_id);
  await guest.ok("chat_message", { message: "same seat" });
  await guest.ok("refresh_token", { token: account.token });
  await guest.ok("chat_message", { message: "same socket" });
  const again = await connect(server.url, { auth: { token: account.token, room_code: guest.room ?? host.room, last_seq: 0 } });
  await again.next("connection_established");
  assert.equal(again.established.seat, 1);
  assert.ok(!host.all("player_disconnected").length, "nobody was away");
});

test("who deletes themselves is hung up on, and the others see Somebody", async () => {
  const { host, guest } = await room(server.url);
  const name = guest.session.nickname;
  const { status } = await ask(server.url, "DELETE", "me", {}, guest.session.token);
  assert.equal(status, 200);
  await guest.next(":disconnect");
  await refused(guest.session.token);
  const watcher = await connect(server.url, { name: "watcher" });
  const { players, state, events } = await watcher.ok("join_room", { room_code: host.room, as: "spectator" });
  const seen = JSON.stringify({ players, state, events, log: await (await fetch(`${server.url}/api/rooms/${host.room}/events?after=0`)).json() });
  assert.ok(seen.includes("Somebody") && !seen.includes(JSON.stringify(name)), seen);
});

test("after the secret changed, tokens of the old one still count, also for refreshing, and new ones are signed with the new", async (t) => {
  const own = await startServer(t, { env: { ...CHEAP, PARLOR_SECRET: "the-first-secret-of-this-test-123456" } });
  const account = await register(own.url);
  await own.stop();
  own.env.PARLOR_SECRET = "the-second-secret-of-this-test-12345";
  own.env.PARLOR_PREVIOUS_SECRETS = "an-even-older-secret,the-first-secret-of-this-test-123456";
  await own.start();
  const { session } = await connect(own.url, { auth: { token: account.token } });
  assert.equal(session.player_id, account.player_id);
  const next = await post("refresh", { refresh_token: account.refresh_token }, undefined, own.url);
  assert.notEqual(read(next.token).header.kid, read(account.token).header.kid);
  const foreign = new Client(own.url, { auth: { token: sign(read(account.token).claims, { secret: SECRET }) } });
  await assert.rejects(foreign.connect(), /AUTH_REQUIRED/);
  foreign.close();
});
