// The HTTP interface: rooms, QR codes, a whole game without a socket, and requests that are not in order.
import assert from "node:assert/strict";
import http from "node:http";
import { createRequire } from "node:module";
import test from "node:test";
import WebSocket from "ws";
import { connect } from "../support/client.mjs";
import { assertResults, freeRoles, room, startedRoom, stateOf } from "../support/draft.mjs";
import { startServer, useServer } from "../support/server.mjs";
import { badTokens } from "../support/token.mjs";

const require = createRequire(import.meta.url);
const jsQR = require("jsqr").default ?? require("jsqr");
const { PNG } = require("pngjs");
const server = useServer();

/** A request with a JSON body; `{ status, body, headers }`. */
async function api(method, path, { token, json, body, headers = {} } = {}) {
  const response = await fetch(server.url + path, {
    method,
    redirect: "manual",
    headers: { ...(json !== undefined && { "Content-Type": "application/json" }), ...(token && { Authorization: `Bearer ${token}` }), ...headers },
    body: json === undefined ? body : JSON.stringify(json),
  });
  const text = await response.text();
  let parsed;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = text;
  }
  return { status: response.status, body: parsed, headers: response.headers };
}

function assertError({ status, body }, expected, code, what) {
  assert.equal(status, expected, `${what}: ${status} ${JSON.stringify(body).slice(0, 300)}`);
  assert.equal(body?.error?.code, code, `${what}: ${JSON.stringify(body).slice(0, 300)}`);
  assert.ok(body.error.message?.length > 0, `${what}: a message`);
}

async function created(options = {}) {
  const answer = await api("POST", "/api/rooms", { json: { game: "draft", nickname: "Ada", ...options } });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
}

test("POST /api/rooms makes a room and a guest's token", async () => {
  const made = await created();
  assert.match(made.room_code, /^[BCDFGHJKMNPQRSTVWXYZ23456789]{6}$/);
  assert.equal(made.join_url, `${server.url}/join/${made.room_code}`);
  assert.match(made.qr_code, /^data:image\//);
  assert.equal(made.status, "waiting");
  assert.equal(made.token.split(".").length, 3);
  const host = await connect(server.url, { auth: { token: made.token, room_code: made.room_code, last_seq: 0 } });
  assert.equal((await host.next("connection_established")).player_role, "host");
});

test("GET /api/rooms/{code} tells the status, whatever the spelling of the code", async () => {
  const made = await created({ nickname: "Ada" });
  const code = made.room_code;
  for (const typed of [code, code.toLowerCase(), `${code.slice(0, 3)}-${code.slice(3)}`]) {
    const { status, body } = await api("GET", `/api/rooms/${typed}`);
    assert.equal(status, 200);
    assert.deepEqual([body.host_nickname, body.guest_nickname ?? null, body.status, body.player_count], ["Ada", null, "waiting", 1]);
    assert.ok(body.join_url.endsWith(`/join/${code}`));
    assert.ok(!Number.isNaN(new Date(body.created_at).getTime()));
    assert.equal(body.players.length, 1);
  }
  await api("POST", `/api/rooms/${code}/join`, { json: { nickname: "Ben" } });
  const { body } = await api("GET", `/api/rooms/${code}`);
  assert.deepEqual([body.guest_nickname, body.player_count, body.status], ["Ben", 2, "ready"]);
});

test("public rooms are listed by game and status, private ones never", async () => {
  const open = await created({ visibility: "public" });
  const hidden = await created({ visibility: "private" });
  const { status, body } = await api("GET", "/api/rooms?game=draft&status=waiting");
  assert.equal(status, 200);
  const codes = (body.rooms ?? body).map(({ room_code }) => room_code);
  assert.ok(codes.includes(open.room_code), `${open.room_code} in ${codes}`);
  assert.ok(!codes.includes(hidden.room_code));
  assert.equal((await api("GET", "/api/rooms?game=nothing")).body.rooms?.length ?? 0, 0);
  const wrong = await api("GET", "/api/rooms?status=sideways");
  assert.equal(wrong.status, 400, JSON.stringify(wrong.body));
});

test("the QR code is read back as the join link by a real decoder", async () => {
  const made = await created();
  for (const path of [`/api/rooms/${made.room_code}/qr.png`, `/api/rooms/${made.room_code.toLowerCase()}/qr.png`]) {
    const response = await fetch(server.url + path);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "image/png");
    assert.equal(decode(Buffer.from(await response.arrayBuffer())), made.join_url);
  }
  if (made.qr_code.startsWith("data:image/png;base64,")) {
    assert.equal(decode(Buffer.from(made.qr_code.split(",")[1], "base64")), made.join_url);
  }
  const svg = await fetch(`${server.url}/api/rooms/${made.room_code}/qr.svg`);
  assert.equal(svg.status, 200);
  assert.match(svg.headers.get("content-type"), /^image\/svg\+xml/);
  assert.match(await svg.text(), /<svg[\s>]/);
  assertError(await api("GET", "/api/rooms/222222/qr.png"), 404, "INVALID_GAME", "the QR code of no room");
});

