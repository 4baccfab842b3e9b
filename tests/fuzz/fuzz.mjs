// The whole of it: who sends what at the same time, until so many inputs are sent.
import { reissue } from "../support/token.mjs";
import { Chance } from "./chance.mjs";
import { frames } from "./surfaces/frames.mjs";
import { http } from "./surfaces/http.mjs";
import { polling } from "./surfaces/polling.mjs";
import { codings, stranger } from "./surfaces/strangers.mjs";
import { table } from "./surfaces/tables.mjs";

/** What part of all inputs each surface gets. A request over HTTP costs the server as much as ten events. */
const SHARES = { "Engine.IO 4": 0.42, "Engine.IO 3": 0.18, MessagePack: 0.16, frames: 0.1, polling: 0.08, HTTP: 0.06 };
/** How many of each are at it at a time; a table is two or three connections. */
const STRANGERS = 8;
const TABLES = 16;
const OTHERS = { frames: [frames, 12], polling: [polling, 12], HTTP: [http, 16] };
/** Rooms that are known to all. */
const KNOWN_ROOMS = 50;

/** What all connections share. */
export class World {
  /** `guest`: a token of the server's, of which those of any other player are made. */
  constructor({ port, judge, guest }) {
    Object.assign(this, { port, judge, guest });
    this.codes = ["BCDFGH"];
    this.tokens = ["a.b.c"];
  }

  /** A new player. */
  token(chance) {
    const digits = (count) => Array.from({ length: count }, () => chance.below(16).toString(16)).join("");
    return reissue(this.guest, { sub: `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${digits(12)}` });
  }

  /** From now on others know of this room and of one of its players. */
  meet(code, token) {
    for (const [list, item] of [[this.codes, code], [this.tokens, token]]) {
      list.push(item);
      if (list.length > KNOWN_ROOMS) list.shift();
    }
  }
}

/** Sends so many inputs, and rejects with the first thing that is wrong. */
export async function fuzz(world, { inputs, seed, shares = SHARES }) {
  const chance = new Chance(seed);
  const { judge } = world;
  const tallies = Object.fromEntries(Object.keys(shares).map((name) => [name, judge.tally(name)]));
  const goOn = async (name, own, session) => {
    const limit = inputs * shares[name];
    while (tallies[name].inputs < limit && !judge.failure) await session({ chance: own.fork(), tally: tallies[name], tallies, kind: name });
  };
  const each = (count, name, session) => (name in shares ? Array.from({ length: count }, () => goOn(name, chance.fork(), session)) : []);
  const all = [
    ...Object.keys(codings).flatMap((kind) => each(STRANGERS, kind, (own) => stranger(world, own))),
    ...(Object.keys(codings).every((kind) => kind in shares) ? each(TABLES, "Engine.IO 4", (own) => table(world, own)) : []),
    ...Object.entries(OTHERS).flatMap(([name, [session, count]]) => each(count, name, (own) => session(world, own))),
  ];
  const ends = await Promise.allSettled(all);
  for (const line of judge.lines) line.destroy();
  const failed = judge.failure ?? ends.find(({ reason }) => reason)?.reason;
  if (failed) throw failed;
}
