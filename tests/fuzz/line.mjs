// A TCP connection to the server that remembers what was last sent on it.
import net from "node:net";

/** Of so many writes the bytes are kept: the one at which something went wrong, and those before it. */
const KEPT_WRITES = 4;

export class Line {
  #kept = [];
  /** `about` names what is sent here, for whoever reads of a failure. */
  constructor(port, about) {
    this.about = about;
    this.isClosed = false;
    this.socket = net.connect({ port, host: "127.0.0.1", noDelay: true });
    this.opened = new Promise((resolve) => this.socket.once("connect", () => resolve(true)).once("close", () => resolve(false)));
    this.closed = new Promise((resolve) => this.socket.once("close", resolve));
    this.socket.on("data", (data) => this.hear(data));
    // A reset is one way to close.
    this.socket.on("error", () => {});
    this.socket.once("close", () => {
      this.isClosed = true;
      this.ended();
    });
  }

  /** What comes in; to be replaced by whoever understands it. */
  hear() {}
  /** The connection is over; likewise. */
  ended() {}

  write(bytes) {
    this.#kept.push(bytes);
    if (this.#kept.length > KEPT_WRITES) this.#kept.shift();
    if (!this.isClosed) this.socket.write(bytes);
  }

  /** We send no more. */
  finish() {
    if (!this.isClosed) this.socket.end();
  }

  /** Away at once, as a program that was killed. */
  destroy() {
    this.socket.destroy();
  }

  /** The last inputs: readable, and as bytes that can be sent again. */
  story() {
    const writes = this.#kept.map((bytes) => `${JSON.stringify(bytes.subarray(0, 20_000).toString("latin1"))}\nbase64: ${bytes.toString("base64")}`);
    return `${this.about}, ${this.isClosed ? "closed" : "open"}; the last ${writes.length} writes:\n${writes.join("\n\n")}`;
  }
}