function decode(bytes) {
  const { width, height, data } = PNG.sync.read(bytes);
  const found = jsQR(new Uint8ClampedArray(data), width, height);
  assert.ok(found, `the decoder finds a code in the ${width} × ${height} picture`);
  return found.data;
}

/** A player who has nothing but HTTP: commands by POST, events by the waiting call. */
class HttpPlayer {
  constructor(code, token) {
    this.code = code;
    this.token = token;
    this.after = 0;
    this.events = [];
  }

  async command(event, data = {}, command_id = crypto.randomUUID()) {
    const { status, body } = await api("POST", `/api/rooms/${this.code}/commands`, { token: this.token, json: { event, data, command_id } });
    return { status, body };
  }

  async ok(event, data) {
    const { status, body } = await this.command(event, data);
    assert.equal(status, 200, `${event}: ${status} ${JSON.stringify(body)}`);
    assert.equal(body.ok, true, `${event}: ${JSON.stringify(body)}`);
    return body;
  }

  /** Waits for newer events. */
  async poll(wait = 25) {
    const { status, body } = await api("GET", `/api/rooms/${this.code}/events?after=${this.after}&wait=${wait}`, { token: this.token });
    assert.equal(status, 200, JSON.stringify(body));
    for (const { seq } of body.events) assert.equal(seq, (this.after += 1), "the log comes whole and in order");
    this.events.push(...body.events);
    return body.events;
  }

  async until(event) {
    while (!this.events.some((entry) => entry.event === event)) await this.poll();
    return this.events.find((entry) => entry.event === event).data;
  }

  async state() {
    const { status, body } = await api("GET", `/api/rooms/${this.code}/state`, { token: this.token });
    assert.equal(status, 200, JSON.stringify(body));
    return body.state;
  }
}

test("a whole game over plain HTTP against a player with a socket", { timeout: 60_000 }, async () => {
  const made = await created();
  const player = new HttpPlayer(made.room_code, made.token);
  const guest = await connect(server.url, { name: "guest" });
  const { seq: from } = await guest.ok("join_room", { room_code: made.room_code, nickname: "Ben" });
  await player.until("player_joined");
  await player.ok("start_game", {});
  await guest.next("game_started");
  for (;;) {
    const state = await player.state();
    const role = state.current_turn;
    const [role_name] = freeRoles(state, role);
    if (!role_name || guest.all("game_ended").length) break;
    const send = role === "host" ? (event, data) => player.ok(event, data) : (event, data) => guest.ok(event, data);
    await send("draw_character", {});
    const { drawn_character } = await player.state();
    await send("place_character", { character_id: drawn_character.id, role_name });
    await player.poll();
  }
  const ended = await player.until("game_ended");
  assertResults(ended);
  await guest.next("game_ended");
  const told = guest.logged().map(({ event, data }) => ({ event, data })).filter(({ data }) => data.seq > from);
  const polled = player.events.filter(({ seq }) => seq > from && seq <= guest.lastSeq);
  assert.deepEqual(polled.map(({ event, seq }) => [event, seq]), told.map(({ event, data }) => [event, data.seq]), "the same story by both ways");
});

