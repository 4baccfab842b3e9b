// Clients that have just connected, and whatever a client of a namespace may say there.
import { msgpack, text, legacy } from "../codings.mjs";
import { Talker } from "../talker.mjs";
import { mutateValue } from "../values.mjs";
import { anyEvent, GAMES } from "../vocabulary.mjs";

const EVENTS = 60;
const ROUNDS = 4;
const BYTES = 3;

export const codings = {
  "Engine.IO 4": { eio: 4, coding: () => text },
  "Engine.IO 3": { eio: 3, coding: () => legacy },
  MessagePack: { eio: 4, coding: msgpack },
};

/** One connection, from its handshake to its end. */
export async function stranger(world, { chance, tally, kind }) {
  const { eio, coding } = codings[kind];
  const talker = new Talker(world, { chance, tally, game: chance.pick(GAMES), coding: coding(chance), eio, about: "a stranger" });
  const known = { code: chance.pick(world.codes), token: chance.pick(world.tokens) };
  const valid = { token: known.token, nickname: "Ada", room_code: known.code, last_seq: 1 };
  tally.inputs += 1;
  const isIn = await talker.open(chance.oneIn(3) ? mutateValue(chance, valid) : {});
  for (let round = 0; isIn && round < ROUNDS && !talker.isOver; round += 1) {
    await talker.events(Array.from({ length: EVENTS }, () => anyEvent(chance, talker.game, known)));
    for (let n = 0; n < BYTES && !talker.isOver; n += 1) await talker.bytes(sample(chance, talker, known), sample(chance, talker, known));
  }
  await talker.leave();
}

/** A packet to be changed: mostly an event, sometimes another kind. */
export function sample(chance, { coding, game }, known) {
  if (chance.oneIn(6)) return coding.connect(chance.pick(GAMES).namespace, { token: known.token });
  const [event, ...args] = anyEvent(chance, game, known);
  if (chance.oneIn(6) && !coding.binary) return `451-${game.namespace},${chance.below(99)}["ping",{"timestamp":{"_placeholder":true,"num":0}}]`;
  return coding.event(game.namespace, chance.below(99), event, args);
}
