// Abuse of the wire: whatever comes in, the server answers or closes, and the game beside it goes on.
import assert from "node:assert/strict";
import net from "node:net";
import test from "node:test";
import { connect } from "../support/client.mjs";
import { assertResults, playOn, room, startedRoom } from "../support/draft.mjs";
import { frames, upgrade } from "../support/frames.mjs";
import { RawSocket, speak } from "../support/raw.mjs";
import { randomness } from "../support/random.mjs";
import { startServer, useServer } from "../support/server.mjs";

const server = useServer();

/** Runs `abuse` and then shows that a game which began before it still answers quickly and ends well. */
async function besideAGame(abuse) {
  const players = await startedRoom(server.url);
  await abuse(players);
  const { host, guest } = players;
  await host.ok("chat_message", { message: "still playing" });
  await guest.next("chat_message", ({ message }) => message === "still playing");
  assertResults((await playOn(players)).host);
  host.assertGapless();
}

const deep = (depth) => "[".repeat(depth) + "]".repeat(depth);

const PACKETS = {
  "an empty packet": "",
  "an unknown engine packet": "9",
  "a letter": "x",
  "an engine open packet": '0{"sid":"x"}',
  "an engine close": "1",
  "a ping from the client": "2",
  "many pongs": "3333",
  "an upgrade packet": "5",
  "a noop": "6",
  "no socket packet": "4",
  "an unknown socket packet": "49",
  "a connect error from the client": '44/draft,{"message":"x"}',
  "an ack nobody waits for": "43/draft,77[]",
  "an ack with a huge id": "43/draft,99999999999999999999999999[]",
  "an event before any namespace": '42["ping",{}]',
  "an event without JSON": "42/draft,",
  "an event with half JSON": '42/draft,["ping",{',
  "an event that is an object": '42/draft,{"a":1}',
  "an event that is null": "42/draft,null",
  "an event that is a number": "42/draft,5",
  "an empty event": "42/draft,[]",
  "an event named by a number": "42/draft,[5]",
  "an event named by null": "42/draft,[null,{}]",
  "an event named by an object": '42/draft,[{"a":1},{}]',
  "an event with a negative ack id": '42/draft,-1["ping",{}]',
  "an event with a huge ack id": `42/draft,${"9".repeat(400)}["ping",{}]`,
  "an event with two namespaces": '42/draft,/draft,1["ping",{}]',
  "an event of another namespace": '42/pong,1["ping",{}]',
  "an event of a namespace that does not exist": '42/nowhere,1["ping",{}]',
  "a reserved event": '42/draft,["connect"]',
  "another reserved event": '42/draft,["disconnect","x"]',
  "one more reserved event": '42/draft,["connect_error",{}]',
  "a second connect": "40/draft,{}",
  "a connect with bad JSON": "40/draft,{",
  "a connect with an array": "40/draft,[1,2]",
  "a connect to nowhere": "40/nowhere,{}",
  "a connect to a path trick": "40/../../etc/passwd,{}",
  "a connect to a namespace of 10 kB": `40/${"n".repeat(10_000)},{}`,
  "a disconnect from nowhere": "41/nowhere,",
  "nesting 1,000 deep": `42/draft,1["ping",${deep(1_000)}]`,
  "nesting 20,000 deep": `42/draft,1["ping",${deep(20_000)}]`,
  "nesting that never closes": `42/draft,1["ping",${"[".repeat(30_000)}`,
  "duplicate keys": '42/draft,1["ping",{"timestamp":1,"timestamp":2}]',
  "a number that is no number": '42/draft,1["ping",{"timestamp":1e999}]',
  "a lone surrogate": '42/draft,1["chat_message",{"message":"\\ud800"}]',
  "a null byte": '42/draft,1["chat_message",{"message":"\\u0000"}]',
  "a binary event without attachments": '450-/draft,["ping",{}]',
  "a binary event whose attachment never comes": '451-/draft,["ping",{"_placeholder":true,"num":0}]',
  "a binary event with a billion attachments": '451000000000-/draft,["ping",{"_placeholder":true,"num":0}]',
  "a binary event whose placeholder is out of range": '451-/draft,["ping",{"_placeholder":true,"num":99}]',
  "a binary event without a count": '45-/draft,["ping"]',
  "a binary ack": '461-/draft,1[{"_placeholder":true,"num":0}]',
  "bytes out of nowhere": Buffer.from([1, 2, 3]),
  "no bytes out of nowhere": Buffer.alloc(0),
  "bytes that look like msgpack": Buffer.from([0x83, 0xa4, 0x74, 0x79, 0x70, 0x65, 0x02, 0xa3, 0x6e, 0x73, 0x70]),
  "msgpack that promises four billion fields": Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff]),
  "msgpack nested without end": Buffer.alloc(20_000, 0x91),
};

