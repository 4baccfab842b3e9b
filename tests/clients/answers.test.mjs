// Every event is answered, whatever it is and whatever comes with it.
import assert from "node:assert/strict";
import test from "node:test";
import { connect } from "../support/client.mjs";
import { room, startedRoom } from "../support/draft.mjs";
import { startServer, useServer } from "../support/server.mjs";

const server = useServer();

const EVENTS = [
  "create_room", "join_room", "join_game_room", "leave_room", "start_game", "reset_game", "rematch", "request_sync", "chat_message",
  "typing", "request_presence", "add_bot", "remove_bot", "ping", "refresh_token", "draw_character", "place_character",
];
const UNKNOWN = ["", " ", "no_such_event", "__proto__", "constructor", "toString", "Create_Room", "create_room ", "game_ended", "session", "hidden", "a".repeat(5_000), "💥", "\u0000", "draw_character\n"];

/** Names that stand escaped in a packet: the library cannot read them and closes the connection. */
const needsEscapes = (event) => JSON.stringify(event) !== `"${event}"`;
/** How deep a payload may be for the msgpack parser; deeper ones close the connection. */
const MSGPACK_DEPTH = 127;

const nested = (depth) => {
  let value = 1;
  for (let i = 0; i < depth; i += 1) value = i % 2 ? [value] : { value };
  return value;
};

const PAYLOADS = {
  null: [null],
  nothing: [],
  "a string": ["text"],
  "an empty string": [""],
  "a number": [42],
  "a huge number": [1e308],
  "a boolean": [true],
  "an array": [[1, "two", null]],
  "an empty array": [[]],
  "an empty object": [{}],
  "wrong types": [{ room_code: 5, nickname: [], message: {}, typing: "yes", seat: "one", level: 9, character_id: {}, role_name: 3, token: false, timestamp: {}, options: 1, last_seq: "x" }],
  "nulls in every field": [{ room_code: null, nickname: null, message: null, typing: null, seat: null, level: null, character_id: null, role_name: null, token: null, timestamp: null, options: null, last_seq: null, command_id: null }],
  "numbers out of range": [{ seat: 1e21, last_seq: -1, seats: 2 ** 40, timestamp: -1e300, expected_version: 2 ** 63 }],
  "strings with control characters": [{ room_code: "\u0000\u001f", nickname: "\u202e\u0000", message: "\u0000", character_id: "\ud800", role_name: "\uffff", level: "\n" }],
  "a prototype": [JSON.parse('{"__proto__": {"ok": true}, "constructor": {"prototype": 1}}')],
  "nested 200 deep": [nested(200)],
  "nested 1,500 deep": [nested(1_500)],
  "many fields": [Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`field${i}`, i]))],
  "bytes": [Buffer.from([0, 1, 2, 255])],
  "an object with bytes": [{ message: Buffer.from("hi"), room_code: Buffer.from("BCDFGH") }],
  "two arguments": [{}, {}],
  "ten arguments": Array.from({ length: 10 }, (_, i) => i),
};

for (const where of ["in no room", "in the lobby", "in a game"]) {
  for (const version of ["4.x", "4.x msgpack"]) {
    test(`a ${version} client ${where} gets an answer to every event with every payload`, { timeout: 120_000 }, async () => {
      let client = await place(where, { version });
      for (const event of [...EVENTS, ...UNKNOWN]) {
        for (const [what, args] of Object.entries(PAYLOADS)) {
          const answer = await client.askRaw(event, args).catch((error) => {
            const tooDeep = version === "4.x msgpack" && what.startsWith("nested") && Number.parseInt(what.slice(7).replace(",", ""), 10) > MSGPACK_DEPTH;
            if (/disconnected/.test(error.message) && (needsEscapes(event) || tooDeep)) return undefined;
            throw new Error(`${JSON.stringify(event.slice(0, 40))} with ${what}: ${error.message}`);
          });
          if (answer === undefined) {
            client.close();
            client = await place(where, { version });
            continue;
          }
          assert.equal(typeof answer?.ok, "boolean", `${event.slice(0, 40)} with ${what}: ${JSON.stringify(answer)?.slice(0, 300)}`);
          if (!answer.ok) {
            assert.match(answer.error.code, /^[A-Z_]+$/, `${event} with ${what}`);
            assert.notEqual(answer.error.code, "INTERNAL_ERROR", `${event} with ${what}: ${JSON.stringify(answer)}`);
            assert.ok(answer.error.message.length > 0 && answer.error.message.length < 1_000, `${event} with ${what}: a short message`);
          }
          if (UNKNOWN.includes(event)) assert.ok(["UNKNOWN_EVENT", "NO_GAME"].includes(answer.error?.code), `${JSON.stringify(event.slice(0, 40))} with ${what}: ${JSON.stringify(answer)}`);
        }
      }
      await client.ok("ping", { timestamp: 1 });
    });
  }
}