test("two players play a whole game with nothing but HTTP", { timeout: 60_000 }, async () => {
  const made = await created();
  const joined = await api("POST", `/api/rooms/${made.room_code}/join`, { json: { nickname: "Ben" } });
  assert.ok([200, 201].includes(joined.status), JSON.stringify(joined.body));
  const players = { host: new HttpPlayer(made.room_code, made.token), guest: new HttpPlayer(made.room_code, joined.body.token) };
  await players.host.poll();
  await players.guest.poll();
  await players.host.ok("start_game", {});
  for (let turn = 0; turn < 100; turn += 1) {
    const state = await players.host.state();
    const role = state.current_turn;
    const [role_name] = freeRoles(state, role);
    if (!role_name) break;
    await players[role].ok("draw_character", {});
    const { drawn_character } = await players[role].state();
    await players[role].ok("place_character", { character_id: drawn_character.id, role_name });
    await Promise.all([players.host.poll(), players.guest.poll()]);
  }
  assert.deepEqual(await players.host.until("game_ended"), await players.guest.until("game_ended"));
});

test("the waiting call answers at once when something is there, as soon as something comes, and empty when the time is over", async () => {
  const { host, code } = await room(server.url);
  const { token } = host.session;
  const now = await api("GET", `/api/rooms/${code}/events?after=0&wait=25`, { token });
  assert.ok(now.body.events.length > 0);
  assert.equal(now.body.seq, now.body.events.at(-1).seq);
  const waiting = api("GET", `/api/rooms/${code}/events?after=${now.body.seq}&wait=25`, { token });
  await host.ok("chat_message", { message: "wake up" });
  const [{ event, data, timestamp }] = (await waiting).body.events;
  assert.deepEqual([event, data.message], ["chat_message", "wake up"]);
  assert.ok(!Number.isNaN(new Date(timestamp).getTime()));
  const began = Date.now();
  const empty = await api("GET", `/api/rooms/${code}/events?after=${now.body.seq + 1}&wait=1`, { token });
  assert.deepEqual(empty.body.events, []);
  assert.ok(Date.now() - began >= 900, `it waited ${Date.now() - began} ms`);
  for (const query of ["after=x", "after=-1", "after=1&wait=x", "after=1.5"]) {
    assertError(await api("GET", `/api/rooms/${code}/events?${query}`, { token }), 400, "VALIDATION_ERROR", query);
  }
});

test("a command over HTTP is applied once per command_id, and answered like the first time", async () => {
  const { host, code } = await room(server.url);
  const player = new HttpPlayer(code, host.session.token);
  const first = await player.command("chat_message", { message: "once" }, "id-1");
  const again = await player.command("chat_message", { message: "once" }, "id-1");
  assert.deepEqual([again.body.seq, again.body.duplicate], [first.body.seq, true]);
  // Also across the two ways in.
  const bySocket = await host.ok("chat_message", { message: "once", command_id: "id-1" });
  assert.deepEqual([bySocket.seq, bySocket.duplicate], [first.body.seq, true]);
});

test("GET /api/rooms/{code}/state?at=SEQ is the state then", async () => {
  const { host, guest, code } = await startedRoom(server.url);
  const { seq: start } = await host.ok("request_sync", {});
  const role = (await stateOf(host)).current_turn;
  await (role === "host" ? host : guest).ok("draw_character", {});
  const { token } = host.session;
  const then = await api("GET", `/api/rooms/${code}/state?at=${start}`, { token });
  const now = await api("GET", `/api/rooms/${code}/state`, { token });
  assert.equal(then.body.state.drawn_character, null);
  assert.ok(now.body.state.drawn_character);
  for (const at of ["x", "-1", "1000000"]) {
    const wrong = await api("GET", `/api/rooms/${code}/state?at=${at}`, { token });
    assert.ok([400, 404].includes(wrong.status), `at=${at}: ${wrong.status}`);
  }
});

