// python-socketio by every transport plays a whole game against the JavaScript client.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import test from "node:test";
import { connect } from "../support/client.mjs";
import { assertResults, freeRoles, stateOf, takeTurn } from "../support/draft.mjs";
import { ROOT, useServer } from "../support/server.mjs";

const server = useServer();
const PYTHON = process.env.PARLOR_TEST_PYTHON ?? path.join(ROOT, ".venv/bin/python");

const TRANSPORTS = {
  "polling only": ["polling", "polling"],
  "WebSocket only": ["websocket", "websocket"],
  "polling upgraded to WebSocket": ["polling,websocket", "websocket"],
};

for (const [name, [transports, expected]] of Object.entries(TRANSPORTS)) {
  for (const seat of ["host", "guest"]) {
    test(`python-socketio, ${name}, plays a whole game as ${seat}`, async (t) => {
      const partner = await connect(server.url, { name: "partner" });
      let python;
      let from;
      if (seat === "guest") {
        const { room_code } = await partner.ok("create_room", { nickname: "Ada" });
        python = start(t, transports, room_code);
        const arrived = await partner.next("player_joined", ({ player }) => player.nickname === "Py", 30_000);
        from = arrived.seq;
        await partner.ok("start_game", {});
      } else {
        python = start(t, transports);
        const { code } = await python.line("room");
        from = (await partner.ok("join_room", { room_code: code, nickname: "Ada" })).seq;
      }
      await playAs(partner, seat === "guest" ? "host" : "guest");
      const ended = await partner.next("game_ended");
      assertResults(ended);
      const done = await python.line("done");
      assert.equal(done.role, seat);
      assert.equal(done.transport, expected);
      const told = python.lines.filter(({ kind, data, event }) => kind === "event" && data?.seq > from && event !== "state_sync" && event !== "presence_update" && event !== "connection_established");
      // python-engineio starts a thread for each message, and nothing orders them: whatever came in order may be handled in another.
      told.sort((one, other) => one.data.seq - other.data.seq);
      const same = partner.logged().filter(({ data }) => data.seq > from && data.seq <= ended.seq);
      assert.deepEqual(told.map(({ event, data }) => ({ event, data })), same.map(({ event, data }) => ({ event, data })), "both are told the same");
    });
  }
}

/** Plays `role` whenever it is its turn, until the end. */
async function playAs(client, role) {
  await client.next("game_started", undefined, 30_000);
  while (client.all("game_ended").length === 0) {
    const state = await stateOf(client);
    if (state.current_turn === role && freeRoles(state, role).length) {
      await takeTurn(client, role, state);
      continue;
    }
    const placed = Object.keys(state.host_placements).length + Object.keys(state.guest_placements).length;
    await client.until(() => client.all("character_placed").length > placed || client.all("game_ended").length, "the other's turn", 30_000);
  }
}

function start(t, transports, ...code) {
  assert.ok(existsSync(PYTHON), `${PYTHON} is missing: \`make test-clients\` makes it`);
  const child = spawn(PYTHON, [path.join(ROOT, "tests/clients/python/player.py"), server.url, transports, ...code], { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  const lines = [];
  let stderr = "";
  const waiting = new Set();
  const look = () => [...waiting].forEach((wake) => wake());
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(JSON.parse(line));
    look();
  });
  let exit;
  child.once("close", (code) => {
    exit = code;
    look();
  });
  const line = (kind) =>
    new Promise((resolve, reject) => {
      const wake = () => {
        const found = lines.find((entry) => entry.kind === kind);
        if (found) resolve(found);
        else if (exit !== undefined) reject(new Error(`the Python player ended (${exit}) before "${kind}":\n${stderr}`));
        else return;
        waiting.delete(wake);
      };
      waiting.add(wake);
      wake();
    });
  return { lines, line };
}
