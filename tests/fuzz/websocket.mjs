// A WebSocket by hand, over a Line: frames of any kind go out, messages come in.
import { BINARY, CLOSE, frame, PING, PONG, TEXT } from "../support/frames.mjs";
import { Line } from "./line.mjs";

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
