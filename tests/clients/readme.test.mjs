// The example of the README, as it stands there, against the real server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import test from "node:test";

import { ROOT, useServer } from "../support/server.mjs";

const server = useServer({ env: { PARLOR_BOT_DELAY_MS: "0" } });

test("the client of the README plays against a bot", async () => {
  const [, code] = /```js\n([^]*?)```/.exec(readFileSync(path.join(ROOT, "README.md"), "utf8"));
  assert.equal(code.trim().split("\n").length, 6, "an import and five lines");
  assert.ok(code.includes("http://127.0.0.1:3000"));
  // From the repository's folder, so that the client is found.
  const client = spawn(process.execPath, ["--input-type=module", "-e", code.replace("http://127.0.0.1:3000", server.url)], { cwd: ROOT });
  let said = "";
  const answered = new Promise((resolve, reject) => {
    client.stderr.on("data", (text) => reject(new Error(String(text))));
    client.stdout.on("data", (text) => {
      said += text;
      if (/ok: true/.test(said)) resolve();
    });
    client.once("exit", () => reject(new Error(`the client ended early: ${said}`)));
    setTimeout(() => reject(new Error(`no answer after 20 s: ${said}`)), 20_000).unref();
  });
  try {
    await answered;
  } finally {
    client.removeAllListeners("exit");
    client.kill();
  }
  for (const event of ["session", "connection_established", "player_joined", "game_started", "character_drawn"]) {
    assert.match(said, new RegExp(`^${event} `, "m"));
  }
});
