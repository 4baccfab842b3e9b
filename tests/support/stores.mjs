// A real Postgres and a real Redis for tests: on free ports, in folders of their own, gone when the test is.
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { answers, freePort, Kept, PATIENCE, ready } from "./kept.mjs";

/** In every address that these tests use. */
const PASSWORD = "s3cretOfTheTests";

/** The programs of Postgres: Debian keeps them out of the path, one folder per version. */
function programs() {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => b - a) : [];
  const folders = [...versions.map((version) => path.join(debian, version, "bin")), ...process.env.PATH.split(":")];
  const found = folders.find((folder) => existsSync(path.join(folder, "initdb")));
  if (!found) throw new Error("these tests need Postgres: scripts/need.sh postgres");
  return found;
}

/** Postgres refuses to run as root; then it is somebody else. */
function otherUser() {
  if (process.getuid() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8").split("\n").map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

export class Postgres {
  constructor() {
    this.folder = mkdtempSync(path.join(tmpdir(), "parlor-postgres-"));
    this.user = otherUser();
    this.databases = 0;
    if (this.user) chownSync(this.folder, this.user.uid, this.user.gid);
  }

  async start() {
    const password = path.join(this.folder, "password");
    writeFileSync(password, PASSWORD);
    chmodSync(password, 0o644);
    this.run("initdb", "-D", path.join(this.folder, "data"), `--pwfile=${password}`, "--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", "--wal-segsize=4");
    this.port = await freePort();
    await this.resume();
    return this;
  }

  /** The server again, after `end`. */
  async resume() {
    // What a power cut would lose is not flushed: tests crash processes, not machines.
    const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "shared_buffers=32MB", "max_connections=100", "fsync=off", "full_page_writes=off"];
    const args = ["-D", path.join(this.folder, "data"), "-p", String(this.port), ...settings.flatMap((setting) => ["-c", setting])];
    const log = openSync(path.join(this.folder, "log"), "a");
    const end = Date.now() + PATIENCE;
    for (;;) {
      this.process = new Kept(path.join(programs(), "postgres"), args, { cwd: this.folder, ...this.user, stdio: ["ignore", log, log] });
      try {
        await ready(this.process, () => this.isReady(), "get ready");
        return;
      } catch (error) {
        // After a kill its children hold the shared memory until they notice.
        if (this.process.running || Date.now() > end) throw new Error(`${error.message}\n${readFileSync(path.join(this.folder, "log"), "utf8").slice(-3_000)}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  isReady() {
    const file = path.join(this.folder, "data/postmaster.pid");
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
    return lines[0] === String(this.process.child.pid) && lines[7]?.trim() === "ready";
  }

  /** A program of Postgres, run to its end. */
  run(program, ...args) {
    return execFileSync(path.join(programs(), program), args, { cwd: this.folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], ...this.user, env: { PATH: process.env.PATH, PGPASSWORD: PASSWORD } });
  }

  url(name, port = this.port) {
    return `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/${name}`;
  }

  /** A fresh database's address. */
  database(name = `parlor_${(this.databases += 1)}`) {
    this.run("createdb", "--encoding=UTF8", "--maintenance-db", this.url("postgres"), name);
    return this.url(name);
  }

  async close() {
    await this.process?.end("SIGQUIT");
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class Redis {
  async start() {
    this.port ??= await freePort();
    const args = ["--port", String(this.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--requirepass", PASSWORD, "--dir", tmpdir()];
    this.process = new Kept("redis-server", args);
    await ready(this.process, () => answers(this.port, `AUTH ${PASSWORD}\r\nPING\r\n`, /PONG/));
    return this;
  }

  url(port = this.port) {
    return `redis://:${PASSWORD}@127.0.0.1:${port}`;
  }

  async close() {
    await this.process?.end();
  }
}

/** Several nodes' settings on a Postgres and a Redis of the test's own. */
export async function startStores(t) {
  const [postgres, redis] = await Promise.all([new Postgres().start(), new Redis().start()]);
  t.after(() => Promise.all([postgres.close(), redis.close()]));
  return { postgres, redis, env: { DATABASE_URL: postgres.database(), REDIS_URL: redis.url() } };
}
