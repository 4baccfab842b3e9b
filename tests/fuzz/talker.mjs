// A client on a WebSocket that says odd things, in batches, and waits for the answers to each batch.
import { BINARY, frame, frames, TEXT, upgrade } from "../support/frames.mjs";
import { mutateBytes } from "./bytes.mjs";
import { Dialogue } from "./dialogue.mjs";
import { readable } from "./judge.mjs";
import { WebSocketLine } from "./websocket.mjs";

/** After so long without an answer the server probably waits for the rest of something. */
const QUIET = 300;

/** Waits until `happens`. When all is quiet because the server waits for more, we tell it that no more will come; then it has to close. */
export async function happensOrCloses(judge, tally, line, happens, what) {
  const either = Promise.race([happens, line.closed]);
  const quiet = setTimeout(() => line.finish(), QUIET);
  either.then(() => clearTimeout(quiet));
  await judge.inTime(tally, line, either, what);
}

export class Talker {
  /** `eio`: the version of Engine.IO. */
  constructor(world, { chance, tally, game, coding, eio = 4, about }) {
    Object.assign(this, { world, chance, tally, game, coding, eio, about });
  }

  /** Connects to the game's namespace; whether the server let us in. */
  async open(auth = {}) {
    const { judge, port } = this.world;
    const about = `${this.tally.surface}, ${this.about} in ${this.game.namespace}`;
    this.line = new WebSocketLine(port, about, { heard: (packet, isBinary) => this.#hear(packet, isBinary), over: () => this.dialogue.end() });
    this.dialogue = new Dialogue({ coding: this.coding, namespace: this.game.namespace, judge, tally: this.tally, line: this.line });
    judge.watch(this.line);
    // At once, as the server has to keep what comes behind a request.
    this.line.write(Buffer.concat([upgrade(`/socket.io/?EIO=${this.eio}&transport=websocket`), frames([this.coding.connect(this.game.namespace, auth)])]));
    const isIn = await judge.inTime(this.tally, this.line, this.dialogue.entered, "an answer to the connection");
    if (this.line.isClosed && !isIn) judge.closed(this.tally);
    return isIn;
  }

  #hear(packet, isBinary) {
    const kind = packet[0];
    const isPacket = isBinary || kind === 0x34;
    if (isPacket && isBinary !== Boolean(this.coding.binary)) this.world.judge.wrong(this.tally, this.line, `it sends what this client's parser cannot read: ${readable(packet)}`);
    else if (isPacket) this.dialogue.hear(packet);
    else if (kind === 0x31) this.dialogue.end();
    else if (kind === 0x32) this.#send(["3"]);
  }

  #send(messages) {
    this.line.write(frames(messages));
  }

  /** Asks one thing as a good client does; the whole answer, or nothing when the connection is over. */
  async ask(event, payload = {}) {
    let answer;
    this.#send([this.dialogue.ask(event, [payload], (packet) => (answer = packet))]);
    await this.settled(`the answer to ${event}`);
    return answer && this.coding.arguments?.(answer)[0];
  }

  settled(what) {
    return this.world.judge.inTime(this.tally, this.line, this.dialogue.settled(), what);
  }

  /** Sends well-formed events, all of which have to be answered. `events`: `[[event, ...arguments], …]`. */
  async events(events) {
    const packets = events.map(([event, ...args]) => this.dialogue.ask(event, args));
    // Clients of Engine.IO 3 send the pings.
    this.#send(this.eio === 3 ? [...packets, "2"] : packets);
    await this.settled(`an answer to each of ${events.length} events`);
    // The one after the last answer ended it; what came behind was not read.
    this.tally.inputs += this.dialogue.isOver ? Math.max(1, events.length - this.dialogue.unanswered) : events.length;
    if (this.dialogue.isOver) await this.#gone();
  }

  /** Sends changed bytes in a valid frame. They may mean anything, so what has to be answered is the ping behind them. */
  async bytes(packet, other) {
    const opcode = Boolean(this.coding.binary) !== this.chance.oneIn(16) ? BINARY : TEXT;
    const changed = mutateBytes(this.chance, Buffer.from(packet), Buffer.from(other));
    const probe = frames([this.dialogue.ask("ping", [{ timestamp: 1 }])]);
    this.line.write(Buffer.concat([frame(opcode, changed), probe]));
    this.tally.inputs += 1;
    await this.settled("an answer to changed bytes, or a close");
    if (this.dialogue.isOver) await this.#gone();
  }

  async #gone() {
    this.world.judge.closed(this.tally);
    await this.world.judge.inTime(this.tally, this.line, this.line.closed, "the end of the connection after the server's goodbye");
  }

  get isOver() {
    return this.dialogue.isOver;
  }

  /** Away: in order, half-closed, or as if the network had failed. */
  leave() {
    if (this.chance.oneIn(3)) this.#send(["1"]);
    if (this.chance.oneIn(2)) this.line.finish();
    else this.line.destroy();
    return this.line.closed;
  }
}
