// Changes to the structure of a payload: wrong types, fields that are missing, too many or there twice, numbers and texts at the limits.
// What comes out is always well-formed, so the server has to read it and to answer.

/** A value for which JavaScript has no word: as JSON, and as MessagePack. */
export class Odd {
  constructor(json, packed) {
    Object.assign(this, { json, packed: Buffer.from(packed, "latin1") });
  }
}

/** An object whose keys may be there twice. */
export class Fields {
  constructor(entries) {
    this.entries = entries;
  }
}

const nested = (depth) => new Odd("[".repeat(depth) + "]".repeat(depth), "\x91".repeat(depth - 1) + "\x90");

const NUMBERS = [
  ...[0, 1, -1, 2, 6, 24, 25, 26, 100, 255, 256, 65_535, 65_536, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 32 - 1, 2 ** 32, 2 ** 53, -(2 ** 53), 2 ** 53 + 2, 0.5, -0.5, 1.000001, 1e-7, 1e21, 1e308],
  new Odd("-0", "\xcb\x80\0\0\0\0\0\0\0"),
  new Odd("1e400", "\xcb\x7f\xf0\0\0\0\0\0\0"),
  new Odd("-1e400", "\xcb\xff\xf0\0\0\0\0\0\0"),
  new Odd("1e-400", "\xcb\x7f\xf8\0\0\0\0\0\0"),
  new Odd("9223372036854775807", "\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"),
  new Odd("-9223372036854775808", "\xd3\x80\0\0\0\0\0\0\0"),
  new Odd("18446744073709551615", "\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
  new Odd("1.0", "\xca\x3f\x80\0\0"),
  new Odd("1E2", "\xcb\x40\x59\0\0\0\0\0\0"),
];
const TEXTS = [
  ...["", " ", "a", "\0", "\u200b", "\u202e", "é", "e\u0301", "\ud83d\udca5", "👩‍👩‍👧‍👦", "\ufeff", "\uffff", "\u2028", "İ", "ß", "ﷺ", "'; DROP TABLE rooms; --", "<script>alert(1)</script>", "{{7*7}}", "../../etc/passwd"],
  ...["__proto__", "constructor", "null", "NaN", "true", "0", "-1", "1e400", "host", "guest", "white", "BCDFGH", "bcd-fgh", "д".repeat(6), "%00", "\r\nX: y", "a|b", "\\", '"'],
  ...[24, 25, 64, 65, 500, 501].map((length) => "x".repeat(length)),
  "💥".repeat(250),
  ...["1d6", "1000d1000000", "d6!>0", "((((((1))))))", "1/0", "-".repeat(199) + "1", "d20adv kh1", "9".repeat(200)],
  new Odd('"\\ud800"', "\xa3\xed\xa0\x80"),
  new Odd('"\\udc00\\ud800"', "\xa1\xff"),
  new Odd('"\\u0061\\/"', "\xd9\x02a/"),
];
const OTHERS = [
  ...[null, true, false, [], {}, [[]], [null], [{}], { "": 0 }, { _placeholder: true, num: 0 }],
  new Odd("null", "\xd4\0\0"), // undefined, as notepack writes it
  new Odd("[1,2,3]", "\xc4\x03\x01\x02\x03"), // bytes
  new Odd('"2026-01-02T03:04:05.678Z"', "\xd7\0\x7f\xff\xff\xff\xff\xff\xff\xff"), // a date beyond every calendar
  new Odd("{}", "\xc7\x02\x2a\0\0"), // an extension that nobody knows
  new Odd('{"1":1}', "\x81\x01\x01"), // a key that is a number
  new Odd('{"__proto__":{"ok":true}}', "\x81\xa9__proto__\x81\xa2ok\xc3"),
  nested(3),
  nested(60),
];
/** What costs time to write and to read comes seldom. */
const LARGE = [nested(120), nested(130), nested(5_000), "x".repeat(4_001), "\0".repeat(2_000), "é".repeat(40_000), Array(1_001).fill(0), Array(5_000).fill({}), Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i]))];
const LARGE_ONE_IN = 500;
const ALL = [...NUMBERS, ...TEXTS, ...OTHERS];

