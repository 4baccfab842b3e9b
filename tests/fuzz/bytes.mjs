// Changes to bytes, whatever they mean.

/** What means something to one parser or another. */
const TOKENS = [
  ...["\0", "\x1e", "\x04", "\x7f", "\xff", "\xed\xa0\x80", "\xc0\x80", "\xf4\x90\x80\x80", "\xef\xbb\xbf", "\r\n", "\n", "\r\n\r\n", " ", "\t"],
  ...['"', "[", "]", "{", "}", ",", ":", "-", "\\", "/", "\\u0000", "\\ud800", "null", "true", "1e999", "[[[[[[[[", '{"":', "0", "9", "99999999999999999999"],
  ...["451-", "40/draft,", "41/draft,", "42", "43/pong,1", "b", "bAAAA", "2probe", "5", "1:4", "/", "/admin,", "?", "&", "=", "%", "%00", "%ff", "+", ";"],
  ...["\x81\x80", "\xdf\xff\xff\xff\xff", "\xc1", "\xc7\x08\x00", "0\r\n\r\n", "ffffffff\r\n", "Content-Length: 7\r\n", "Transfer-Encoding: chunked\r\n", "HTTP/1.1"],
].map((text) => Buffer.from(text, "latin1"));

/** The longest that is inserted or repeated: long enough to leave any small buffer, short enough to be cheap. */
const STRETCH = 64;

const CHANGES = {
  flip(chance, bytes, at) {
    const flipped = Buffer.from(bytes);
    if (flipped.length) flipped[at] ^= 1 << chance.below(8);
    return flipped;
  },
  overwrite(chance, bytes, at) {
    const written = Buffer.from(bytes);
    if (written.length) written[at] = chance.below(256);
    return written;
  },
  insert: (chance, bytes, at) => spliced(bytes, at, at, Buffer.from(Array.from({ length: 1 + chance.below(4) }, () => chance.below(256)))),
  token: (chance, bytes, at) => spliced(bytes, at, at, chance.pick(TOKENS)),
  replace(chance, bytes, at) {
    const token = chance.pick(TOKENS);
    return spliced(bytes, at, Math.min(bytes.length, at + token.length), token);
  },
  remove: (chance, bytes, at) => spliced(bytes, at, Math.min(bytes.length, at + 1 + chance.below(STRETCH)), EMPTY),
  duplicate: (chance, bytes, at) => spliced(bytes, at, at, bytes.subarray(at, at + 1 + chance.below(STRETCH))),
  repeat: (chance, bytes, at) => spliced(bytes, at, at, Buffer.alloc(chance.below(8 * STRETCH), bytes[at])),
  truncate: (chance, bytes, at) => bytes.subarray(0, at),
  behead: (chance, bytes, at) => bytes.subarray(at),
  splice: (chance, bytes, at, other) => Buffer.concat([bytes.subarray(0, at), other.subarray(chance.below(other.length))]),
};
const KINDS = Object.values(CHANGES);
const EMPTY = Buffer.alloc(0);

const spliced = (bytes, from, to, between) => Buffer.concat([bytes.subarray(0, from), between, bytes.subarray(to)]);

/** `bytes` with one to four changes; the parts of `other` may get into it. The given buffers stay as they are. */
export function mutateBytes(chance, bytes, other = bytes) {
  let mutated = bytes;
  for (let left = 1 + chance.below(4); left > 0; left -= 1) mutated = chance.pick(KINDS)(chance, mutated, chance.below(mutated.length), other);
  return mutated;
}
