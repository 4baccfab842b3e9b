// One conversation in a namespace, however its packets travel: what was asked, and whether it is answered.

/** The first id of an ack. Changed bytes of other packets make small ids, which nobody waits for. */
const FIRST_ID = 1_000_000_000;

export class Dialogue {
  #waiting = new Map();
  #next = FIRST_ID;
  #settle = [];
  constructor({ coding, namespace, judge, tally, line }) {
    Object.assign(this, { coding, namespace, judge, tally, line });
    this.isIn = false;
    this.isOver = false;
    /** Resolves when the server has let us in or refused to. */
    this.entered = new Promise((resolve) => (this.enter = resolve));
  }

  /** The packet of an event that has to be answered; `answered` gets the answer. */
  ask(event, args, answered) {
    const id = (this.#next += 1);
    this.#waiting.set(id, answered);
    return this.coding.event(this.namespace, id, event, args);
  }

  hear(packet) {
    const { kind, id, code } = this.coding.read(packet);
    // `connect` comes once; a packet of ours with changed bytes may be answered by another.
    if (kind === "connect" && !this.isIn) this.enter((this.isIn = true));
    else if (kind === "refusal" && !this.isIn) this.enter(false);
    else if (kind === "disconnect") this.end();
    else if (kind === "ack" || code !== undefined) {
      this.judge.answer(this.tally, this.line, code, packet);
      this.#waiting.get(id)?.(packet);
      if (this.#waiting.delete(id) && this.#waiting.size === 0) this.#wake();
    }
  }

  /** The server said goodbye, or the connection is closed. */
  end() {
    this.isOver = true;
    this.enter(false);
    this.#wake();
  }

  get unanswered() {
    return this.#waiting.size;
  }

  /** Resolves when everything is answered or nothing will be any more. */
  settled() {
    if (this.isOver || this.#waiting.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#settle.push(resolve));
  }

  #wake() {
    for (const resolve of this.#settle.splice(0)) resolve();
  }
}
