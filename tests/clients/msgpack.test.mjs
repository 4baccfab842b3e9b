// Real clients of the msgpack parser, and of the default one beside them, against the server of examples/msgpack_echo.rs.
// PARLOR_ECHO_URL names one that runs already; otherwise the example is built and started.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import { after, before, describe, test as bare } from "node:test";
import { createInterface } from "node:readline";
import { io } from "socket.io-client";
import msgpack from "socket.io-msgpack-parser";
import WebSocket from "ws";

let url = process.env.PARLOR_ECHO_URL;
let server;
const open = new Set();

before(async () => {
  if (url) return;
  server = spawn("cargo", ["run", "--quiet", "--example", "msgpack_echo"], { stdio: ["pipe", "pipe", "inherit"] });
  for await (const line of createInterface({ input: server.stdout })) {
    url = line.replace("listening on ", "");
    break;
  }
  assert.match(url, /^http/);
});

after(() => {
  for (const socket of open) socket.disconnect();
  server?.stdin.end();
});

// No test hangs.
const test = (name, run) => bare(name, { timeout: 20_000 }, run);

const ways = {
  polling: ["polling"],
  websocket: ["websocket"],
  upgrade: ["polling", "websocket"],
};

function client(namespace, transports, options = {}) {
  const socket = io(url + namespace, { parser: msgpack, transports, forceNew: true, reconnection: false, ...options });
  open.add(socket);
  return socket;
}

