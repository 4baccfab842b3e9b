// How a client speaks to each server: as little as the protocol asks for, so that the one core of this process suffices.
//
// A client has open(), ask(event, data) → the answer as text or value, close(), and counts what it was told in `told`.
import { Agent, request } from "node:http";
import { Client as Colyseus } from "@colyseus/sdk";
import WebSocket from "ws";

/** Told to all clients of this process. */
export const told = { events: 0 };

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
    const agent = new Agent({ keepAlive: true, maxSockets: 2 });
    this.close = () => agent.destroy();
    let sid = "";
    const call = (method, body) =>
      new Promise((done, failed) => {
        const headers = body === undefined ? {} : { "content-type": "text/plain;charset=UTF-8", "content-length": Buffer.byteLength(body) };
        const query = `EIO=4&transport=polling${sid && `&sid=${sid}`}`;
        const sent = request(`${this.url}/socket.io/?${query}`, { method, agent, headers }, (response) => {
          let text = "";
          response.setEncoding("latin1").on("data", (part) => (text += part));
          response.on("end", () => (response.statusCode === 200 ? done(text) : failed(new Error(`${response.statusCode}: ${text}`))));
        });
        sent.on("error", failed);
        sent.end(body);
      });
    this.#say = (text) => void call("POST", text).catch(this.failed);
    const open = await call("GET");
    sid = JSON.parse(open.slice(1)).sid;
    this.#hear(open);
    for (;;) for (const packet of (await call("GET")).split("\x1e")) this.#hear(packet);
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
