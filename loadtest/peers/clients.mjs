// How a client speaks to each server: as little as the protocol asks for, so that the one core of this process suffices.
//
// A client has open(), ask(event, data) → the answer as text or value, close(), and counts what it was told in `told`.
import { connect } from "node:net";
import { Client as Colyseus } from "@colyseus/sdk";

/** Told to all clients of this process. */
export const told = { events: 0 };

/** A connection that speaks HTTP, one request after the other. Node's own client would need more of its core than the servers of theirs. */
class Http {
  #calls = [];
  #text = "";
  constructor(url) {
    const { hostname, port, host } = new URL(url);
    this.host = host;
    this.socket = connect({ host: hostname, port: Number(port), noDelay: true }).setEncoding("latin1");
    this.socket.on("data", (data) => this.#hear((this.#text += data)));
    this.socket.on("error", (error) => this.#calls.forEach(({ failed }) => failed(error)));
    this.socket.on("close", () => this.#calls.forEach(({ failed }) => failed(new Error("the server hung up"))));
  }

  call(method, path, body) {
    const about = body === undefined ? "" : `content-type: text/plain;charset=UTF-8\r\ncontent-length: ${body.length}\r\n`;
    this.socket.write(`${method} ${path} HTTP/1.1\r\nhost: ${this.host}\r\n${about}\r\n${body ?? ""}`, "latin1");
    return new Promise((done, failed) => this.#calls.push({ done, failed }));
  }

  #hear(text) {
    const head = text.indexOf("\r\n\r\n") + 4;
    if (head < 4) return;
    const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1];
    const read = length ? unbroken(text, head, Number(length)) : unchunked(text, head);
    if (!read) return;
    this.#text = text.slice(read.end);
    const { done, failed } = this.#calls.shift();
    if (text.startsWith("200", 9)) done(read.body);
    else failed(new Error(`${text.slice(9, 12)}: ${read.body}`));
    if (this.#text) this.#hear(this.#text);
  }

  close() {
    this.socket.destroy();
  }
}

/** A body that begins at `at` and is so long; nothing while a part of it is missing. */
function unbroken(text, at, length) {
  const end = at + length;
  return text.length < end ? undefined : { body: text.slice(at, end), end };
}

/** The same in chunks. */
function unchunked(text, at) {
  let body = "";
  for (;;) {
    const data = text.indexOf("\r\n", at) + 2;
    if (data < 2) return;
    const size = parseInt(text.slice(at, data), 16);
    const end = data + size + 2;
    if (!(text.length >= end)) return;
    if (size === 0) return { body, end };
    body += text.slice(data, data + size);
    at = end;
  }
}

/** A WebSocket that sends and hears texts in single frames. The `ws` of npm would need more of its core than the servers of theirs. */
class Frames {
  #unread;
  #open = false;
  constructor(url, heard, failed, opened) {
    const { hostname, port, host, pathname, search } = new URL(url);
    Object.assign(this, { heard, failed, opened });
    this.socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n` +
        "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    this.socket.on("data", (data) => this.#hear(this.#unread ? Buffer.concat([this.#unread, data]) : data));
    this.socket.on("error", failed);
  }

  #hear(data) {
    let at = 0;
    if (!this.#open) {
      const end = data.indexOf("\r\n\r\n");
      if (end >= 0 && !data.latin1Slice(0, end).includes(" 101 ")) return this.failed(new Error(data.toString()));
      if (end >= 0) {
        [this.#open, at] = [true, end + 4];
        this.opened?.();
      }
    }
    while (this.#open && data.length - at >= 2) {
      const short = data[at + 1];
      const head = short === 127 ? 10 : short === 126 ? 4 : 2;
      if (data.length - at < head) break;
      const length = short === 127 ? Number(data.readBigUInt64BE(at + 2)) : short === 126 ? data.readUInt16BE(at + 2) : short;
      const end = at + head + length;
      if (data.length < end) break;
      const kind = data[at] & 15;
      if (kind === 1) this.heard(data.latin1Slice(at + head, end));
      if (kind === 9) this.#send(10, data.latin1Slice(at + head, end));
      at = end;
    }
    this.#unread = at < data.length ? data.subarray(at) : undefined;
  }

  send(text) {
    this.#send(1, text);
  }

  /** Masked with zeros, which leaves it as it is. */
  #send(kind, text) {
    const head = text.length < 126 ? 2 : 4;
    const frame = Buffer.alloc(head + 4 + text.length);
    frame[0] = 0x80 | kind;
    if (head === 2) frame[1] = 0x80 | text.length;
    else frame.writeUInt16BE(text.length, 2, (frame[1] = 0x80 | 126));
    frame.latin1Write(text, head + 4);
    this.socket.write(frame);
  }

  close() {
    this.socket.destroy();
  }
}

/** Socket.IO over a WebSocket, or over polling alone. */
export class SocketIo {
  #waiting = new Map();
  #next = 0;
  #say;
  constructor(url, { namespace = "/", polling = false } = {}) {
    this.url = url;
    this.prefix = namespace === "/" ? "" : `${namespace},`;
    this.polling = polling;
  }

  open() {
    return new Promise((opened, failed) => {
      this.opened = opened;
      this.failed = failed;
      if (this.polling) this.#poll().catch(failed);
      else this.#connect();
    });
  }

  #connect() {
    const socket = new Frames(`${this.url}/socket.io/?EIO=4&transport=websocket`, (text) => this.#hear(text), this.failed);
    this.#say = (text) => socket.send(text);
    this.close = () => socket.close();
  }

  async #poll() {
    const [polls, posts] = [new Http(this.url), new Http(this.url)];
    this.close = () => [polls, posts].forEach((connection) => connection.close());
    let path = "/socket.io/?EIO=4&transport=polling";
    this.#say = (text) => void posts.call("POST", path, text).catch(this.failed);
    const open = await polls.call("GET", path);
    path += `&sid=${JSON.parse(open.slice(1)).sid}`;
    this.#hear(open);
    for (;;) for (const packet of (await polls.call("GET", path)).split("\x1e")) this.#hear(packet);
  }

  #hear(text) {
    if (text[0] === "0") return this.#say(`40${this.prefix}`);
    if (text[0] === "2") return this.#say("3");
    const at = 2 + this.prefix.length;
    if (text[1] === "0") return this.opened(this);
    if (text[1] === "2") return void told.events++;
    if (text[1] === "4") return this.failed(new Error(text));
    if (text[1] !== "3") return;
    const data = text.indexOf("[", at);
    const id = Number(text.slice(at, data));
    this.#waiting.get(id)?.(text.slice(data));
    this.#waiting.delete(id);
  }

  ask(event, data) {
    const id = this.#next++;
    return new Promise((answered) => {
      this.#waiting.set(id, answered);
      this.#say(`42${this.prefix}${id}${JSON.stringify([event, data])}`);
    });
  }
}

/** JSON over a plain WebSocket, for Channels. */
export class Plain {
  #waiting = new Map();
  #next = 0;
  constructor(url) {
    this.url = url;
  }

  open() {
    return new Promise((opened, failed) => {
      const hear = (text) => {
        if (text.startsWith('{"event"')) return void told.events++;
        const { id } = JSON.parse(text);
        this.#waiting.get(id)?.(text);
        this.#waiting.delete(id);
      };
      this.socket = new Frames(this.url, hear, failed, () => opened(this));
    });
  }

  close() {
    this.socket.close();
  }

  ask(event, data) {
    const id = this.#next++;
    return new Promise((answered) => {
      this.#waiting.set(id, answered);
      this.socket.send(JSON.stringify({ id, event, data }));
    });
  }
}

/** Colyseus by its own client: a connection belongs to a room, so it opens when it joins one. */
export class InRoom {
  #waiting = new Map();
  #next = 0;
  constructor(url) {
    this.client = new Colyseus(url);
  }

  async open() {
    return this;
  }

  async join(room) {
    this.room = await this.client.joinOrCreate("table", { room });
    // The server is gone for good when a run is over.
    this.room.reconnection.enabled = false;
    this.room.onMessage("answer", ({ id, data }) => {
      this.#waiting.get(id)?.(JSON.stringify(data));
      this.#waiting.delete(id);
    });
    for (const event of ["chat_message", "player_typing"]) this.room.onMessage(event, () => told.events++);
    this.room.onMessage("*", () => {});
  }

  close() {
    this.room?.connection.close();
  }

  ask(event, data) {
    const id = this.#next++;
    return new Promise((answered) => {
      this.#waiting.set(id, answered);
      this.room.send(event, { id, ...data });
    });
  }
}