test("every refusal has its status and its code", async () => {
  const { host, guest, code } = await room(server.url);
  const third = (await connect(server.url)).session;
  const { token } = host.session;
  const commands = `/api/rooms/${code}/commands`;
  const rows = [
    ["no such room", "GET", "/api/rooms/222222", {}, 404, "INVALID_GAME"],
    ["a look-alike code", "GET", `/api/rooms/${encodeURIComponent("ВСDFGH")}`, {}, 404, "INVALID_GAME"],
    ["a path trick", "GET", "/api/rooms/..%2f..%2fetc%2fpasswd", {}, 404, "INVALID_GAME"],
    ["a game that does not exist", "POST", "/api/rooms", { json: { game: "chess9000" } }, 400, "VALIDATION_ERROR"],
    ["no game named", "POST", "/api/rooms", { json: {} }, 400, "VALIDATION_ERROR"],
    ["bad options", "POST", "/api/rooms", { json: { game: "draft", options: { template_id: 999_999 } } }, 400, "VALIDATION_ERROR"],
    ["a full room", "POST", `/api/rooms/${code}/join`, { token: third.token, json: {} }, 409, "ROOM_FULL"],
    ["joining nothing", "POST", "/api/rooms/222222/join", { json: {} }, 404, "INVALID_GAME"],
    ["a command without credentials", "POST", commands, { json: { event: "start_game", data: {} } }, 401, "AUTH_REQUIRED"],
    ["a stranger's command", "POST", commands, { token: third.token, json: { event: "start_game", data: {} } }, 403, "NOT_IN_GAME"],
    ["the guest starts", "POST", commands, { token: guest.session.token, json: { event: "start_game", data: {} } }, 403, "NOT_HOST"],
    ["an unknown event", "POST", commands, { token, json: { event: "fly", data: {} } }, 400, "UNKNOWN_EVENT"],
    ["a malformed payload", "POST", commands, { token, json: { event: "chat_message", data: [] } }, 400, "VALIDATION_ERROR"],
    ["no event", "POST", commands, { token, json: { data: {} } }, 400, "VALIDATION_ERROR"],
    ["an array as body", "POST", commands, { token, json: [] }, 400, "VALIDATION_ERROR"],
    ["null as body", "POST", commands, { token, json: null }, 400, "VALIDATION_ERROR"],
    ["an old version", "POST", commands, { token, json: { event: "chat_message", data: { message: "x", expected_version: 0 } } }, 409, "STALE_VERSION"],
    ["bad JSON", "POST", "/api/rooms", { body: '{"game":', headers: { "Content-Type": "application/json" } }, 400, "VALIDATION_ERROR"],
    ["another content type", "POST", "/api/rooms", { body: "game=draft", headers: { "Content-Type": "text/plain" } }, 415, "VALIDATION_ERROR"],
    ["no content type", "POST", "/api/rooms", { body: new Uint8Array([123, 125]) }, 415, "VALIDATION_ERROR"],
    ["text that is no UTF-8", "POST", "/api/rooms", { body: new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), headers: { "Content-Type": "application/json" } }, 400, "VALIDATION_ERROR"],
    ["a body of 1 MB", "POST", "/api/rooms", { json: { game: "draft", nickname: "x".repeat(1_000_000) } }, 413, "PAYLOAD_TOO_LARGE"],
    ["nothing there", "GET", "/api/nothing", {}, 404, undefined],
    ["the wrong method", "DELETE", "/api/rooms", {}, 405, undefined],
  ];
  for (const [what, method, path, options, status, errorCode] of rows) {
    const answer = await api(method, path, options);
    if (errorCode === undefined) assert.equal(answer.status, status, `${what}: ${JSON.stringify(answer.body).slice(0, 200)}`);
    else assertError(answer, status, errorCode, what);
  }
  const early = await api("POST", commands, { token, json: { event: "draw_character", data: {} } });
  assert.ok(early.status >= 400 && early.status < 500, "a move before the start");
});