/** The arguments of the next `event`; rejects when it does not come. */
function next(socket, event, timeout = 5000) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${event}`)), timeout);
    socket.once(event, (...args) => {
      clearTimeout(timer);
      resolve(args);
    });
  });
}

const upgraded = (socket) =>
  socket.io.engine.transport.name === "websocket" ? Promise.resolve() : next(socket.io.engine, "upgrade");

const sample = {
  text: "snow ☃ and 𝄞, \"quotes\", \\ and \n",
  numbers: [0, 1, -1, 127, 128, -32, -33, 65535, 65536, 4294967295, 4294967296, -2147483649, 9007199254740991, 0.5, -1.25e-7],
  nothing: null,
  yes: true,
  nested: { list: [[], {}, [[1]]], long: "x".repeat(5000), many: Array.from({ length: 300 }, (_, i) => i) },
};

for (const [name, transports] of Object.entries(ways)) {
  for (const parser of ["msgpack", "default"]) {
    const options = parser === "default" ? { parser: undefined } : {};
    describe(`${parser} parser by ${name}`, () => {
      test("connects with its auth payload, to any namespace, and keeps its headers", async () => {
        const extraHeaders = { cookie: "parlor_session=abc", origin: "http://game.example" };
        for (const namespace of ["/", "/draft"]) {
          const socket = client(namespace, transports, { ...options, auth: { token: "secret" }, query: { room: "BCDFGH" }, extraHeaders });
          const [hello] = await next(socket, "hello");
          assert.deepEqual(hello.auth, { token: "secret" });
          assert.equal(hello.cookie, "parlor_session=abc");
          assert.equal(hello.origin, "http://game.example");
          assert.match(hello.uri, /^\/socket\.io\/\?.*room=BCDFGH/);
          if (name === "upgrade") await upgraded(socket);
          assert.deepEqual(await socket.timeout(5000).emitWithAck("echo", sample), sample);
          socket.disconnect();
        }
      });

      test("connects without an auth payload", async () => {
        const socket = client("/draft", transports, options);
        assert.deepEqual((await next(socket, "hello"))[0].auth, {});
        socket.disconnect();
      });

      test("sends and gets events and acknowledgements", async () => {
        const socket = client("/draft", transports, options);
        await next(socket, "hello");
        const echo = next(socket, "echo");
        assert.deepEqual(await socket.timeout(5000).emitWithAck("echo", sample), sample);
        assert.deepEqual(await echo, [sample]);
        socket.on("ask", (data, answer) => answer({ got: data }));
        const answer = next(socket, "answer");
        socket.emit("ask", sample);
        assert.deepEqual(await answer, [{ got: sample }]);
        const unknown = next(socket, "unknown");
        socket.emit("no such event");
        assert.deepEqual(await unknown, ["no such event"]);
        socket.disconnect();
      });

      test("several namespaces share a connection", async () => {
        const first = client("/", transports, options);
        const second = first.io.socket("/draft");
        await Promise.all([next(first, "hello"), next(second, "hello")]);
        assert.deepEqual(await second.timeout(5000).emitWithAck("echo", "second"), "second");
        second.disconnect();
        assert.deepEqual(await first.timeout(5000).emitWithAck("echo", "first"), "first");
        first.disconnect();
      });

      test("is refused with a message", async () => {
        for (const [namespace, message] of [["/closed", /^AUTH_REQUIRED/], ["/nowhere", /./]]) {
          const socket = client(namespace, transports, options);
          const [error] = await next(socket, "connect_error");
          assert.match(error.message, message);
          socket.disconnect();
        }
      });

      test("gets and sends 1,000 events in order", async () => {
        const socket = client("/draft", transports, options);
        const expected = Array.from({ length: 1000 }, (_, index) => index);
        const collect = (event, of) =>
          new Promise((resolve) => {
            const got = [];
            socket.on(event, (value) => value !== -1 && got.push(of(value)) === 1000 && resolve(got));
          });
        await next(socket, "hello");
        // What one payload of polling cannot hold is lost by an upgrade in between, with and without the door.
        if (name === "upgrade") await upgraded(socket);
        const items = collect("item", ({ index }) => index);
        socket.emit("burst", 1000);
        assert.deepEqual(await items, expected);
        const echoes = collect("echo", (index) => index);
        for (const index of expected) {
          socket.emit("echo", index);
          // All at once would overflow what the server buffers for one client, whatever its parser.
          if (index % 100 === 99) await socket.timeout(5000).emitWithAck("echo", -1);
        }
        assert.deepEqual(await echoes, expected);
        socket.disconnect();
      });

      test("goes on while it upgrades, and hears of a disconnection", async () => {
        const socket = client("/draft", transports, options);
        await next(socket, "hello");
        for (let index = 0; index < 20; index++) assert.equal(await socket.timeout(5000).emitWithAck("echo", index), index);
        const gone = next(socket, "disconnect");
        socket.emit("bye");
        assert.deepEqual((await gone)[0], "io server disconnect");
      });
    });
  }
}

test("clients of both parsers stay connected over heartbeats, by every way", async () => {
  const sockets = Object.values(ways).flatMap((transports) => [client("/draft", transports), client("/draft", transports, { parser: undefined })]);
  const gone = [];
  for (const socket of sockets) socket.on("disconnect", (reason) => gone.push(reason));
  await Promise.all(sockets.map((socket) => next(socket, "hello")));
  // Two heartbeats of five seconds.
  await new Promise((resolve) => setTimeout(resolve, 11_000));
  assert.deepEqual(gone, []);
  for (const socket of sockets) {
    assert.equal(await socket.timeout(5000).emitWithAck("echo", "still here"), "still here");
    socket.disconnect();
  }
});

describe("values that JSON has no word for", () => {
  for (const [name, transports] of Object.entries(ways)) {
    test(`arrive as validation can refuse them, by ${name}`, async () => {
      const socket = client("/draft", transports);
      await next(socket, "hello");
      const date = new Date("2026-01-02T03:04:05.678Z");
      const sent = { bytes: Buffer.from([1, 2, 3]), date, missing: undefined, list: [undefined, NaN, Infinity] };
      assert.deepEqual(await socket.timeout(5000).emitWithAck("echo", sent), {
        bytes: { _binary: true },
        date: date.toISOString(),
        list: [null, null, null],
      });
      socket.disconnect();
    });
  }
});

describe("a client that was sent half a session", () => {
  test("an auth payload that comes late, after the upgrade, shows the parser as well", async () => {
    const late = (answer) => setTimeout(() => answer({ token: "late" }), 500);
    const socket = client("/draft", ["polling", "websocket"], { auth: late });
    assert.deepEqual((await next(socket, "hello"))[0].auth, { token: "late" });
    assert.equal(socket.io.engine.transport.name, "websocket");
    socket.disconnect();
  });

  test("a first packet that arrives by polling while the WebSocket is being made shows the parser", async () => {
    for (let tries = 0; tries < 30; tries++) {
      const socket = client("/draft", ["polling", "websocket"], { auth: (answer) => setTimeout(() => answer({}), tries / 3) });
      await next(socket, "hello");
      await upgraded(socket);
      assert.equal(await socket.timeout(5000).emitWithAck("echo", tries), tries);
      socket.disconnect();
    }
  });

  test("a probe that is given up ends the session at once, so that the client starts anew", async () => {
    const query = "socket.io/?EIO=4";
    const answer = await (await fetch(`${url}/${query}&transport=polling`)).text();
    const { sid } = JSON.parse(answer.slice(1));
    const probe = new WebSocket(`${url.replace("http", "ws")}/${query}&transport=websocket&sid=${sid}`);
    await once(probe, "open");
    probe.send("2probe");
    await once(probe, "message");
    probe.terminate();
    let status = 200;
    for (let tries = 0; status === 200 && tries < 50; tries++) {
      status = (await fetch(`${url}/${query}&transport=polling&sid=${sid}`)).status;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.equal(status, 400);
  });
});

describe("bad input", () => {
  const connect = msgpackEncode({ type: 0, nsp: "/draft" });

  function msgpackEncode(packet) {
    return new msgpack.Encoder().encode(packet)[0];
  }

  async function socket(first) {
    const ws = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
    await once(ws, "message");
    if (first) {
      ws.send(first);
      // The answer to CONNECT; a ping may come before it.
      await new Promise((resolve) => ws.on("message", (_, binary) => binary && resolve()));
    }
    return ws;
  }

  const bad = {
    "an unused marker": Buffer.from([0xc1]),
    "nothing": Buffer.alloc(0),
    "no namespace": msgpackEncode({ type: 2, data: ["echo"] }),
    "a wrong type": msgpackEncode({ type: 9, nsp: "/draft", data: ["echo"] }),
    "data of the wrong type": msgpackEncode({ type: 2, nsp: "/draft", data: "echo" }),
    "an id of the wrong type": msgpackEncode({ type: 2, nsp: "/draft", data: ["echo"], id: "1" }),
    "trailing bytes": Buffer.concat([connect, Buffer.from([0])]),
    "half a packet": connect.subarray(0, 10),
    "a nesting bomb": Buffer.concat([Buffer.from([0x83]), Buffer.from("\xa4type\x02\xa3nsp\xa1/\xa4data", "latin1"), Buffer.alloc(90_000, 0x91)]),
    "a claim of four billion values": Buffer.concat([Buffer.from("\x83\xa4type\x02\xa3nsp\xa1/\xa4data", "latin1"), Buffer.from([0xdd, 255, 255, 255, 255])]),
    "more than a message may hold": Buffer.alloc(300_000, 0x91),
  };
  for (const [name, bytes] of Object.entries(bad)) {
    test(`${name} ends the connection, first or later`, async () => {
      for (const first of [undefined, connect]) {
        const ws = await socket(first);
        ws.on("error", () => {});
        ws.send(bytes);
        await once(ws, "close", { signal: AbortSignal.timeout(5000) });
      }
      const sid = JSON.parse((await (await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).text()).slice(1)).sid;
      const address = `${url}/socket.io/?EIO=4&transport=polling&sid=${sid}`;
      const send = (body) => fetch(address, { method: "POST", body });
      assert.equal((await send(`b${connect.toString("base64")}`)).status, 200);
      await send(`b${bytes.toString("base64")}`).catch(() => {});
      let status = 200;
      for (let tries = 0; status === 200 && tries < 50; tries++) status = (await fetch(address)).status;
      assert.equal(status, 400, "the session is gone");
    });
  }

  test("packets in fragments, with pings in between and split anywhere, are understood", async () => {
    const ws = await socket(connect);
    const packet = msgpackEncode({ type: 2, nsp: "/draft", data: ["echo", { x: "y".repeat(300) }], id: 5 });
    const got = [];
    const acked = new Promise((resolve) =>
      ws.on("message", (data, binary) => {
        if (!binary) return;
        const decoder = new msgpack.Decoder();
        decoder.on("decoded", (decoded) => got.push(decoded) && decoded.type === 3 && resolve());
        decoder.add(data);
      }),
    );
    ws.send(packet.subarray(0, 1), { fin: false, binary: true });
    ws.ping("between");
    ws.send(packet.subarray(1, 100), { fin: false });
    ws.send(Buffer.alloc(0), { fin: false });
    ws.pong();
    ws.send(packet.subarray(100), { fin: true });
    assert.equal((await once(ws, "pong"))[0].toString(), "between");
    await acked;
    const ack = got.find((decoded) => decoded.type === 3);
    assert.deepEqual(ack, { type: 3, nsp: "/draft", data: [{ x: "y".repeat(300) }], id: 5 });
    ws.close();
    await once(ws, "close");
  });

  test("a payload that arrives byte by byte is understood, of either parser", async () => {
    for (const body of [`3\x1eb${connect.toString("base64")}`, "3\x1e40/draft,{}"]) {
      const { sid } = JSON.parse((await (await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).text()).slice(1));
      const address = `${url}/socket.io/?EIO=4&transport=polling&sid=${sid}`;
      const stream = new ReadableStream({
        async start(controller) {
          for (const byte of Buffer.from(body)) {
            controller.enqueue(Uint8Array.of(byte));
            await new Promise(setImmediate);
          }
          controller.close();
        },
      });
      assert.equal((await fetch(address, { method: "POST", body: stream, duplex: "half" })).status, 200);
      let answer = "";
      for (let tries = 0; !/[b4]/.test(answer[0] ?? "") && tries < 5; tries++) {
        answer = (await (await fetch(address)).text()).split("\x1e").find((record) => /^[b4]/.test(record)) ?? "";
      }
      assert.equal(answer[0], body.includes("\x1eb") ? "b" : "4");
    }
  });

  test("a connection cut in the middle of a frame harms nobody", async () => {
    const { hostname, port } = new URL(url);
    const raw = net.connect(Number(port), hostname);
    raw.on("error", () => {});
    raw.write(
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n" +
        "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    await once(raw, "data");
    raw.write(Buffer.from([0x82, 0xfe, 0x10]));
    raw.destroy();
    const other = client("/draft", ["websocket"]);
    await next(other, "hello");
    other.disconnect();
  });

  test("requests that the server refuses are refused as without the door", async () => {
    for (const [path, status] of [
      ["?EIO=4&transport=websocket", 400],
      ["?EIO=4&transport=pigeon", 400],
      ["?EIO=9&transport=polling", 400],
      ["?EIO=4&transport=polling&sid=nonsense", 400],
      ["?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAHs", 400],
    ]) {
      assert.equal((await fetch(`${url}/socket.io/${path}`)).status, status, path);
    }
  });
});
