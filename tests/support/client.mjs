// Promises over Socket.IO clients of every version. A `Client` keeps everything it received, so that no test can miss an event by
// listening too late.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { io as io4 } from "socket.io-client";

const require = createRequire(import.meta.url);

/** How long anything that should happen at once may take on a busy machine. */
export const SOON = 10_000;

const LIBRARIES = {
  "4.x": () => (url, options) => io4(url, options),
  "4.x msgpack": () => {
    const parser = require("socket.io-msgpack-parser");
    return (url, options) => io4(url, { ...options, parser });
  },
  "3.x": () => {
    const { io } = require("socket.io-client-v3");
    return (url, options) => io(url, options);
  },
  "2.x": () => {
    const io = require("socket.io-client-v2");
    // 2.x has no `auth`: what it has to say goes into the query, of the connection and of the namespace.
    return (url, { auth, ...options }) => io(url, { ...options, query: auth });
  },
};

export const VERSIONS = Object.keys(LIBRARIES);

export const TRANSPORTS = {
  "polling only": { transports: ["polling"], upgrade: false },
  "WebSocket only": { transports: ["websocket"] },
  "polling upgraded to WebSocket": { transports: ["polling", "websocket"], upgrade: true },
};

/** Events whose `seq` says how far the log is, and which are not events of the log themselves. */
const MARKERS = new Set(["connection_established", "room_joined", "state_sync", "session", "presence_update"]);

const open = new Set();

/** Disconnects whatever a test left connected; call it in `after`. */
export function closeClients() {
  for (const client of open) client.close();
}

export class Client {
  constructor(url, { name = "client", namespace = "/draft", version = "4.x", auth = {}, ...options } = {}) {
    this.name = name;
    this.auth = auth;
    this.received = [];
    this.cursors = new Map();
    this.waiting = new Set();
    this.lastSeq = 0;
    /** The code of the room that every later handshake asks to come back to. */
    this.room = undefined;
    this.version = version;
    this.socket = LIBRARIES[version]()(url + namespace, {
      forceNew: true,
      autoConnect: false,
      reconnectionDelay: 20,
      reconnectionDelayMax: 200,
      randomizationFactor: 0,
      transports: ["websocket"],
      ...options,
      auth: version === "2.x" ? auth : (answer) => answer(this.handshake()),
    });
    this.#listen();
    open.add(this);
  }

  /** What the next handshake says. */
  handshake() {
    return this.room ? { ...this.auth, room_code: this.room, last_seq: this.lastSeq } : this.auth;
  }

