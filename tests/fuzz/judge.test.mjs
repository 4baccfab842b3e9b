// The fuzzer finds what it looks for: servers that do one thing wrong, each, and one that does nothing wrong.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import test from "node:test";
import { WebSocketServer } from "ws";
import { sign } from "../support/token.mjs";
import { fuzz, World } from "./fuzz.mjs";
import { Judge } from "./judge.mjs";

const SOCKETS = { "Engine.IO 4": 1 };
const INPUTS = 2_000;

/** Runs the fuzzer against a server that a test made, with little patience. */
async function against(t, server, shares) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections?.();
    server.close();
  });
  const judge = new Judge({ deadline: 300 });
  await fuzz(new World({ port: server.address().port, judge, guest: sign({ sub: "x" }) }), { inputs: INPUTS, seed: 1, shares });
  return judge;
}

/** A server of sockets that lets everybody in and answers each event by `answer(id, event)`; nothing is no answer. */
function sockets(answer) {
  const server = http.createServer();
  const clients = new WebSocketServer({ server });
  clients.on("connection", (client) => {
    client.on("error", () => {});
    client.on("message", (message) => {
      const [, kind, namespace, id] = /^4([02])(\/[a-z]+),(\d*)/.exec(message) ?? [];
      if (kind === "0") return client.send(`40${namespace},{"sid":"x"}`);
      // Whatever is no event is refused.
      if (!id) return client.close();
      const said = answer(Number(id));
      if (said) client.send(`43${namespace},${id}[${said}]`);
    });
  });
  return server;
}

const REFUSED = (code) => `{"ok":false,"error":{"code":"${code}","message":"no"}}`;

test("a server that answers everything passes", async (t) => {
  const judge = await against(t, sockets(() => REFUSED("NO_GAME")), SOCKETS);
  assert.ok(judge.inputs >= INPUTS && judge.tallies[0].codes.get("NO_GAME") > INPUTS / 2, `${judge.tallies[0]}`);
});

test("a server that says nothing after the handshake hangs", async (t) => {
  const silent = net.createServer((socket) => socket.on("error", () => {}).once("data", () => socket.write("HTTP/1.1 101 Switching Protocols\r\n\r\n")));
  await assert.rejects(against(t, silent, SOCKETS), /did not come within 300 ms/);
});

test("one event of many that is not answered is noticed", async (t) => {
  let count = 0;
  await assert.rejects(against(t, sockets(() => (++count % 500 ? '{"ok":true}' : undefined)), SOCKETS), (error) => {
    assert.match(error.message, /did not come within 300 ms/);
    assert.match(error.stories[0], /base64: \S/, "what was sent is kept");
    return true;
  });
});

test("an INTERNAL_ERROR is never right", async (t) => {
  let count = 0;
  await assert.rejects(against(t, sockets(() => REFUSED(++count % 500 ? "NO_GAME" : "INTERNAL_ERROR")), SOCKETS), /INTERNAL_ERROR/);
});

test("a 500 is never right, and neither is a 503 that is not BUSY", async (t) => {
  for (const status of [500, 503]) {
    const server = http.createServer((request, response) => response.writeHead(status).end('{"error":{"code":"UNAVAILABLE"}}'));
    await assert.rejects(against(t, server, { HTTP: 1 }), new RegExp(`it answered ${status}`));
  }
});

test("a poll that is never answered is noticed", async (t) => {
  const silent = net.createServer((socket) => socket.on("error", () => {}).resume());
  await assert.rejects(against(t, silent, { polling: 1 }), /did not come within 300 ms/);
});
