// A WebSocket by hand, over a Line: frames of any kind go out, messages come in.
import { Line } from "./line.mjs";

export const TEXT = 1;
export const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

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

export const upgrade = (path) =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`);

export class WebSocketLine extends Line {
  #unread = Buffer.alloc(0);
  #upgraded = false;
  /** `heard(message, isBinary)` for every message, `over()` when there will be none any more. */
  constructor(port, about, { heard, over }) {
    super(port, about);
    Object.assign(this, { heard, over });
  }

  hear(data) {
    let at = 0;
    const bytes = this.#unread.length ? Buffer.concat([this.#unread, data]) : data;
    if (!this.#upgraded) {
      const end = bytes.indexOf("\r\n\r\n");
      if (end >= 0 && !bytes.latin1Slice(0, end).startsWith("HTTP/1.1 101 ")) return void this.destroy();
      if (end >= 0) [this.#upgraded, at] = [true, end + 4];
    }
    while (this.#upgraded && bytes.length - at >= 2) {
      const short = bytes[at + 1];
      const head = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (bytes.length - at < head) break;
      const length = short === 127 ? Number(bytes.readBigUInt64BE(at + 2)) : short === 126 ? bytes.readUInt16BE(at + 2) : short;
      if (bytes.length - at < head + length) break;
      this.#take(bytes[at] & 15, bytes.subarray(at + head, at + head + length));
      at += head + length;
    }
    this.#unread = bytes.subarray(at);
  }

  #take(opcode, payload) {
    if (opcode === TEXT || opcode === BINARY) this.heard(payload, opcode === BINARY);
    else if (opcode === PING) this.write(frame(PONG, payload));
    else if (opcode === CLOSE) this.finish();
  }

  ended() {
    this.over();
  }
}
