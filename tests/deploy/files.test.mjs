// The files of a deployment are true: what they copy exists, what they name is there, what they promise is so.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import test from "node:test";
import { connect } from "../support/client.mjs";
import { playOn, startedRoom } from "../support/draft.mjs";
import { binary, ROOT, startServer } from "../support/server.mjs";

const read = (name) => readFileSync(path.join(ROOT, name), "utf8");
const VENV = path.join(ROOT, ".venv/bin");

/** The instructions of the Dockerfile, comments gone and lines joined: `[{ stage, name, rest }]`. */
function instructions() {
  const text = read("Dockerfile").replace(/^#.*\n/gm, "").replace(/\\\n\s*/g, " ");
  let stage;
  return text.split("\n").filter(Boolean).map((line) => {
    const [, name, rest] = /^(\w+)\s+(.*)$/.exec(line);
    if (name === "FROM") stage = / AS (\w+)$/.exec(rest)?.[1] ?? "final";
    return { stage, name, rest };
  });
}

/** What a stage copies from the repository. */
function copied(stage) {
  const own = instructions().filter((one) => one.name === "COPY" && (!stage || one.stage === stage) && !one.rest.includes("--from="));
  return own.flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1));
}

test("Docker's linter has nothing to say", () => {
  const { status, stdout, stderr } = spawnSync(path.join(VENV, "hadolint"), ["--failure-threshold", "info", "Dockerfile"], { cwd: ROOT, encoding: "utf8" });
  assert.equal(status, 0, stdout + stderr);
});

test("the image is built from files that exist and are not ignored", () => {
  const sources = copied();
  assert.ok(sources.length >= 8, `${sources}`);
  const sent = read(".dockerignore").split("\n").filter((line) => line.startsWith("!")).map((line) => line.slice(1));
  for (const source of sources) {
    assert.ok(existsSync(path.join(ROOT, source)), `COPY ${source}`);
    assert.ok(sent.includes(source), `.dockerignore keeps ${source} away`);
  }
  for (const name of sent) assert.ok(sources.includes(name), `.dockerignore lets ${name} through, and nothing copies it`);
});

test("the image is built from every file that the program is made of", () => {
  // What the compiler noted that it read.
  const noted = readFileSync(`${binary()}.d`, "utf8").split(": ")[1].trim().split(/(?<!\\) /).map((file) => path.relative(ROOT, file));
  assert.ok(noted.length > 100 && noted.includes("src/main.rs"), `${noted.length} files`);
  // What the build made itself lies beside the program.
  const target = path.relative(ROOT, path.dirname(path.dirname(binary())));
  // A release also holds the pages' scripts, and the manifest of each member of the workspace has to be there.
  const members = [.../^members\s*=\s*\[([^\]]*)\]/m.exec(read("Cargo.toml"))?.[1].matchAll(/"([^"]+)"/g) ?? []].map(([, name]) => `${name}/Cargo.toml`);
  const needed = [...noted, ...members, "static/parlor.css", ".cargo/config.toml", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml"].filter((file) => !file.startsWith("..") && !file.startsWith(`${target}/`));
  const sources = [...copied("build"), "node_modules/socket.io-client/dist"];
  const missing = needed.filter((file) => !sources.some((source) => file === source || file.startsWith(`${source}/`)));
  assert.deepEqual(missing, []);
});

test("the image runs as nobody in particular, says how it is, and is built with the toolchain of the repository", () => {
  const all = instructions();
  const last = (name) => all.findLast((one) => one.stage === "final" && one.name === name)?.rest;
  assert.match(last("USER"), /^[1-9]\d*:[1-9]\d*$/);
  assert.match(last("HEALTHCHECK"), /CMD \["parlor", "health"\]$/);
  assert.equal(last("ENTRYPOINT"), '["parlor"]');
  const { channel } = /channel = "(?<channel>[^"]+)"/.exec(read("rust-toolchain.toml")).groups;
  assert.ok(all.some(({ name, rest }) => name === "FROM" && rest.startsWith(`rust:${channel}-`)), channel);
  assert.ok(!all.some(({ stage, name }) => stage === "final" && name === "RUN"), "there is no shell");
});

const SECRETS = { PARLOR_PUBLIC_URL: "https://play.example.org", PARLOR_SECRET: "secret-one-secret-one-secret-one", POSTGRES_PASSWORD: "secrettwo", REDIS_PASSWORD: "secretthree" };

function composed(env) {
  return spawnSync(path.join(VENV, "python"), ["tests/deploy/compose.py", "docker-compose.yml"], { cwd: ROOT, encoding: "utf8", env: { PATH: process.env.PATH, ...env } });
}

