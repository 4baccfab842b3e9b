// What goes wrong when: all of it follows from a seed.
import { randomness } from "../support/random.mjs";
import { TROUBLES } from "./link.mjs";

/** How often each kind is chosen, against the others. */
const KINDS = { kill: 4, pause: 4, stop: 3, "postgres kill": 1, "postgres stop": 1, "redis kill": 2, "redis pause": 1, clients: 4, postgres: 4, redis: 3, relay: 2 };
/** What it happens to: only one fault at a time. */
export const hat = ({ kind, node }) => (kind.startsWith("postgres ") || kind.startsWith("redis ") ? kind.split(" ")[0] : `${["kill", "pause", "stop"].includes(kind) ? "process" : kind} ${node}`);

/** Faults in a span of `ms`: `[{ at, kind, node?, trouble?, forget?, ms }]`, at most two at a time, none longer than `longest`. */
export function schedule(seed, { ms, nodes, longest = 5_000, every = 1_100 }) {
  const next = randomness(undefined, seed);
  const one = (list) => list[Math.floor(next() * list.length)];
  const kinds = Object.entries(KINDS).flatMap(([kind, weight]) => Array(weight).fill(kind));
  const faults = [];
  for (let at = 500 + Math.round(next() * every); at < ms; at += Math.round(every * (0.3 + 1.4 * next()))) {
    const kind = one(kinds);
    const fault = { at, kind, ms: Math.round(100 + next() ** 2 * (longest - 100)) };
    if (!kind.includes(" ")) fault.node = Math.floor(next() * nodes);
    if (["clients", "postgres", "redis", "relay"].includes(kind)) Object.assign(fault, { trouble: one(TROUBLES), forget: next() < 0.5 });
    const going = faults.filter((other) => other.at + other.ms + 300 > at);
    if (going.length < 2 && !going.some((other) => hat(other) === hat(fault))) faults.push(fault);
  }
  return faults;
}

export function inWords({ at, kind, node, trouble, forget, ms }) {
  const where = node === undefined ? "" : ` of node ${node}`;
  const what = trouble ? `network to ${kind}${where}: ${trouble}${forget ? ", then broken" : ""}` : `${kind}${where}`;
  return `${(at / 1000).toFixed(2).padStart(7)} s  ${what}, for ${ms} ms`;
}