/** Names that mean something to the server somewhere. */
const NAMES = ["command_id", "expected_version", "game_version", "nickname", "options", "seats", "visibility", "client_seed", "room_code", "game_code", "as", "last_seq", "version", "token", "message", "timestamp", "seat", "level", "to", "moves", "result", "rolls", "formula", "mode", "owner", "hidden", "x", "y", "path", "", "\0"];

/** A copy, because what is put into a payload may be changed there again. */
export const oddValue = (chance) => copied(chance.pick(chance.oneIn(LARGE_ONE_IN) ? LARGE : ALL));
/** A text that is one for JavaScript as well. */
export function oddText(chance) {
  const text = chance.pick(TEXTS);
  return text instanceof Odd ? "\ud800" : text;
}

const isTree = (value) => value !== null && typeof value === "object" && !(value instanceof Odd) && !(value instanceof Fields);
const copied = (value) => (Array.isArray(value) ? value.map(copied) : isTree(value) ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copied(inner)])) : value);

/** Everything in a tree that can be changed: the tree around it, and its key there. */
function slots(tree, found = []) {
  for (const key of Object.keys(tree)) {
    found.push([tree, key]);
    if (isTree(tree[key])) slots(tree[key], found);
  }
  return found;
}

/** Changes to a value that leave it what it is, nearly. */
function nudged(chance, value) {
  if (typeof value === "number") return chance.pick([value + 1, value - 1, -value, value * 1_000, value / 2, `${value}`]);
  if (typeof value === "boolean") return !value;
  if (typeof value !== "string") return oddValue(chance);
  const at = chance.below(value.length + 1);
  return chance.pick([value.slice(0, at), value.slice(0, at) + oddText(chance) + value.slice(at), value.toUpperCase(), value + value, ` ${value} `, Number(value)]);
}

const CHANGES = [
  (chance, [tree, key]) => (tree[key] = oddValue(chance)),
  (chance, [tree, key]) => (tree[key] = oddValue(chance)),
  (chance, [tree, key]) => (tree[key] = nudged(chance, tree[key])),
  (chance, [tree, key]) => (tree[key] = nudged(chance, tree[key])),
  (chance, [tree, key]) => void (Array.isArray(tree) ? tree.splice(Number(key), 1) : delete tree[key]),
  (chance, [tree, key]) => (tree[key] = chance.oneIn(2) ? [tree[key]] : { [key]: tree[key] }),
  (chance, [tree, key]) => void (Array.isArray(tree) ? tree.push(...copied(tree.slice(0, 50))) : (tree[chance.pick(NAMES)] = copied(tree[key]))),
  (chance, [tree, key], [other, name]) => ([tree[key], other[name]] = [copied(other[name]), copied(tree[key])]),
];

/** A changed copy of a payload. */
export function mutateValue(chance, payload) {
  if (chance.oneIn(25)) return oddValue(chance);
  const around = { payload: copied(payload) };
  for (let left = 1 + chance.below(3); left > 0 && isTree(around.payload); left -= 1) {
    const all = slots(around.payload);
    if (all.length === 0 || chance.oneIn(8)) {
      if (!Array.isArray(around.payload)) around.payload[chance.pick(NAMES)] = oddValue(chance);
    } else chance.pick(CHANGES)(chance, chance.pick(all), chance.pick(all));
  }
  if (isTree(around.payload) && !Array.isArray(around.payload) && chance.oneIn(20)) return twice(chance, around.payload);
  return around.payload;
}

/** The same object with one of its keys there a second time. */
function twice(chance, object) {
  const entries = Object.entries(object);
  if (entries.length) entries.push([chance.pick(entries)[0], chance.oneIn(2) ? chance.pick(entries)[1] : oddValue(chance)]);
  return new Fields(entries);
}

/** A value as JSON. */
export function json(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (value instanceof Odd) return value.json;
  if (Array.isArray(value)) return `[${value.map(json).join()}]`;
  const entries = value instanceof Fields ? value.entries : Object.entries(value);
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${json(inner)}`).join()}}`;
}