async function place(where, hostOptions) {
  if (where === "in no room") return connect(server.url, hostOptions);
  const { host } = await (where === "in the lobby" ? room : startedRoom)(server.url, { hostOptions });
  return host;
}

test("unknown events are answered UNKNOWN_EVENT in a room", async () => {
  const { host } = await room(server.url);
  for (const event of UNKNOWN.filter((event) => !needsEscapes(event))) await host.refused(event, {}, "UNKNOWN_EVENT");
});

test("without an ack a failure arrives as error { code, message, event }", async () => {
  const { host } = await room(server.url);
  const failures = [
    ["no_such_event", {}, "UNKNOWN_EVENT"],
    ["chat_message", { message: "" }, "VALIDATION_ERROR"],
    ["chat_message", null, "VALIDATION_ERROR"],
    ["chat_message", [1], "VALIDATION_ERROR"],
    ["chat_message", "text", "VALIDATION_ERROR"],
    ["join_room", { room_code: "222222" }, "INVALID_GAME"],
    ["join_room", { room_code: 5 }, "VALIDATION_ERROR"],
    ["add_bot", { seat: 9, level: "x" }, "VALIDATION_ERROR"],
    ["typing", {}, "VALIDATION_ERROR"],
    ["refresh_token", { token: "x" }, "AUTH_REQUIRED"],
  ];
  for (const [event, data, code] of failures) {
    host.socket.emit(event, data);
    const error = await host.next("error");
    assert.deepEqual([error.event, error.code], [event, code], `${event} ${JSON.stringify(data)}: ${JSON.stringify(error)}`);
    assert.ok(error.message.length > 0);
  }
  for (const event of ["no_such_event", "chat_message"]) {
    host.socket.emit(event);
    const error = await host.next("error");
    assert.equal(error.event, event, "also without any payload");
  }
  assert.equal(host.all("error").length, failures.length + 2, "one error each");
});

test("a success without an ack is not answered with an error", async () => {
  const { host, guest } = await room(server.url);
  host.socket.emit("chat_message", { message: "no ack" });
  await guest.next("chat_message");
  await host.ok("ping", { timestamp: 1 });
  assert.equal(host.all("error").length, 0);
});

test("messages that are too large are answered or the connection ends, and the room goes on", async () => {
  const { host, guest } = await room(server.url);
  for (const size of [5_000, 60_000, 70_000, 300_000, 2_000_000, 20_000_000]) {
    for (const transports of [["websocket"], ["polling"]]) {
      const client = await connect(server.url, { name: `${size} bytes by ${transports}`, transports, reconnection: false });
      const answered = new Promise((resolve) => client.socket.emit("chat_message", { message: "x".repeat(size) }, resolve));
      const dropped = client.next(":disconnect", undefined, 20_000).then((reason) => ({ dropped: reason }));
      const end = await Promise.race([answered, dropped]);
      dropped.catch(() => {});
      if (!end.dropped) {
        assert.equal(end.ok, false);
        assert.ok(["VALIDATION_ERROR", "PAYLOAD_TOO_LARGE", "NO_GAME"].includes(end.error.code), `${client.name}: ${JSON.stringify(end)}`);
      } else {
        assert.ok(size > 60_000, `${client.name} was dropped: ${end.dropped}`);
      }
      client.close();
    }
  }
  await host.ok("chat_message", { message: "still here" });
  await guest.next("chat_message");
});

test("a flood is answered RATE_LIMITED with retry_after_ms, and waiting that long helps", async (t) => {
  const limited = await startServer(t, { env: { PARLOR_RATE_LIMITS: "on" } });
  const client = await connect(limited.url);
  const answers = await Promise.all(Array.from({ length: 2_000 }, (_, i) => client.ask("ping", { timestamp: i }, 30_000)));
  const refused = answers.filter(({ ok }) => !ok);
  assert.ok(refused.length > 0, "2,000 events at once are too many");
  assert.ok(answers[0].ok, "the first is not");
  for (const { error } of refused) {
    assert.equal(error.code, "RATE_LIMITED");
    const wait = error.retry_after_ms ?? error.details?.retry_after_ms;
    assert.ok(Number.isInteger(wait) && wait > 0 && wait < 120_000, JSON.stringify(error));
  }
  const { error } = refused.at(-1);
  const wait = error.retry_after_ms ?? error.details.retry_after_ms;
  await new Promise((resolve) => setTimeout(resolve, wait + 50));
  await client.ok("ping", { timestamp: 1 });
  const other = await connect(limited.url);
  await other.ok("ping", { timestamp: 1 });
});
