// Somebody at a table, by as little of Socket.IO as it takes: for single rooms, where the load tester would open its own.
import WebSocket from "ws";

const NAMESPACE = "/draft";

export class Person {
  #waiting = new Map();
  #next = 0;

  /** Connects as `token` says, or as a new guest. */
  static open(url, token) {
    const person = new Person();
    return new Promise((opened, failed) => {
      person.socket = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate: false });
      person.socket.on("error", failed);
      person.socket.on("close", () => {
        for (const { reject } of person.#waiting.values()) reject(new Error("the connection was lost"));
      });
      person.socket.on("message", (data) => person.#hear(String(data), token, () => opened(person)));
    });
  }

  #hear(text, token, opened) {
    if (text[0] === "0") return this.socket.send(`40${NAMESPACE},${JSON.stringify(token ? { token } : {})}`);
    if (text[0] === "2") return this.socket.send("3");
    const body = text.slice(2 + NAMESPACE.length + 1);
    if (text[1] === "2" && body.startsWith('["session"')) {
      this.token = JSON.parse(body)[1].token;
      opened();
    } else if (text[1] === "3") {
      const at = body.indexOf("[");
      const id = Number(body.slice(0, at));
      this.#waiting.get(id)?.resolve(body.slice(at));
      this.#waiting.delete(id);
    }
  }

  /** The answer to a command; a refusal is an error. */
  async ask(event, data) {
    const id = this.#next++;
    const answered = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.socket.send(`42${NAMESPACE},${id}${JSON.stringify([event, data])}`);
    const answer = JSON.parse(await answered)[0];
    if (!answer.ok) throw new Error(`${event} was refused: ${JSON.stringify(answer.error)}`);
    return answer;
  }

  /** So many moves, with so many of them unanswered at a time. */
  async say(count, underWay = 8) {
    let left = count;
    const one = async () => {
      while (left-- > 0) await this.ask("chat_message", { message: "Shall we go up the tower, or down to the river first?", command_id: crypto.randomUUID() });
    };
    await Promise.all(Array.from({ length: underWay }, one));
  }

  close() {
    this.socket.terminate();
  }
}

/** Opens a room, and says in whose hands it is. */
export async function openRoom(url) {
  const host = await Person.open(url);
  const { room_code: code } = await host.ask("create_room", {});
  return { host, code };
}
