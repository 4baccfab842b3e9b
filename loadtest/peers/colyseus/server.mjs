// The work of `make compare` on Colyseus. It has no acknowledgements: an answer is a message to the one who asked.
import { createServer } from "node:http";
import { Room, Server } from "@colyseus/core";
import { WebSocketTransport } from "@colyseus/ws-transport";

const player = { player_id: "b2b6c2de-6f5a-4a0f-9a3b-0d1c6a3a5c11", nickname: "someone" };

class Table extends Room {
  seq = 0;
  onCreate() {
    this.maxClients = 2000;
    this.onMessage("ping", (client, { id, timestamp }) =>
      client.send("answer", { id, data: { ok: true, timestamp, server_time: new Date().toISOString() } }),
    );
    this.onMessage("typing", (client, { id, typing }) => {
      this.broadcast("player_typing", { ...player, typing }, { except: client });
      client.send("answer", { id, data: { ok: true } });
    });
    this.onMessage("chat_message", (client, { id, message }) => {
      const seq = ++this.seq;
      this.broadcast("chat_message", { player, message, seq, timestamp: new Date().toISOString() });
      client.send("answer", { id, data: { ok: true, seq } });
    });
  }
}

const http = createServer();
const server = new Server({ transport: new WebSocketTransport({ server: http }), greet: false });
server.define("table", Table).filterBy(["room"]);
await server.listen(0, "127.0.0.1");
console.log(`listening on http://127.0.0.1:${http.address().port}`);
