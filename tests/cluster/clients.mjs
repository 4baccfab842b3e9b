// Clients as they are, of every version and transport, through a proxy that gives each request to another node.
// Usage: node clients.mjs URL
import assert from "node:assert/strict";
import { Client, TRANSPORTS, VERSIONS } from "../support/client.mjs";

const url = process.argv[2];

async function play(version, name) {
  const options = { version, reconnection: false, ...TRANSPORTS[name] };
  const host = await new Client(url, { name: `host ${version} ${name}`, ...options }).connect();
  const { room_code } = await host.ok("create_room", { nickname: "Ada" });
  const guest = await new Client(url, { name: `guest ${version} ${name}`, ...options }).connect();
  await guest.ok("join_room", { room_code, nickname: "Ben" });
  for (let n = 0; n < 10; n += 1) {
    await (n % 2 ? host : guest).ok("chat_message", { message: `ä🎲 ${n}` });
  }
  for (const client of [host, guest]) {
    await client.next("chat_message", ({ message }) => message.endsWith(" 9"));
    client.assertGapless();
    if (name === "polling upgraded to WebSocket") {
      await client.until(() => client.socket.io.engine.transport.name === "websocket", "the upgrade", 30_000);
      await client.ok("request_presence");
    }
    assert.deepEqual(client.all(":disconnect"), []);
    client.close();
  }
}

const all = VERSIONS.flatMap((version) => Object.keys(TRANSPORTS).map((name) => play(version, name)));
const failed = (await Promise.allSettled(all)).filter(({ status }) => status === "rejected");
for (const { reason } of failed) console.error(reason);
console.log(`${all.length - failed.length} of ${all.length} combinations of version and transport play`);
process.exit(failed.length ? 1 : 0);
