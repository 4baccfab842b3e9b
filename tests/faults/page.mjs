// A player with the client of our pages, static/parlor.js: it resumes by `last_seq` and sends again by `command_id`. Around it is noted
// what came over each of its connections, before the client puts it in order.
import { io as io4 } from "socket.io-client";
import { connect } from "../../static/parlor.js";

/** Codes of answers that mean "later": nothing was changed, and nothing is wrong with what was asked. */
const LATER = new Set(["UNAVAILABLE", "BUSY", "NO_GAME", "INTERNAL_ERROR"]);
/** No answer for so long, while nothing is wrong any more, is a fault of ours. */
const PATIENCE = 60_000;
/** Not of the log, though they name its `seq`. */
const MARKERS = new Set(["connection_established", "state_sync", "session", "presence_update"]);

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Page {
  /** `urls`: of them one is taken at random, and another one whenever a connection is lost. */
  constructor(name, namespace, { urls, transports, weather, pages }, next, acked) {
    Object.assign(this, { name: `${name} (${transports.join("+")})`, namespace, urls, weather, pages, next, acked, told: new Map(), wrong: [], journal: [], waiting: new Set() });
    pages.add(this);
    const kept = new Map();
    this.room = connect({
      namespace,
      url: this.#any(),
      storage: { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) },
      io: (url, options) => this.#io(url, options),
      polling: false,
      socket: { transports },
    });
    // What came by itself, or in an answer; and how far a state stood for what did not.
    this.delivered = new Set();
    this.given = 0;
    this.room.on("*", ({ seq }, { name: event }) => {
      if (event === "state") this.given = Math.max(this.given, seq ?? 0);
      else if (Number.isInteger(seq) && !MARKERS.has(event)) this.delivered.add(seq);
      this.#wake();
    });
    this.room.onStatus(({ state, message }) => {
      if (state === "refused") this.wrong.push(`gave up: ${message}`);
      this.#wake();
    });
  }

  #any() {
    return this.urls[Math.floor(this.next() * this.urls.length)];
  }

  #io(url, options) {
    const socket = io4(url, options);
    const elsewhere = () => (socket.io.uri = this.#any());
    const note = (what) => this.journal.push(`${new Date().toISOString()} ${what} (${socket.io.uri}, ${socket.io.engine?.transport?.name ?? "no transport"})`);
    socket.on("connect", () => note("connected"));
    socket.on("disconnect", (reason) => (note(`disconnected: ${reason}`), elsewhere()));
    socket.on("connect_error", (error) => (note(`not connected: ${error.message}`), elsewhere()));
    // A connection brings the log without a gap, beginning where it was let in; asking once more to be let in begins at the state of then.
    let last;
    socket.on("connect", () => (last = undefined));
    socket.onAny((event, data) => {
      if (event === "connection_established" || event === "error") this.journal.push(`${new Date().toISOString()} ${event} ${event === "error" ? JSON.stringify(data) : `at event ${data.seq}`}`);
      if (event === "connection_established") last = Math.max(last ?? 0, data.seq);
      if (!Number.isInteger(data?.seq) || MARKERS.has(event)) return;
      if (last !== undefined && data.seq !== last + 1 && data.seq > last) this.wrong.push(`event ${data.seq} (${event}) came after ${last} in one connection`);
      if (last !== undefined && data.seq <= last && this.told.has(data.seq) && this.live) this.wrong.push(`event ${data.seq} (${event}) came twice in one connection, after ${last}`);
      last = Math.max(last ?? 0, data.seq);
      const before = this.told.get(data.seq);
      const now = JSON.stringify([event, data]);
      if (before !== undefined && before !== now) this.wrong.push(`event ${data.seq} was told as ${before}, then as ${now}`);
      this.told.set(data.seq, now);
    });
    return socket;
  }

  #wake() {
    for (const wake of [...this.waiting]) wake();
  }

  /** Until something happens, or a while has passed. */
  change(ms = 1_000) {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.waiting.add(done);
    });
  }

  /** Whether whoever waits since then has waited in vain. */
  isLate(since) {
    return Date.now() - Math.max(since, this.weather.calmSince) > PATIENCE;
  }

  async until(check, what) {
    const since = Date.now();
    while (!check()) {
      if (this.wrong.length) throw new Error(`${this.name}: ${this.wrong[0]}`);
      if (this.isLate(since)) throw new Error(`waited ${PATIENCE} ms for ${what}: ${this}`);
      await this.change();
    }
  }

  /** Asks until there is an answer that is not "later": `{ ok, … }` or `{ refused: code }`. Always the same command. */
  async ask(event, payload = {}) {
    const commandId = `${event} ${(this.asked = (this.asked ?? 0) + 1)}`;
    const since = Date.now();
    for (;;) {
      try {
        this.asks = `${commandId} since ${new Date(since).toISOString()}`;
        const answer = await this.#within(since, this.room.send(event, payload, { commandId }), event);
        this.asks = `nothing since ${new Date().toISOString()}`;
        if (answer.seq !== undefined) this.acked.push({ code: this.room.roomCode, player: this.room.session.player_id, event, commandId, seq: answer.seq, duplicate: answer.duplicate === true });
        return answer;
      } catch (error) {
        if (error.code === undefined || this.isLate(since)) throw error;
        if (!LATER.has(error.code)) return { refused: error.code, message: error.message };
        await sleep(100);
      }
    }
  }

  #within(since, promise, event) {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setInterval(() => {
        if (this.isLate(since)) reject(new Error(`no answer to ${event} within ${PATIENCE} ms: ${this}`));
      }, 1_000);
    });
    return Promise.race([promise, late]).finally(() => clearInterval(timer));
  }

  /** Asks to be let in: the state in the answer stands for all events up to it. */
  async enters(event, payload) {
    const answer = await this.ask(event, payload);
    this.given = Math.max(this.given, answer.seq ?? 0);
    return answer;
  }

  get state() {
    return this.ask("request_sync");
  }

  /** How it is, and what happened to its connections. */
  toString() {
    return `${this.name} is ${JSON.stringify(this.room.status)} at event ${this.room.seq} of room ${this.room.roomCode}, and asks ${this.asks}\n${this.journal.join("\n")}`;
  }

  close() {
    this.pages.delete(this);
    this.room.close();
  }
}
