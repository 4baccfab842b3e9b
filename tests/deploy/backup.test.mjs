// Backup and restore, tried: a copy made while people play, a server on the copy, and the room goes on.
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { connect } from "../support/client.mjs";
import { playOn, startedRoom, stateOf, takeTurn } from "../support/draft.mjs";
import { freePort } from "../support/kept.mjs";
import { binary, startServer } from "../support/server.mjs";
import { startStores } from "../support/stores.mjs";

/** A room in the middle of a game, and one that is over. */
async function lives(server) {
  const over = await startedRoom(server.url);
  await playOn(over);
  const players = await startedRoom(server.url);
  const state = await stateOf(players.host);
  await takeTurn(players[state.current_turn], state.current_turn, state);
  const { state: saved, seq } = await players.guest.ok("request_sync", {});
  return { over, players, saved, seq };
}

/** What was played after the backup is gone; the room is as it was then, whole, and is played to its end by those who were in it. */
async function goesOn(server, { over, players, saved, seq }) {
  const again = {};
  for (const role of ["host", "guest"]) {
    again[role] = await connect(server.url, { name: role, auth: { token: players[role].session.token, room_code: players.code, last_seq: players[role].lastSeq } });
    await again[role].next("connection_established");
  }
  const { state } = await again.guest.ok("request_sync", {});
  for (const key of ["status", "current_turn", "host_placements", "guest_placements", "drawn_character"]) assert.deepEqual(state[key], saved[key], key);
  const response = await fetch(`${server.url}/api/rooms/${players.code}/events?after=0`, { headers: { Authorization: `Bearer ${players.host.session.token}` } });
  const { events } = await response.json();
  assert.deepEqual(events.map((event) => event.seq), events.map((_, n) => n + 1), "the log has no gaps");
  assert.ok(events.length >= seq);
  await playOn(again);
  for (const { code } of [over, players]) assert.match(server.run("verify", code), /all \d+ draws match/);
}

test("an SQLite file is copied under load by `parlor backup`; a server on the copy goes on where it was made", { timeout: 60_000 }, async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "parlor-backup-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const server = await startServer(t);
  const life = await lives(server);
  // Others write all the while.
  let going = true;
  const talk = (async () => {
    for (let n = 0; going; n += 1) await life.over.host.ok("chat_message", { message: `${n}` });
  })();
  const copy = path.join(folder, "parlor.db");
  assert.match(server.run("backup", copy), /parlor\.db: 2 rooms, \d+ events\n/);
  going = false;
  await talk;
  assert.deepEqual(["", "-wal", ".partial"].map((ending) => existsSync(copy + ending)), [true, false, false]);
  assert.equal(statSync(copy).mode & 0o777, statSync(path.join(server.folder, "data/parlor.db")).mode & 0o777);

  // A backup is never written over, and what cannot be written is said.
  const refused = (...args) => spawnSync(binary(), ["backup", ...args], { cwd: server.folder, env: server.env, encoding: "utf8" });
  const twice = refused(copy);
  assert.ok(twice.status === 2 && twice.stderr.includes("is there already"), twice.stderr);
  assert.equal(refused(path.join(folder, "no/such/folder/x.db")).status, 2);
  assert.equal(refused().status, 2);

  // Played on after the backup: a restore takes that back.
  await playOn(life.players);
  await server.stop();
  const data = path.join(folder, "data");
  mkdirSync(data);
  copyFileSync(copy, path.join(data, "parlor.db"));
  const restored = await startServer(t, { env: { PARLOR_DATA_DIR: data } });
  await goesOn(restored, life);
});

test("a Postgres database is dumped under load and restored; a server on it goes on where the dump was made", { timeout: 60_000 }, async (t) => {
  const { postgres, env } = await startStores(t);
  const server = await startServer(t, { env });
  const life = await lives(server);
  let going = true;
  const talk = (async () => {
    for (let n = 0; going; n += 1) await life.over.host.ok("chat_message", { message: `${n}` });
  })();
  // As docs/deployment.md has it.
  postgres.run("pg_dump", "-Fc", "-f", "parlor.dump", env.DATABASE_URL);
  going = false;
  await talk;
  const wrong = spawnSync(binary(), ["backup", "x.db"], { cwd: server.folder, env: server.env, encoding: "utf8" });
  assert.ok(wrong.status === 2 && wrong.stderr.includes("pg_dump") && !wrong.stderr.includes("s3cret"), wrong.stderr);
  await playOn(life.players);
  await server.stop();
  const url = postgres.database("restored");
  postgres.run("pg_restore", "--exit-on-error", "--no-owner", "-d", url, "parlor.dump");
  const restored = await startServer(t, { env: { ...env, DATABASE_URL: url } });
  await goesOn(restored, life);
});

test("`parlor health` tells a server that is well from one that is not, and from none", { timeout: 60_000 }, async (t) => {
  const { postgres, env } = await startStores(t);
  const server = await startServer(t, { env: { ...env, PARLOR_POSTGRES_TIMEOUT_MS: "1000" } });
  const health = (...args) => spawnSync(binary(), ["health", ...args], { cwd: server.folder, env: { PATH: process.env.PATH, PARLOR_LISTEN: `0.0.0.0:${server.port}` }, encoding: "utf8" });
  for (const args of [[], [server.url], [`${server.url}/healthz`], [`${server.url}/readyz`]]) {
    const { status, stdout } = health(...args);
    assert.equal(status, 0, `${args}: ${stdout}`);
  }
  assert.equal(health(`${server.url}/nothing`).status, 1);
  assert.equal(health(`http://127.0.0.1:${await freePort()}/`).status, 1);
  for (const url of ["https://127.0.0.1/", "nonsense", "/healthz"]) assert.equal(health(url).status, 2, url);
  await postgres.process.end();
  const { status, stdout } = health(`${server.url}/readyz`);
  assert.ok(status === 1 && stdout.includes("503"), stdout);
  assert.equal(health().status, 0, "the process itself answers");
});
