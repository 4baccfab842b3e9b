// Long-polling: payloads of several packets, in the forms of Engine.IO 3 and 4, and what is none. One connection for all of it.
import { mutateBytes } from "../bytes.mjs";
import { text } from "../codings.mjs";
import { Dialogue } from "../dialogue.mjs";
import { HttpLine, request } from "../http.mjs";
import { happensOrCloses } from "../talker.mjs";
import { oddText } from "../values.mjs";
import { anyEvent, GAMES } from "../vocabulary.mjs";
import { codings, sample } from "./strangers.mjs";

const SESSIONS = 8;
const ROUNDS = 4;
const POSTS = 4;
const PACKETS = 6;
const SEPARATOR = "\x1e";
const OK = 200;
const PLAIN = ["Content-Type", "text/plain;charset=UTF-8"];
const KINDS = Object.keys(codings);

/** How packets stand in a payload, by the version of Engine.IO. A packet of bytes is base64 there. */
const FORMS = {
  3: {
    write: (packets) => packets.map((packet) => `${packet.length}:${packet}`).join(""),
    read(body) {
      const payload = body.toString();
      const packets = [];
      for (let at = 0; at < payload.length; ) {
        const start = payload.indexOf(":", at) + 1;
        const end = start + Number(payload.slice(at, start - 1));
        packets.push(Buffer.from(payload.slice(start, end)));
        at = end > at ? end : payload.length;
      }
      return packets;
    },
  },
  4: {
    write: (packets) => packets.map((packet) => (typeof packet === "string" ? packet : `b${packet.toString("base64")}`)).join(SEPARATOR),
    read: (body) => body.toString().split(SEPARATOR).map((record) => (record[0] === "b" ? Buffer.from(record.slice(1), "base64") : Buffer.from(record))),
  },
};

export async function polling(world, { chance, tally }) {
  const line = world.judge.watch(new HttpLine(world.port, tally.surface));
  for (let n = 0; n < SESSIONS && !line.isClosed; n += 1) await session(world, { chance, tally, line });
  if (line.isClosed) world.judge.closed(tally);
  line.destroy();
  await line.closed;
}

async function session(world, { chance, tally, line }) {
  const { judge } = world;
  const { eio, coding } = codings[chance.pick(KINDS)];
  const game = chance.pick(GAMES);
  const form = FORMS[eio];
  const path = `/socket.io/?EIO=${eio}&transport=polling`;
  const [{ body }] = await send(judge, tally, line, [request("GET", path)]);
  const sid = /"sid":"([^"]+)"/.exec(body.toString())?.[1];
  if (!sid) return void judge.wrong(tally, line, `no session: ${body}`);
  const target = `${path}&sid=${sid}`;
  const dialogue = new Dialogue({ coding: coding(chance), namespace: game.namespace, judge, tally, line });
  const post = (packets) => request("POST", target, [PLAIN], Buffer.from(form.write(packets)));
  const hear = (payload) => form.read(payload).forEach((packet) => packet[0] !== 0x32 && dialogue.hear(packet));
  /** Polls until everything is answered: each poll in time, and all of them together. */
  const polled = async () => {
    const late = Date.now() + judge.deadline;
    while (!dialogue.isOver && (dialogue.unanswered > 0 || !dialogue.isIn)) {
      const [response] = await send(judge, tally, line, [request("GET", target)]);
      if (response.status === OK) hear(response.body);
      else dialogue.end();
      if (Date.now() > late) judge.wrong(tally, line, `${dialogue.unanswered} events are not answered; the last poll: ${response.body.subarray(0, 300)}`);
    }
  };

  await send(judge, tally, line, [post([dialogue.coding.connect(game.namespace, {})])]);
  await polled();
  for (let round = 0; round < ROUNDS && !dialogue.isOver && !judge.failure; round += 1) {
    const posts = Array.from({ length: POSTS }, () => {
      const packets = Array.from({ length: 1 + chance.below(PACKETS) }, () => asked(chance, dialogue, game));
      // A pong is welcome at any time, and keeps the session.
      return { packets, request: post([eio === 3 ? "2" : "3", ...packets]) };
    });
    const responses = await send(judge, tally, line, posts.map(({ request }) => request));
    tally.inputs += posts.reduce((sum, { packets }) => sum + packets.length, 0);
    if (responses.some((response) => response?.status !== OK)) return;
    await polled();
    if (line.isClosed || dialogue.isOver) return;
    tally.inputs += 1;
    await odd(world, { chance, tally, line, dialogue, game, target, form, polled });
  }
}

const asked = (chance, dialogue, game) => {
  const [event, ...args] = anyEvent(chance, game, {});
  return dialogue.ask(event, args);
};

/** All responses to these requests, in time. */
async function send(judge, tally, line, requests) {
  const responses = await judge.inTime(tally, line, Promise.all(line.send(requests)), "an answer to each poll");
  for (const response of responses) if (response) judge.response(tally, line, response.status, response.body);
  return responses.map((response) => response ?? { status: 0, body: Buffer.alloc(0) });
}

/** Something that is no good request of Engine.IO. What follows it shows whether the session is still there. */
async function odd(world, { chance, tally, line, dialogue, game, target, form, polled }) {
  const { judge } = world;
  const good = Buffer.from(form.write([sample(chance, { coding: dialogue.coding, game }, {}), "3"]));
  const changed = mutateBytes(chance, good, Buffer.from(form.write([text.connect("/pong", {})])));
  const query = (pairs) => `/socket.io/?${pairs}`;
  const sids = ["unknown", "A".repeat(16), "%00", "AAAAAAAAAAAAAAHs", encodeURIComponent(oddText(chance).toWellFormed())];
  const foreign = query(`EIO=${chance.pick([3, 4, 5, "x"])}&transport=${chance.pick(["polling", "websocket", "pigeon"])}&sid=${chance.pick(sids)}`);
  const other = chance.pick([
    () => request("POST", target, [PLAIN], changed),
    () => request("POST", target, [PLAIN], changed),
    () => request("POST", target, [PLAIN], changed, { chunks: 1 + chance.below(5) }),
    () => request("POST", target, [["Content-Type", chance.pick(["application/octet-stream", "application/json", "x", ""])]], chance.oneIn(2) ? changed : good),
    () => request("POST", target.replace("EIO=4", "EIO=3"), [PLAIN], good),
    () => request("POST", target, [PLAIN], Buffer.alloc(0)),
    () => request("POST", `${target}&sid=${chance.pick(sids)}&j=0`, [PLAIN], good),
    () => request("POST", foreign, [PLAIN], good),
    () => request("GET", foreign),
    () => request(chance.pick(["PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"]), target, [PLAIN], good),
  ])();
  const happens = Promise.all(line.send([other]));
  await happensOrCloses(judge, tally, line, happens, "an answer to an odd poll");
  for (const response of await happens) if (response) judge.response(tally, line, response.status, response.body);
  if (line.isClosed) return void dialogue.end();
  // The session may have ended; then the next request says so.
  const probe = dialogue.ask("ping", [{ timestamp: 1 }]);
  const [response] = await send(judge, tally, line, [request("POST", target, [PLAIN], Buffer.from(form.write([probe])))]);
  if (response.status === OK) await polled();
  else dialogue.end();
}