for (const entered of [true, false]) {
  test(`odd packets over a WebSocket ${entered ? "in a namespace" : "before any namespace"} are answered or close it`, { timeout: 120_000 }, async () => {
    await besideAGame(async () => {
      for (const [what, packet] of Object.entries(PACKETS)) {
        const raw = new RawSocket(server.url);
        if (entered) await raw.enter();
        else await raw.opened();
        raw.send(packet);
        if (entered) {
          await raw.answersOrCloses().catch((error) => assert.fail(`${what}: ${error.message}`));
        } else {
          // Nobody is in a namespace yet: entering one must work, or the connection be closed.
          raw.send("40/draft,{}");
          await raw.until((text) => text.startsWith("40/draft") || text.startsWith("44/draft") || text.startsWith("41"), `a connect or a close after ${what}`);
        }
        raw.close();
      }
    });
  });
}

test("odd packets over polling are answered or close the session", { timeout: 120_000 }, async () => {
  await besideAGame(async () => {
    for (const [what, packet] of Object.entries(PACKETS)) {
      const base = `${server.url}/socket.io/?EIO=4&transport=polling`;
      const opened = await (await fetch(base)).text();
      const { sid } = JSON.parse(opened.slice(1));
      const post = (body) => fetch(`${base}&sid=${sid}`, { method: "POST", body, headers: { "Content-Type": "text/plain;charset=UTF-8" } });
      const first = await post("40/draft,{}");
      assert.equal(first.status, 200);
      const answer = await post(Buffer.isBuffer(packet) ? `b${packet.toString("base64")}` : packet);
      assert.ok(answer.status < 500, `${what}: ${answer.status} ${await answer.text()}`);
      const after = await fetch(`${base}&sid=${sid}`, { signal: AbortSignal.timeout(10_000) });
      assert.ok(after.status < 500, `${what}, then polling: ${after.status}`);
      await after.text();
    }
  });
});

test("odd Engine.IO requests are refused, never with a server error", async () => {
  const sids = ["unknown", "", "AAAAAAAAAAAAAAAAAAAAAAAA", "../../x", "%00", "a".repeat(5_000), "1 OR 1=1"];
  const requests = [
    ["GET", ""], ["GET", "?"], ["GET", "?EIO=4"], ["GET", "?transport=polling"], ["GET", "?EIO=1&transport=polling"], ["GET", "?EIO=x&transport=polling"],
    ["GET", "?EIO=4&transport=carrier-pigeon"], ["GET", "?EIO=4&transport=websocket"], ["GET", "?EIO=4&EIO=3&transport=polling"],
    ["GET", "?EIO=4&transport=polling&b64=1&j=0"], ["POST", "?EIO=4&transport=polling"], ["PUT", "?EIO=4&transport=polling"],
    ["DELETE", "?EIO=4&transport=polling"], ["OPTIONS", "?EIO=4&transport=polling"], ["HEAD", "?EIO=4&transport=polling"],
    ["GET", `?EIO=4&transport=polling&${"x=1&".repeat(2_000)}`],
    ...sids.flatMap((sid) => [["GET", `?EIO=4&transport=polling&sid=${encodeURIComponent(sid)}`], ["POST", `?EIO=4&transport=polling&sid=${encodeURIComponent(sid)}`]]),
  ];
  for (const [method, query] of requests) {
    for (const path of ["/socket.io/", "/socket.io"]) {
      const response = await fetch(`${server.url}${path}${query}`, { method, body: method === "POST" ? "4" : undefined, signal: AbortSignal.timeout(10_000) });
      assert.ok(response.status < 500, `${method} ${path}${query.slice(0, 100)}: ${response.status}`);
      await response.text();
    }
  }
});

