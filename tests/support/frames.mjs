// WebSocket frames by hand, as a client writes them, and the request that comes before them.
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** How many bytes come before a payload of this length. */
const headLength = (length) => 6 + (length < 126 ? 0 : length < 65_536 ? 2 : 8);

/** Writes the head of a client's frame, and says where it ends. The mask of zeros, which leaves the payload as it is, is a valid one. */
function writeHead(bytes, at, first, length, mask) {
  bytes[at] = first;
  bytes[at + 1] = 0x80 | Math.min(length, 126);
  if (length >= 65_536) {
    bytes[at + 1] = 0xff;
    bytes.writeBigUInt64BE(BigInt(length), at + 2);
  } else if (length >= 126) bytes.writeUInt16BE(length, at + 2);
  const end = at + headLength(length);
  bytes.writeUInt32BE(mask, end - 4);
  return end;
}

/** A client's frame. */
export function frame(opcode, payload, { fin = true, mask = 0 } = {}) {
  const bytes = Buffer.allocUnsafe(headLength(payload.length) + payload.length);
  const at = writeHead(bytes, 0, (fin ? 0x80 : 0) | opcode, payload.length, mask);
  payload.copy(bytes, at);
  if (mask) for (let i = at; i < bytes.length; i += 1) bytes[i] ^= (mask >>> (24 - 8 * ((i - at) & 3))) & 0xff;
  return bytes;
}

/** Messages, texts or bytes, as frames in one buffer: most of the work of a client that sends as fast as it can. */
export function frames(messages) {
  const lengths = messages.map((message) => Buffer.byteLength(message));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + headLength(length) + length, 0));
  let at = 0;
  messages.forEach((message, i) => {
    const isText = typeof message === "string";
    at = writeHead(bytes, at, 0x80 | (isText ? TEXT : BINARY), lengths[i], 0);
    if (isText) bytes.write(message, at);
    else message.copy(bytes, at);
    at += lengths[i];
  });
  return bytes;
}

/** The request for a WebSocket. */
export const upgrade = (path) =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);
