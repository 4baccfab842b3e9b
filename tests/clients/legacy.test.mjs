// What socket.io-client 2.x says where later clients have `auth`: in the query of the connection, of the namespace, or of both.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, afterEach, test as bare } from "node:test";
import { connect } from "../support/client.mjs";
import { useServer } from "../support/server.mjs";

const io = createRequire(import.meta.url)("socket.io-client-v2");
const server = useServer();
const open = new Set();
const closeAll = () => {
  for (const socket of open) socket.disconnect();
  open.clear();
};
afterEach(closeAll);
after(closeAll);

// No test hangs.
const test = (name, run) => bare(name, { timeout: 30_000 }, run);

const WAYS = {
  "polling only": { transports: ["polling"] },
  "polling only, base64": { transports: ["polling"], forceBase64: true },
  "WebSocket only": { transports: ["websocket"] },
  "polling upgraded to WebSocket": { transports: ["polling", "websocket"] },
};

const encode = (query) => new URLSearchParams(query).toString();

/** The places where a query may stand; each makes a socket of /draft. */
const PLACES = {
  "the options": (query, options) => io(`${server.url}/draft`, { ...options, query }),
  "the options, as a string": (query, options) => io(`${server.url}/draft`, { ...options, query: encode(query) }),
  "the URL of the namespace": (query, options) => io(`${server.url}/draft?${encode(query)}`, options),
  // On a connection that was made without one.
  "the namespace alone": (query, options) => io.Manager(server.url, options).socket("/draft", { query }),
};

function client(place, query, options) {
  const socket = PLACES[place](query, { forceNew: true, reconnection: false, ...options });
  open.add(socket);
  return socket;
}

const next = (socket, event) => new Promise((resolve) => socket.once(event, resolve));
const ask = (socket, event, data) => new Promise((resolve) => socket.emit(event, data, resolve));

for (const [way, options] of Object.entries(WAYS)) {
  for (const place of Object.keys(PLACES)) {
    test(`a token in ${place} is known, ${way}`, async () => {
      const { session } = await connect(server.url, { auth: { nickname: "Żółw 🐢" } });
      const socket = client(place, { token: session.token, other: "a,b?c=d&é 🐢" }, options);
      const own = await next(socket, "session");
      assert.equal(own.player_id, session.player_id);
      // Not `ping`: 2.x keeps that name for itself.
      assert.equal((await ask(socket, "no_such_event", {})).error.code, "UNKNOWN_EVENT");
    });

    test(`a bad token in ${place} is refused with a string, ${way}`, async () => {
      const error = await next(client(place, { token: "nonsense" }, options), "error");
      assert.equal(typeof error, "string", "as Node's server sends it");
      assert.match(error, /^AUTH_REQUIRED/);
    });

    test(`a room named in ${place} is entered again, with what was missed, ${way}`, async () => {
      const host = await connect(server.url);
      const { room_code } = await host.ok("create_room", { nickname: "Ada" });
      const guest = await connect(server.url);
      const { seq } = await guest.ok("join_room", { room_code, nickname: "Ben" });
      guest.close();
      await host.next("player_disconnected");
      await host.ok("chat_message", { message: "still there?" });
      const typed = `${room_code.slice(0, 3)} ${room_code.slice(3)}`.toLowerCase();
      const socket = client(place, { token: guest.session.token, room_code: typed, last_seq: seq }, options);
      const [established, chat] = await Promise.all([next(socket, "connection_established"), next(socket, "chat_message")]);
      assert.equal(established.room_code, room_code);
      assert.equal(chat.message, "still there?");
    });
  }

  test(`a namespace that does not exist is refused by its name, ${way}`, async () => {
    const socket = io(`${server.url}/nowhere`, { forceNew: true, reconnection: false, query: { token: "" }, ...options });
    open.add(socket);
    assert.equal(await next(socket, "error"), "Invalid namespace");
  });

  test(`two namespaces of one connection may be entered as two players, ${way}`, async () => {
    const [one, other] = await Promise.all([connect(server.url), connect(server.url)]);
    const manager = io.Manager(server.url, { forceNew: true, reconnection: false, query: { token: one.session.token }, ...options });
    const lobby = manager.socket("/");
    const draft = manager.socket("/draft", { query: { token: other.session.token } });
    open.add(lobby).add(draft);
    const [first, second] = await Promise.all([next(lobby, "session"), next(draft, "session")]);
    assert.equal(first.player_id, one.session.player_id);
    assert.equal(second.player_id, other.session.player_id, "the namespace's query goes first");
  });
}

test("a payload with a binary body is understood", async () => {
  const { session } = await connect(server.url);
  const address = `${server.url}/socket.io/?EIO=3&transport=polling`;
  const opened = await (await fetch(address)).text();
  const { sid } = JSON.parse(/\{.*?\}/.exec(opened)[0]);
  const packet = Buffer.from(`40/draft?token=${session.token}`);
  const digits = [...String(packet.length)].map(Number);
  const body = Buffer.concat([Buffer.from([0, ...digits, 0xff]), packet]);
  const headers = { "content-type": "application/octet-stream" };
  assert.equal((await fetch(`${address}&sid=${sid}`, { method: "POST", body, headers })).status, 200);
  let heard = "";
  while (!heard.includes("42/draft,[\"session\"")) heard += await (await fetch(`${address}&sid=${sid}`)).text();
  assert.ok(heard.includes(session.player_id));
});