test("a polling session is not upgraded, read or written under two sids at once", async () => {
  const client = await connect(server.url, { transports: ["polling"], upgrade: false });
  const { sid } = { sid: client.socket.io.engine.id };
  const second = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, { signal: AbortSignal.timeout(10_000) });
  assert.ok(second.status < 500, `a second poll at the same time: ${second.status}`);
});

test("frames that no WebSocket library sends close the connection", async () => {
  await besideAGame(async () => {
    const odd = {
      "an unmasked frame": [0x81, 0x02, 0x34, 0x30],
      "a reserved opcode": [0x83, 0x80, 0, 0, 0, 0],
      "reserved bits": [0xf1, 0x80, 0, 0, 0, 0],
      "a frame of 2^63 bytes": [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0],
      "a frame of 1 GB": [0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0],
      "text that is no UTF-8": [0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe],
      "a control frame of 126 bytes": [0x89, 0xfe, 0, 126, 0, 0, 0, 0, ...Array(126).fill(65)],
      "a continuation of nothing": [0x80, 0x80, 0, 0, 0, 0],
      "a close frame of one byte": [0x88, 0x81, 0, 0, 0, 0, 1],
    };
    for (const [what, bytes] of Object.entries(odd)) {
      const end = await speak(server.port, Buffer.concat([upgrade("/socket.io/?EIO=4&transport=websocket"), Buffer.from(bytes)]), { wait: 20_000 });
      assert.equal(end.open, false, `${what}: the server closes; it said ${JSON.stringify(end.text.slice(0, 200))}`);
    }
  });
});

