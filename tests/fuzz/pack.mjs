// MessagePack in every form that a value may have: whoever reads it has to know all of them.
import { Fields, Odd } from "./values.mjs";

/** More than any packet that is made here. */
const LARGEST = 1_000_000;

/** What to write before something of a length: [the marker of short ones, how short those are, the markers for lengths of 1, 2 and 4 bytes]. */
const STRING = [0xa0, 31, [0xd9, 0xda, 0xdb]];
const ARRAY = [0x90, 15, [undefined, 0xdc, 0xdd]];
const MAP = [0x80, 15, [undefined, 0xde, 0xdf]];

export function packer(chance) {
  const out = Buffer.alloc(LARGEST);
  let at = 0;

  const uint = (marker, value, width) => {
    out[at] = marker;
    out.writeUIntBE(value, at + 1, width);
    at += 1 + width;
  };

  const head = (length, [short, shortest, [byte, two, four]]) => {
    if (length <= shortest && !chance.oneIn(4)) out[at++] = short | length;
    else if (byte && length < 256 && chance.oneIn(2)) uint(byte, length, 1);
    else if (length < 65_536 && !chance.oneIn(4)) uint(two, length, 2);
    else uint(four, length, 4);
  };

  const string = (text) => {
    const length = Buffer.byteLength(text);
    head(length, STRING);
    at += out.write(text, at);
  };

  const number = (value) => {
    if (!Number.isSafeInteger(value) || chance.oneIn(8)) {
      out[at] = 0xcb;
      at = out.writeDoubleBE(value, at + 1);
    } else if (value >= 0 && value < 128 && !chance.oneIn(4)) out[at++] = value;
    else if (value >= 0 && value < 65_536 && chance.oneIn(2)) uint(0xcd, value, 2);
    else if (value >= 0 && value < 2 ** 32 && !chance.oneIn(4)) uint(0xce, value, 4);
    else {
      out[at] = 0xd3;
      at = out.writeBigInt64BE(BigInt(value), at + 1);
    }
  };

  const fields = (entries) => {
    head(entries.length, MAP);
    for (const [key, inner] of entries) {
      string(key);
      any(inner);
    }
  };

  const any = (value) => {
    if (typeof value === "string") string(value);
    else if (typeof value === "number") number(value);
    else if (typeof value === "boolean") out[at++] = value ? 0xc3 : 0xc2;
    else if (value === null || value === undefined) out[at++] = 0xc0;
    else if (value instanceof Odd) at += value.packed.copy(out, at);
    else if (Array.isArray(value)) {
      head(value.length, ARRAY);
      value.forEach(any);
    } else fields(value instanceof Fields ? value.entries : Object.entries(value));
  };

  return {
    /** A packet of Socket.IO. Its type and its id are written as whole numbers, since they would be none as floats. */
    packet(type, namespace, data, id) {
      at = 0;
      head(id === undefined ? 3 : 4, MAP);
      string("type");
      out[at++] = type;
      string("nsp");
      string(namespace);
      string("data");
      any(data);
      if (id !== undefined) {
        string("id");
        uint(0xce, id, 4);
      }
      return Buffer.from(out.subarray(0, at));
    },
  };
}
