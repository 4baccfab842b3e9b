// Engine.IO and Socket.IO by hand, for what no client library would send.
import net from "node:net";
import WebSocket from "ws";
import { SOON } from "./client.mjs";

/** A WebSocket whose packets are written by hand. */
export class RawSocket {
  constructor(url, { query = "EIO=4&transport=websocket", headers = {} } = {}) {
    this.packets = [];
    this.waiting = new Set();
    this.closed = undefined;
    this.socket = new WebSocket(`${url.replace("http", "ws")}/socket.io/?${query}`, { headers, perMessageDeflate: false });
    this.socket.on("message", (data, isBinary) => {
      const text = isBinary ? data : data.toString();
      if (text === "2") return this.send("3");
      this.packets.push(text);
      this.#wake();
    });
    this.socket.on("close", (code) => this.#end(`closed (${code})`));
    this.socket.on("error", (error) => this.#end(error.message));
  }

  #wake() {
    for (const wake of [...this.waiting]) wake();
  }

  #end(why) {
    this.closed ??= why;
    this.#wake();
  }

  send(data) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(data, () => {});
  }

  /** The first packet that `matches` and came after `from`; or `{ closed }`. Rejects when neither comes. */
  until(matches, what = "a packet", from = 0, timeout = SOON) {
    const check = () => {
      const found = this.packets.slice(from).find((packet) => typeof packet === "string" && matches(packet));
      return found !== undefined ? { packet: found } : this.closed ? { closed: this.closed } : undefined;
    };
    return new Promise((resolve, reject) => {
      const wake = () => {
        const value = check();
        if (!value) return;
        clearTimeout(timer);
        this.waiting.delete(wake);
        resolve(value);
      };
      const timer = setTimeout(() => {
        this.waiting.delete(wake);
        reject(new Error(`${timeout} ms without ${what}; packets: ${JSON.stringify(this.packets.slice(-5)).slice(0, 500)}`));
      }, timeout);
      this.waiting.add(wake);
      wake();
    });
  }

  opened() {
    return this.until((packet) => packet.startsWith("0"), "the Engine.IO handshake");
  }

  /** Connects to a namespace and waits for its session. */
  async enter(namespace = "/draft", auth = {}) {
    await this.opened();
    this.send(`40${namespace},${JSON.stringify(auth)}`);
    await this.until((packet) => packet.startsWith(`42${namespace},["session"`), "the session");
    return this;
  }

  /** Whether the server still answers here, or has closed: one of the two is asked of it after any input. */
  async answersOrCloses(namespace = "/draft") {
    const id = Math.floor(Math.random() * 1e9);
    const from = this.packets.length;
    this.send(`42${namespace},${id}["ping",{"timestamp":1}]`);
    const end = await this.until((packet) => packet.startsWith(`43${namespace},${id}[`) || packet.startsWith("44") || packet.startsWith("41"), "an answer or a close", from);
    return end.closed ? `closed: ${end.closed}` : "answered";
  }

  close() {
    this.socket.terminate();
  }
}

/** Writes `bytes` to the server and resolves with what came back when it closed (or after `wait` ms, with `open: true`). */
export function speak(port, bytes, { wait = SOON, end = false } = {}) {
  return new Promise((resolve) => {
    const chunks = [];
    const socket = net.connect(port, "127.0.0.1", () => {
      socket.write(bytes);
      if (end) socket.end();
    });
    const done = (open) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ open, text: Buffer.concat(chunks).toString("latin1") });
    };
    const timer = setTimeout(() => done(true), wait);
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", () => done(false));
    socket.on("close", () => done(false));
  });
}
