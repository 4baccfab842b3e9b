// How a client speaks to each server: as little as the protocol asks for, so that the one core of this process suffices.
//
// A client has open(), ask(event, data) → the answer as text or value, close(), and counts what it was told in `told`.
import { connect } from "node:net";
import { Client as Colyseus } from "@colyseus/sdk";
import WebSocket from "ws";

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
    const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head));
    const read = length ? { body: text.slice(head, head + Number(length[1])), end: head + Number(length[1]) } : unchunked(text, head);
    if (!read || text.length < read.end) return;
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

/** A body in chunks that begins at `at`; nothing while a part of it is missing. */
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
    const socket = new WebSocket(`${this.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate: false });
    this.#say = (text) => socket.send(text);
    this.close = () => socket.terminate();
    socket.on("error", this.failed);
    socket.on("message", (data) => this.#hear(data.toString("latin1")));
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
      this.socket = new WebSocket(this.url.replace("http", "ws"), { perMessageDeflate: false });
      this.socket.on("error", failed).on("open", () => opened(this));
      this.socket.on("message", (data) => {
        const text = data.toString("latin1");
        if (text.startsWith('{"event"')) return void told.events++;
        const { id } = JSON.parse(text);
        this.#waiting.get(id)?.(text);
        this.#waiting.delete(id);
      });
    });
  }

  close() {
    this.socket.terminate();
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
