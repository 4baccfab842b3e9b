// Every client library by every transport plays a whole game, in either seat, and is told the same as its partner.
import assert from "node:assert/strict";
import test from "node:test";
import { TRANSPORTS, VERSIONS } from "../support/client.mjs";
import { assertResults, playOn, room, sameStory } from "../support/draft.mjs";
import { useServer } from "../support/server.mjs";

const server = useServer();

for (const version of VERSIONS) {
  for (const [transport, options] of Object.entries(TRANSPORTS)) {
    for (const seat of ["host", "guest"]) {
      test(`a ${version} client, ${transport}, plays a whole game as ${seat}`, async () => {
        const tested = { version, ...options };
        const players = await room(server.url, seat === "host" ? { hostOptions: tested } : { guestOptions: tested });
        const { host, guest } = players;
        const client = players[seat];
        if (transport.includes("upgraded")) await upgraded(client);
        await host.ok("start_game", {});
        await client.ok("chat_message", { message: "żółw 🐢 \u202e <b>" });
        const ended = await playOn(players);
        assertResults(ended.host);
        const chat = await client.next("chat_message");
        assert.equal(chat.message, "żółw 🐢 \u202e <b>", "text arrives as it was sent");
        host.assertGapless();
        guest.assertGapless();
        sameStory(host, guest, guest.logged()[0].data.seq - 1);
        const expected = transport === "polling only" ? "polling" : "websocket";
        assert.equal(client.socket.io.engine.transport.name, expected, "the transport in use");
      });
    }
  }
}

async function upgraded(client) {
  const { engine } = client.socket.io;
  if (engine.transport.name === "websocket") return;
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${client.name} was not upgraded within 10 s`)), 10_000);
    engine.once("upgrade", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