  #listen() {
    // `onAny` came with 3.x; every version has `onevent`.
    const deliver = this.socket.onevent;
    this.socket.onevent = (packet) => {
      this.#record(packet.data[0], packet.data[1]);
      deliver.call(this.socket, packet);
    };
    for (const name of ["connect", "connect_error", "disconnect", "error"]) {
      this.socket.on(name, (data) => {
        // 2.x reports a refused namespace as "error" with a string; from the server, `error` comes as an object by `onevent`.
        if (name !== "error" || typeof data === "string") this.#record(`:${name}`, data);
      });
    }
  }

  #record(event, data) {
    if (event === "session") {
      this.session = data;
      // As every good client does: come back as the same player.
      this.auth = { ...this.auth, token: data.token };
    }
    if (event === "connection_established") this.established = data;
    if (Number.isInteger(data?.seq) && !MARKERS.has(event)) this.lastSeq = Math.max(this.lastSeq, data.seq);
    if (this.version === "2.x") this.socket.query = this.socket.io.opts.query = this.handshake();
    this.received.push({ event, data });
    for (const wake of [...this.waiting]) wake();
  }

  /** Connects and waits for the session. Rejects with the server's refusal. */
  async connect() {
    this.socket.open();
    const first = await this.until(() => this.#first(["session", ":connect_error", ":error"]), "a session");
    if (first.event !== "session") {
      const refusal = first.data;
      throw refusal instanceof Error ? refusal : new Error(String(refusal?.message ?? refusal));
    }
    if (!this.socket.connected) await this.until(() => this.socket.connected, "the namespace to connect");
    return this;
  }

  #first(names) {
    return this.received.find(({ event }) => names.includes(event));
  }

  /** Resolves when `check` gives something truthy; looked at again after everything received. */
  until(check, what, timeout = SOON) {
    const now = check();
    if (now) return Promise.resolve(now);
    return new Promise((resolve, reject) => {
      const wake = () => {
        const value = check();
        if (!value) return;
        done();
        resolve(value);
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`${this.name} waited ${timeout} ms for ${what}; it received: ${this.summary()}`));
      }, timeout);
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(wake);
      };
      this.waiting.add(wake);
    });
  }

  /** The next `event` that `next` has not yet handed out, also one that came before this call. */
  async next(event, matches = () => true, timeout = SOON) {
    const found = await this.until(
      () => {
        for (let i = this.cursors.get(event) ?? 0; i < this.received.length; i += 1) {
          const entry = this.received[i];
          if (entry.event === event && matches(entry.data)) return { entry, i };
        }
        return undefined;
      },
      `"${event}"`,
      timeout,
    );
    this.cursors.set(event, found.i + 1);
    return found.entry.data;
  }

  /** Whatever of `event` came so far is no longer handed out by `next`. */
  forget(event) {
    this.cursors.set(event, this.received.length);
  }

  /** All payloads of `event` so far. */
  all(event) {
    return this.received.filter((entry) => entry.event === event).map(({ data }) => data);
  }

  /** The events of the room's log that reached this client, in the order in which they came. */
  logged() {
    return this.received.filter(({ event, data }) => Number.isInteger(data?.seq) && !MARKERS.has(event) && !event.startsWith(":"));
  }

  /** Fails when an event of the log was missed, doubled or out of order since `from` (exclusive). */
  assertGapless(from) {
    const seqs = this.logged().map(({ data }) => data.seq);
    const first = from ?? (seqs[0] ?? 1) - 1;
    seqs.forEach((seq, i) => {
      const around = this.logged().slice(Math.max(0, i - 4), i + 3).map(({ event, data }) => `${data.seq} ${event}`).join(", ");
      assert.equal(seq, first + i + 1, `${this.name}: the log must arrive whole and in order, around: ${around}`);
    });
    return seqs.length;
  }

  /** Emits with an ack and resolves with the answer, whatever it is. Rejects at once when the connection drops. */
  ask(event, data = {}, timeout = SOON) {
    return this.askRaw(event, [data], timeout);
  }

  askRaw(event, args, timeout = SOON) {
    return new Promise((resolve, reject) => {
      const fail = (why) => {
        done();
        reject(new Error(`${this.name}: no answer to "${event}": ${why}; it received: ${this.summary()}`));
      };
      const dropped = (reason) => fail(`disconnected (${reason})`);
      const timer = setTimeout(() => fail(`${timeout} ms passed`), timeout);
      const done = () => {
        clearTimeout(timer);
        this.socket.off("disconnect", dropped);
      };
      this.socket.on("disconnect", dropped);
      this.socket.emit(event, ...args, (answer) => {
        done();
        resolve(answer);
      });
    });
  }

  /** Asks, and fails unless the answer is `ok: true`. */
  async ok(event, data = {}, timeout = SOON) {
    const answer = await this.ask(event, data, timeout);
    assert.equal(answer?.ok, true, `${this.name}: "${event}" ${JSON.stringify(data)} was answered ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Asks, and fails unless the answer is a refusal with `code`; resolves with the error. */
  async refused(event, data, code, timeout = SOON) {
    const answer = await this.ask(event, data, timeout);
    assertRefused(answer, code, `${this.name}: "${event}" ${JSON.stringify(data)?.slice(0, 200)}`);
    return answer.error;
  }

  /** Sends until it is answered, through any number of lost connections: what a client with `command_id` may do. */
  async surely(event, data, timeout = 60_000) {
    const command_id = data.command_id ?? crypto.randomUUID();
    const end = Date.now() + timeout;
    for (;;) {
      try {
        if (!this.socket.connected) await this.until(() => this.socket.connected, "a connection", Math.max(1, end - Date.now()));
        const answer = await this.ask(event, { ...data, command_id }, 5_000);
        // Not in the room yet after coming back, or the server is busy: both pass.
        if (answer.ok || !["NO_GAME", "BUSY", "UNAVAILABLE"].includes(answer.error?.code)) return answer;
      } catch (error) {
        if (Date.now() > end) throw error;
      }
    }
  }

  /** Drops the transport without a goodbye and lets the client come back by itself. */
  dropTransport() {
    this.forget(":connect");
    const engine = this.socket.io.engine;
    engine?.close();
  }

  close() {
    this.socket.io.reconnection(false);
    this.socket.disconnect();
    open.delete(this);
  }

  summary() {
    const last = this.received.slice(-12).map(({ event, data }) => `${event} ${(JSON.stringify(data instanceof Error ? data.message : data) ?? "").slice(0, 160)}`);
    return last.length ? `… ${last.join(" | ")}` : "nothing";
  }
}

/** A refusal as the protocol has it. */
export function assertRefused(answer, code, what = "the answer") {
  assert.equal(answer?.ok, false, `${what}: expected ${code}, got ${JSON.stringify(answer)?.slice(0, 500)}`);
  assert.equal(answer.error?.code, code, `${what}: ${JSON.stringify(answer)?.slice(0, 500)}`);
  assert.equal(typeof answer.error.message, "string", `${what}: a message for people`);
  assert.ok(answer.error.message.length > 0, `${what}: a message for people`);
}

/** A connected client. */
export function connect(url, options) {
  return new Client(url, options).connect();
}