test("bad, forged and expired tokens are refused over HTTP", async () => {
  const { host, code } = await room(server.url);
  for (const [what, token] of Object.entries(badTokens(host.session.token))) {
    if (typeof token !== "string") continue;
    const answer = await api("POST", `/api/rooms/${code}/commands`, { token, json: { event: "chat_message", data: { message: "x" } } });
    assert.ok([401, 431, 400].includes(answer.status), `${what}: ${answer.status}`);
    if (answer.status === 401) assert.equal(answer.body.error.code, "AUTH_REQUIRED", what);
  }
});

test("forms are protected against cross-site requests", async () => {
  const cookie = (await fetch(`${server.url}/create?game=draft`)).headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  const post = (body, headers = {}) => api("POST", "/create", { body: new URLSearchParams(body), headers: { Cookie: cookie, ...headers } });
  for (const [what, answer] of [
    ["no csrf field", await post({ game: "draft", nickname: "Ada" })],
    ["a wrong csrf field", await post({ game: "draft", nickname: "Ada", csrf: "0".repeat(64) })],
    ["a foreign origin", await post({ game: "draft", nickname: "Ada", csrf: "x" }, { Origin: "https://evil.example" })],
  ]) {
    assert.equal(answer.status, 403, `${what}: ${answer.status}`);
  }
  const withCookie = await api("POST", "/api/rooms", { json: { game: "draft" }, headers: { Cookie: cookie, Origin: "https://evil.example" } });
  assert.ok(withCookie.status === 403 || !withCookie.headers.get("access-control-allow-origin"), "the API gives a foreign page nothing by cookie");
});

test("the form of a page makes a room, with its csrf field and cookie, and redirects to it", async () => {
  const page = await fetch(`${server.url}/create?game=draft`);
  const html = await page.text();
  const csrf = /name="csrf" value="([^"]+)"/.exec(html)?.[1];
  assert.ok(csrf, "the form has a csrf field");
  const cookie = page.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
  const answer = await api("POST", "/create", { body: filledIn(html, { nickname: "Ada" }), headers: { Cookie: cookie, Origin: server.url } });
  assert.equal(answer.status, 303, JSON.stringify(answer.body).slice(0, 300));
  assert.match(answer.headers.get("location"), /^\/room\/[BCDFGHJKMNPQRSTVWXYZ23456789]{6}$/);
});

/** What a browser would send of the page's form, with some fields typed. */
function filledIn(html, typed) {
  const fields = new URLSearchParams();
  for (const [tag] of html.matchAll(/<input [^>]*>/g)) {
    const attribute = (name) => new RegExp(` ${name}="([^"]*)"`).exec(tag)?.[1];
    const [name, type] = [attribute("name"), attribute("type") ?? "text"];
    if (!name || (["radio", "checkbox"].includes(type) && !/ checked/.test(tag))) continue;
    fields.append(name, typed[name] ?? attribute("value") ?? "");
  }
  return fields;
}

