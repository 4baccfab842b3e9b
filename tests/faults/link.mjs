// A network between two programs that can be cut, held up, held up in one direction, or made slow.
import { once } from "node:events";
import net from "node:net";
import { reset } from "../support/proxy.mjs";

/** What may be wrong with a link. `toward`: what is asked does not arrive; `back`: what is answered does not. */
export const TROUBLES = ["cut", "stall", "toward", "back", "slow"];
/** How long a slow link takes for everything, one way. */
const SLOWLY = 150;

export class Link {
  /** `target`: a port, or what gives one for each connection. */
  constructor(target) {
    this.target = target;
    this.trouble = undefined;
    this.pairs = new Set();
  }

  async listen() {
    // Half-open: each side's end is passed on by us, when the network lets it through.
    this.server = net.createServer({ noDelay: true, allowHalfOpen: true }, (near) => this.#join(near));
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.port = this.server.address().port;
    return this;
  }

  #join(near) {
    if (this.trouble === "cut") {
      near.on("error", () => {});
      reset(near);
      return;
    }
    const far = net.connect({ port: typeof this.target === "function" ? this.target() : this.target, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    const pair = { near, far };
    const flows = [new Flow(this, "toward", near, far, pair), new Flow(this, "back", far, near, pair)];
    pair.flush = () => flows.forEach((flow) => flow.pump());
    pair.break = () => {
      this.pairs.delete(pair);
      for (const socket of [near, far]) reset(socket);
    };
    this.pairs.add(pair);
  }

  /** Whether nothing comes through in this direction. */
  holds(direction) {
    return this.trouble === "stall" || this.trouble === direction;
  }

  get delay() {
    return this.trouble === "slow" ? SLOWLY : 0;
  }

  /** From now on something is wrong. */
  suffer(trouble) {
    this.trouble = trouble;
    if (trouble === "cut") for (const pair of [...this.pairs]) pair.break();
  }

  /** All is well again: what was held up arrives late, or (`forget`) its connections are found to be dead. */
  heal({ forget = false } = {}) {
    this.trouble = undefined;
    for (const pair of [...this.pairs]) forget ? pair.break() : pair.flush();
  }

  async close() {
    for (const pair of [...this.pairs]) pair.break();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** One direction of one connection. */
class Flow {
  constructor(link, direction, from, to, pair) {
    Object.assign(this, { link, direction, from, to, pair, queue: [], due: 0 });
    from.on("data", (bytes) => this.#take(bytes)).on("end", () => this.#take("end"));
    // That the other side is gone is news, too, and travels as all news does.
    from.on("error", () => this.#take("gone")).on("close", () => this.#take("gone"));
  }

  #take(what) {
    this.due = Math.max(this.due, performance.now() + this.link.delay);
    this.queue.push({ what, due: this.due });
    this.pump();
  }

  /** Passes on what is due. */
  pump() {
    clearTimeout(this.timer);
    while (this.queue.length && !this.link.holds(this.direction)) {
      const wait = this.queue[0].due - performance.now();
      if (wait > 0) {
        this.timer = setTimeout(() => this.pump(), Math.ceil(wait));
        return;
      }
      const { what } = this.queue.shift();
      if (what === "gone") {
        this.link.pairs.delete(this.pair);
        this.to.destroy();
      } else if (what === "end") this.to.end();
      else if (!this.to.destroyed) this.to.write(what);
    }
  }
}
