// The proxies of deploy/, run as they are, before nodes of a test's own.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { answers, freePort, Kept, ready } from "./kept.mjs";
import { ROOT } from "./server.mjs";

const file = (name) => path.join(ROOT, "deploy", name);

/** Replaces what stands there once. */
function replaced(text, from, to) {
  assert.equal(text.split(from).length, 2, `once in the configuration: ${from}`);
  return text.replace(from, to);
}

/** How each is started: `(folder, port, nodes)` to program, arguments, environment. */
export const PROXIES = {
  nginx(folder, port, [one, two]) {
    let text = readFileSync(file("nginx.conf"), "utf8");
    text = replaced(text, "server parlor-1:3000", `server ${one}`);
    text = replaced(text, "server parlor-2:3000", `server ${two}`);
    text = replaced(text, "listen 80;", `listen 127.0.0.1:${port};`);
    const spools = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`);
    text = replaced(text, "access_log off;", `access_log off; ${spools.join(" ")}`);
    writeFileSync(path.join(folder, "nginx.conf"), text);
    const also = `daemon off; pid ${folder}/pid; ${process.getuid() === 0 ? "user root;" : ""}`;
    return ["nginx", ["-p", folder, "-e", "stderr", "-c", path.join(folder, "nginx.conf"), "-g", also], {}];
  },
  caddy: (folder, port, nodes) => [
    "caddy",
    ["run", "--config", file("Caddyfile"), "--adapter", "caddyfile"],
    { PARLOR_SITE: `http://:${port}`, PARLOR_NODES: nodes.join(" "), XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder, HOME: folder },
  ],
  haproxy: (folder, port, [one, two]) => ["haproxy", ["-db", "-f", file("haproxy.cfg")], { PARLOR_BIND: `127.0.0.1:${port}`, PARLOR_NODE_1: one, PARLOR_NODE_2: two }],
};

/** Starts one of them before `nodes` (`host:port` each); resolves with its URL. */
export async function startProxyProgram(t, name, nodes) {
  const folder = mkdtempSync(path.join(tmpdir(), `parlor-${name}-`));
  const port = await freePort();
  const [program, args, env] = PROXIES[name](folder, port, nodes);
  // Debian keeps servers out of a user's path.
  const PATH = `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`;
  const found = PATH.split(":").map((where) => path.join(where, program)).find(existsSync);
  assert.ok(found, `this test needs ${program}: scripts/need.sh ${program}`);
  const kept = new Kept(found, args, { cwd: folder, env: { PATH, ...env } });
  t.after(async () => {
    await kept.end("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  });
  await ready(kept, () => answers(port, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", / 200 /));
  return { url: `http://127.0.0.1:${port}`, port, kept };
}