/** The status with which a WebSocket handshake was answered: 101, or a refusal. */
function handshake(url, headers) {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`, { headers });
    socket.on("open", () => (socket.terminate(), resolve(101)));
    socket.on("unexpected-response", (request, { statusCode }) => (request.destroy(), resolve(statusCode)));
    socket.on("error", (error) => resolve(error.message));
  });
}

test("pages of another origin get neither a WebSocket nor polling", async () => {
  const polling = (headers) => fetch(`${server.url}/socket.io/?EIO=4&transport=polling`, { headers });
  assert.equal(await handshake(server.url, {}), 101, "programs send no Origin");
  assert.equal(await handshake(server.url, { Origin: server.url }), 101, "our own pages");
  assert.equal((await polling({ Origin: server.url })).status, 200);
  for (const origin of ["https://evil.example", "http://127.0.0.1.evil.example", `${server.url}.evil.example`, "http://127.0.0.1:1", "null", "file://", "https://127.0.0.1"]) {
    assert.equal(await handshake(server.url, { Origin: origin }), 403, `WebSocket from ${origin}`);
    const answer = await polling({ Origin: origin });
    assert.equal(answer.status, 403, `polling from ${origin}`);
    assert.equal(answer.headers.get("access-control-allow-origin"), null, origin);
  }
});

test("origins in the settings are let in, with CORS headers", async (t) => {
  const own = await startServer(t, { env: { PARLOR_ALLOWED_ORIGINS: "https://friends.example" } });
  assert.equal(await handshake(own.url, { Origin: "https://friends.example" }), 101);
  assert.equal(await handshake(own.url, { Origin: "https://evil.example" }), 403);
  const answer = await fetch(`${own.url}/socket.io/?EIO=4&transport=polling`, { headers: { Origin: "https://friends.example" } });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("access-control-allow-origin"), "https://friends.example");
});

test("a Host header that is not ours does not get into join links", async () => {
  const body = JSON.stringify({ game: "draft" });
  const made = await new Promise((resolve, reject) => {
    const request = http.request(`${server.url}/api/rooms`, { method: "POST", headers: { Host: "evil.example", "Content-Type": "application/json" } }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk)).on("end", () => resolve({ status: response.statusCode, text }));
    });
    request.on("error", reject).end(body);
  });
  assert.doesNotMatch(made.text, /evil\.example/);
});

test("making rooms is limited by address", async (t) => {
  const own = await startServer(t, { env: { PARLOR_RATE_LIMITS: "on", PARLOR_ROOM_RATE_BURST: "3" } });
  const make = (headers = {}) => fetch(`${own.url}/api/rooms`, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: '{"game":"draft"}' });
  for (let i = 0; i < 3; i += 1) assert.equal((await make()).status, 201);
  const refused = await make();
  assert.equal(refused.status, 429);
  const { error } = await refused.json();
  assert.equal(error.code, "RATE_LIMITED");
  assert.ok(Number(refused.headers.get("retry-after")) > 0, "Retry-After");
  assert.equal((await make({ "X-Forwarded-For": "203.0.113.9" })).status, 429, "a header of an untrusted client is not believed");
});

test("trusted proxies say who asks", async (t) => {
  const own = await startServer(t, { env: { PARLOR_RATE_LIMITS: "on", PARLOR_ROOM_RATE_BURST: "1", PARLOR_TRUSTED_PROXIES: "127.0.0.1/32" } });
  const make = (address) => fetch(`${own.url}/api/rooms`, { method: "POST", headers: { "Content-Type": "application/json", "X-Forwarded-For": address }, body: '{"game":"draft"}' });
  assert.equal((await make("203.0.113.9")).status, 201);
  assert.equal((await make("203.0.113.9")).status, 429);
  assert.equal((await make("203.0.113.10")).status, 201);
});

test("the client library is served as Node's server serves it", async () => {
  for (const name of ["socket.io.min.js", "socket.io.esm.min.js"]) {
    const response = await fetch(`${server.url}/socket.io/${name}`);
    assert.equal(response.status, 200, name);
    assert.match(response.headers.get("content-type"), /javascript/);
    assert.match(await response.text(), /Socket\.IO v4\./);
  }
});

test("the OpenAPI document names every path, and healthz, readyz and metrics answer", async () => {
  const { status, body } = await api("GET", "/api/openapi.json");
  assert.equal(status, 200);
  for (const path of ["/api/rooms", "/api/rooms/{code}", "/api/rooms/{code}/join", "/api/rooms/{code}/commands", "/api/rooms/{code}/events", "/api/rooms/{code}/state"]) {
    assert.ok(path in body.paths, `${path} in ${Object.keys(body.paths)}`);
  }
  for (const path of ["/healthz", "/readyz", "/metrics"]) assert.equal((await api("GET", path)).status, 200, path);
});
