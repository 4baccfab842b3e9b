// What has to be true of everything that the server does: each input is answered or ends its connection, in time, and nothing is ever
// the server's own mistake.
/** How long anything may take on a busy machine. */
export const DEADLINE = 10_000;

/** INTERNAL_ERROR is a mistake of the server. UNAVAILABLE says that the store is away, and here it never is: it would be an input that the store cannot take. */
const NEVER = new Set(["INTERNAL_ERROR", "UNAVAILABLE"]);
/** BUSY, over HTTP. */
const TOO_MUCH = 503;

/** As much of what came as says what it is. */
export const readable = (bytes) => bytes.subarray(0, 300).toString("latin1");

/** What was sent on one surface, and what came of it. */
export class Tally {
  constructor(surface) {
    this.surface = surface;
    /** Inputs that the server has read: what it may not have seen, because an earlier one ended the connection, does not count. */
    this.inputs = 0;
    this.answered = 0;
    this.closed = 0;
    this.codes = new Map();
  }

  code(code) {
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
  }

  toString() {
    const codes = [...this.codes].sort(([, a], [, b]) => b - a).map(([code, count]) => `${count} ${code}`);
    return `${this.surface}: ${this.inputs} inputs, ${this.answered} answers, ${this.closed} connections closed by the server; ${codes.join(", ")}`;
  }
}

export class Judge {
  constructor({ deadline = DEADLINE } = {}) {
    this.deadline = deadline;
    this.failure = undefined;
    this.failed = new Promise((resolve) => (this.fail = resolve));
    this.tallies = [];
    /** Connections that are open: when the whole server fails, any of them may have done it. */
    this.lines = new Set();
  }

  tally(surface) {
    const tally = new Tally(surface);
    this.tallies.push(tally);
    return tally;
  }

  get inputs() {
    return this.tallies.reduce((sum, { inputs }) => sum + inputs, 0);
  }

  watch(line) {
    this.lines.add(line);
    line.closed.then(() => this.lines.delete(line));
    return line;
  }

  /** The first thing that is wrong counts. Everybody stops soon after it. */
  wrong(tally, line, what) {
    if (this.failure) return;
    const stories = (line ? [line] : [...this.lines]).map((each) => each.story());
    this.failure = Object.assign(new Error(`${tally?.surface ?? "the server"}: ${what}`), { stories });
    this.fail();
  }

  /** Waits for what has to happen, and throws when it does not. */
  async inTime(tally, line, happens, what) {
    const timer = setTimeout(() => this.wrong(tally, line, `${what} did not come within ${this.deadline} ms`), this.deadline);
    const end = await Promise.race([happens, this.failed]);
    clearTimeout(timer);
    if (this.failure) throw this.failure;
    return end;
  }

  /** An event was answered with this code, or with none: then all is well. */
  answer(tally, line, code, packet) {
    tally.answered += 1;
    tally.code(code ?? "ok");
    if (NEVER.has(code)) this.wrong(tally, line, `it answered ${readable(packet)}`);
  }

  /** A request was answered with this status. */
  response(tally, line, status, body) {
    tally.answered += 1;
    tally.code(status);
    const isMistake = status >= 500 && (status !== TOO_MUCH || !body.includes('"BUSY"'));
    if (isMistake) this.wrong(tally, line, `it answered ${status}: ${readable(body)}`);
  }

  /** A connection was closed by the server. */
  closed(tally) {
    tally.closed += 1;
  }
}