test("the composition is as the specification has it: two nodes, their stores, a proxy", () => {
  const { status, stdout, stderr } = composed(SECRETS);
  assert.equal(status, 0, stderr);
  const { services, networks, volumes } = JSON.parse(stdout);
  assert.deepEqual(Object.keys(services).sort(), ["parlor-1", "parlor-2", "postgres", "proxy", "redis"]);
  assert.deepEqual(Object.keys(services).filter((name) => services[name].ports), ["proxy"], "nobody else is reached from outside");
  assert.equal(networks.inside.internal, true);
  for (const name of ["postgres", "redis"]) {
    assert.deepEqual(services[name].networks, ["inside"], name);
    assert.ok(services[name].healthcheck.test.length > 1, name);
  }
  assert.ok(services.postgres.volumes.some((volume) => Object.keys(volumes).includes(volume.split(":")[0])), "its data outlives it");
  const nodes = ["parlor-1", "parlor-2"].map((name) => services[name]);
  for (const [n, node] of nodes.entries()) {
    assert.equal(node.environment.PARLOR_NODE_ADDR, `parlor-${n + 1}:3000`);
    for (const store of ["postgres", "redis"]) assert.equal(node.depends_on[store].condition, "service_healthy");
    assert.equal(node.environment.PARLOR_TRUSTED_PROXIES, networks.edge.ipam.config[0].subnet);
    // The program itself finds nothing wrong with these settings.
    const config = execFileSync(binary(), ["config"], { encoding: "utf8", env: node.environment });
    for (const name of ["database_url", "redis_url", "secret", "public_url"]) assert.match(config, new RegExp(`^${name} .*# environment$`, "m"));
    assert.doesNotMatch(config, /secret-?(one|two|three)/);
  }
  assert.equal(services.proxy.environment.PARLOR_NODES, "parlor-1:3000 parlor-2:3000");
  for (const volume of services.proxy.volumes.filter((one) => one.startsWith("./"))) assert.ok(existsSync(path.join(ROOT, volume.split(":")[0])), volume);
  for (const [name, service] of Object.entries(services)) assert.equal(service.restart, "unless-stopped", name);
});

test("a secret that is missing is named, with what to do", () => {
  for (const name of Object.keys(SECRETS)) {
    for (const value of [undefined, ""]) {
      const env = { ...SECRETS, [name]: value };
      if (value === undefined) delete env[name];
      const { status, stderr } = composed(env);
      assert.ok(status === 1 && stderr.includes(name) && stderr.includes("in .env"), `${name}: ${status} ${stderr}`);
    }
  }
  const example = read("deploy/example.env");
  for (const name of Object.keys(SECRETS)) assert.match(example, new RegExp(`^${name}=`, "m"));
});

test("the unit is in order for systemd, and shut off from what it does not need", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "parlor-unit-"));
  try {
    const unit = path.join(folder, "parlor.service");
    writeFileSync(unit, read("deploy/parlor.service").replace("/usr/local/bin/parlor", binary()));
    const ask = (...args) => spawnSync("systemd-analyze", args, { encoding: "utf8" });
    const verified = ask("verify", "--man=no", unit);
    assert.equal(verified.error, undefined, "this test needs systemd-analyze: scripts/need.sh systemd-analyze");
    assert.equal(verified.status, 0, verified.stderr);
    assert.doesNotMatch(verified.stderr, /parlor\.service/);
    // From 0 (shut off) to 10; what comes without any of this is 9.6.
    const security = ask("security", "--offline=true", "--threshold=20", unit);
    assert.equal(security.status, 0, security.stdout.split("\n").slice(-3).join("\n"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** What the program can ever count, from its own source. */
function counted() {
  const folders = [path.join(ROOT, "src")];
  const names = new Map();
  while (folders.length) {
    for (const entry of readdirSync(folders.pop(), { withFileTypes: true })) {
      const file = path.join(entry.parentPath ?? entry.path, entry.name);
      if (entry.isDirectory()) folders.push(file);
      else for (const [, kind, name] of readFileSync(file, "utf8").matchAll(/\b(gauge|counter|histogram)!\(\s*"(parlor_\w+)"/g)) names.set(name, kind);
    }
  }
  return names;
}

test("dashboard and alerts name only what the server counts", async (t) => {
  const names = counted();
  const series = new Set([...names].flatMap(([name, kind]) => (kind === "histogram" ? ["bucket", "sum", "count"].map((part) => `${name}_${part}`) : [name])));
  const { panels } = JSON.parse(read("deploy/grafana.json"));
  const shown = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)).join("\n");
  const found = new Set(shown.match(/parlor_\w+/g));
  const alerts = read("deploy/alerts.yml").match(/expr: .*/g).join("\n");
  for (const name of [...found, ...alerts.match(/parlor_\w+/g)]) assert.ok(series.has(name), `nothing counts ${name}`);
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const told = read("docs/deployment.md") + read("docs/nodes.md");
  // Names that differ in their end are told of together: `parlor_cluster_told_total`, `_untold_total`.
  for (const name of names.keys()) assert.ok(told.includes(name) || told.includes(`\`${name.replace(/^parlor_[a-z]+/, "")}\``), `no page tells what ${name} is`);

  // And what a game leaves behind is there under these names.
  const server = await startServer(t);
  await playOn(await startedRoom(server.url));
  (await connect(server.url)).close();
  const text = await server.metrics();
  for (const name of ["parlor_connects_total", "parlor_commands_total", "parlor_commit_seconds_bucket", "parlor_commit_batch_rows_bucket"]) assert.match(text, new RegExp(`^${name}\\{`, "m"));
});