test("odd HTTP is answered or closed", async () => {
  const requests = {
    "no HTTP": "hello\r\n\r\n",
    "TLS on a plain port": Buffer.from("16030100a5010000a10303", "hex"),
    "an old version": "GET / HTTP/0.9\r\n\r\n",
    "two lengths": "POST /api/rooms HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "a length and chunks": "POST /api/rooms HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": "POST /api/rooms HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "a chunk that is too long": "POST /api/rooms HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    "a header of 1 MB": `GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(1_000_000)}\r\n\r\n`,
    "10,000 headers": `GET / HTTP/1.1\r\nHost: x\r\n${"X: y\r\n".repeat(10_000)}\r\n`,
    "a path of 100 kB": `GET /${"a".repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    "a path out of the house": "GET /static/../../../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "an encoded path out of the house": "GET /static/%2e%2e/%2e%2e/Cargo.toml HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "line breaks in a header": "GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\nConnection: close\r\n\r\n",
  };
  for (const [what, bytes] of Object.entries(requests)) {
    const { text, open } = await speak(server.port, bytes, { wait: 25_000 });
    assert.ok(!open || text.length > 0, `${what}: answered or closed`);
    assert.doesNotMatch(text, /^HTTP\/1\.[01] 5/, `${what}: ${text.slice(0, 200)}`);
    assert.doesNotMatch(text, /root:x:0|\[package\]/, `${what} shows files of the machine`);
  }
});

test("half-open handshakes and slow bodies are gone within 20 s and hold nobody up", { timeout: 60_000 }, async () => {
  await besideAGame(async ({ host, guest }) => {
    const slow = {
      "nothing sent": "",
      "half a request line": "GET /socket.io/?EIO=4",
      "headers that never end": "GET / HTTP/1.1\r\nHost: x\r\n",
      "a body that never comes": "POST /api/rooms HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
    };
    const began = Date.now();
    const all = Object.entries(slow).flatMap(([what, bytes]) => Array.from({ length: 50 }, () => speak(server.port, bytes, { wait: 25_000 }).then((end) => ({ what, ...end, after: Date.now() - began }))));
    for (let i = 0; i < 20; i += 1) {
      const asked = performance.now();
      await host.ok("chat_message", { message: `${i}` });
      assert.ok(performance.now() - asked < 2_000, "a move takes its usual time meanwhile");
    }
    await guest.next("chat_message", ({ message }) => message === "19");
    for (const { what, open, after } of await Promise.all(all)) assert.ok(!open && after < 22_000, `${what}: still open after ${after} ms`);
  });
});

test("a client that does not read is dropped, and the others get everything at once", { timeout: 90_000 }, async (t) => {
  const own = await startServer(t);
  const { host, guest, code } = await room(own.url);
  const deaf = await new RawSocket(own.url).enter();
  deaf.send(`42/draft,1["join_room",{"room_code":"${code}","as":"spectator"}]`);
  await deaf.until((packet) => packet.startsWith("43/draft,1["), "the answer to join_room");
  deaf.socket._socket.pause();
  const message = "x".repeat(500);
  for (let i = 0; i < 6_000; i += 50) {
    await Promise.all(Array.from({ length: 50 }, () => host.ok("chat_message", { message })));
  }
  await guest.until(() => guest.all("chat_message").length === 6_000, "6,000 messages");
  guest.assertGapless();
  await guest.ok("ping", { timestamp: 1 });
});

test("clients that ask without end and never read hold up nobody", { timeout: 90_000 }, async (t) => {
  const own = await startServer(t);
  const players = await startedRoom(own.url);
  const asks = frames(Array(1_000).fill('42/draft,1["ping",{}]'));
  const deaf = async () => {
    const client = await new RawSocket(own.url).enter();
    t.after(() => client.close());
    const connection = client.socket._socket.pause();
    for (let n = 0; n < 200; n += 1) connection.write(asks);
    // Sent, or the server has closed: either way it has an end.
    await new Promise((asked) => connection.write("", asked));
  };
  for (let n = 0; n < 6; n += 1) await deaf();
  assertResults((await playOn(players)).host);
  players.host.assertGapless();
  assert.deepEqual(await own.stop(), { code: 0, signal: null });
});

test("random changes to good packets, 2,000 of them: answered or closed, no panic", { timeout: 120_000 }, async (t) => {
  const next = randomness(t);
  const good = ['42/draft,1["create_room",{"nickname":"Ada","options":{}}]', '42/draft,2["join_room",{"room_code":"BCDFGH","last_seq":3}]', '42/draft,3["chat_message",{"message":"hello"}]', '42/draft,4["place_character",{"character_id":7,"role_name":"Captain"}]', '451-/draft,5["ping",{"_placeholder":true,"num":0}]', "40/draft,{\"token\":\"x\"}", "41/draft,"];
  const pick = (list) => list[Math.floor(next() * list.length)];
  const mutate = (text) => {
    const chars = [...text];
    for (let n = 1 + Math.floor(next() * 6); n > 0; n -= 1) {
      const at = Math.floor(next() * chars.length);
      const change = Math.floor(next() * 4);
      if (change === 0) chars.splice(at, 1 + Math.floor(next() * 4));
      else if (change === 1) chars.splice(at, 0, String.fromCharCode(Math.floor(next() * 127)));
      else if (change === 2) chars[at] = pick(['"', "[", "]", "{", "}", ",", ":", "-", "0", "9", "\\", "/", "\u0000", "💥"]);
      else chars.splice(at, 0, ...chars.slice(at, at + 20));
    }
    return chars.join("");
  };
  await besideAGame(async () => {
    let raw = await new RawSocket(server.url).enter();
    for (let i = 0; i < 2_000; i += 1) {
      if (raw.closed) raw = await new RawSocket(server.url).enter();
      raw.send(mutate(pick(good)));
      if (i % 10 === 9) {
        const end = await raw.answersOrCloses();
        if (end !== "answered" || raw.packets.some((packet) => packet === "41/draft,")) {
          raw.close();
          raw = await new RawSocket(server.url).enter();
        }
      }
    }
    raw.close();
  });
});

test("a thousand connections that come and go at once leave nothing behind", { timeout: 60_000 }, async () => {
  await besideAGame(async () => {
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(
        Array.from({ length: 100 }, (_, i) =>
          new Promise((resolve) => {
            const socket = net.connect(server.port, "127.0.0.1", () => {
              if (i % 3 === 0) socket.write("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n");
              if (i % 2 === 0) socket.resetAndDestroy();
              else socket.end();
            });
            socket.on("error", () => {}).on("close", resolve).resume();
          }),
        ),
      );
    }
  });
});
