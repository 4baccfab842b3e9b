// WebSocket frames: every form that a message may have, and then what no WebSocket library sends.
import { BINARY, CLOSE, frame, PING, PONG, TEXT, upgrade } from "../../support/frames.mjs";
import { mutateBytes } from "../bytes.mjs";
import { text } from "../codings.mjs";
import { happensOrCloses, Talker } from "../talker.mjs";
import { draft } from "../games/draft.mjs";
import { WebSocketLine } from "../websocket.mjs";

const CONTINUATION = 0;
const ROUNDS = 6;
const MESSAGES = 12;

export async function frames(world, { chance, tally }) {
  if (chance.oneIn(8)) return handshake(world, { chance, tally });
  const talker = new Talker(world, { chance, tally, game: draft, coding: text, about: "a writer of frames" });
  await talker.open();
  const { line, dialogue } = talker;
  for (let round = 0; round < ROUNDS && !talker.isOver; round += 1) {
    const sent = Array.from({ length: MESSAGES }, () => message(chance, Buffer.from(dialogue.ask("ping", [{ timestamp: "é".repeat(chance.below(40)) }]))));
    line.write(Buffer.concat(sent.flat()));
    await talker.settled("an answer to every message, whatever its frames");
    tally.inputs += sent.flat().length;
    line.write(Buffer.concat([broken(chance, dialogue), frame(TEXT, Buffer.from(dialogue.ask("ping", [{}])))]));
    tally.inputs += 1;
    await happensOrCloses(world.judge, tally, line, dialogue.settled(), "an answer or a close after a broken frame");
    if (line.isClosed) dialogue.end();
  }
  if (talker.isOver) world.judge.closed(tally);
  await talker.leave();
}

const anyMask = (chance) => chance.below(2 ** 32);
const control = (chance) => frame(chance.oneIn(2) ? PING : PONG, Buffer.alloc(chance.below(126), 0x70), { mask: anyMask(chance) });

/** One message in one frame or in several, with control frames between them. */
function message(chance, payload) {
  const pieces = chance.oneIn(2) ? 1 : 1 + chance.below(5);
  const all = [];
  for (let n = 0, at = 0; n < pieces; n += 1) {
    const end = n === pieces - 1 ? payload.length : at + chance.below(payload.length - at + 1);
    all.push(frame(n === 0 ? TEXT : CONTINUATION, payload.subarray(at, end), { fin: n === pieces - 1, mask: anyMask(chance) }));
    if (chance.oneIn(4)) all.push(control(chance));
    at = end;
  }
  return all;
}

/** A frame against the rules, or one whose bytes were changed. */
function broken(chance, dialogue) {
  const payload = Buffer.from(dialogue.coding.event(dialogue.namespace, chance.below(99), "ping", [{ timestamp: 1 }]));
  const good = frame(TEXT, payload, { mask: anyMask(chance) });
  if (chance.oneIn(2)) return mutateBytes(chance, good, control(chance));
  const bad = Buffer.from(good);
  return chance.pick([
    () => ((bad[0] ^= 0x10 << chance.below(3)), bad), // reserved bits
    () => ((bad[0] = 0x80 | chance.pick([3, 4, 5, 6, 7, 11, 12, 13, 14, 15])), bad), // reserved opcodes
    () => ((bad[1] &= 0x7f), bad), // no mask
    () => frame(CONTINUATION, payload), // of nothing
    () => Buffer.concat([frame(TEXT, payload, { fin: false }), good]), // a message within a message
    () => frame(PING, Buffer.alloc(126)), // a control frame that is too long
    () => frame(PONG, Buffer.alloc(3), { fin: false }), // or in pieces
    () => frame(CLOSE, Buffer.from([chance.below(256)])), // a close with half a code
    () => frame(CLOSE, Buffer.from([chance.below(256), chance.below(256), 0xff, 0xfe])), // with any code, and a reason that is no text
    () => frame(TEXT, Buffer.from([0x34, 0x32, 0xff, 0xfe])), // no UTF-8
    () => frame(TEXT, Buffer.concat([payload, Buffer.from("é").subarray(0, 1)])), // half a character
    () => frame(BINARY, payload),
    () => Buffer.concat([Buffer.from([0x81, 0xff]), Buffer.from(chance.pick([[0x7f, 255], [0, 0], [255, 255]])), Buffer.alloc(10, chance.below(256))]), // longer than anything
    () => Buffer.from([0x81, 0xfe, 0, payload.length, 0, 0, 0, 0, ...payload]), // a length that is longer than it has to be
    () => Buffer.concat(Array(200).fill(frame(TEXT, Buffer.alloc(0), { fin: false }))),
    () => frame(TEXT, Buffer.concat([payload, Buffer.alloc(70_000, 0x20)])),
  ])();
}

/** The request for a WebSocket, with changed bytes, and what would follow it. */
async function handshake(world, { chance, tally }) {
  let isAnswered;
  const answered = new Promise((resolve) => (isAnswered = resolve));
  const line = new WebSocketLine(world.port, tally.surface, { heard: isAnswered, over: isAnswered });
  line.hear = isAnswered;
  world.judge.watch(line);
  const odd = mutateBytes(chance, upgrade(`/socket.io/?EIO=${chance.pick([3, 4])}&transport=websocket`));
  line.write(Buffer.concat([odd, frame(TEXT, Buffer.from(text.connect("/draft", {})))]));
  tally.inputs += 1;
  await happensOrCloses(world.judge, tally, line, answered, "an answer to an odd handshake");
  if (line.isClosed) world.judge.closed(tally);
  line.destroy();
  await line.closed;
}
