// The proxies of deploy/, each before two nodes on one Postgres and one Redis: whatever node a request comes to, it is the same server.
import assert from "node:assert/strict";
import http from "node:http";
import test, { after, describe } from "node:test";
import { closeClients, connect } from "../support/client.mjs";
import { playOn, room } from "../support/draft.mjs";
import { ready } from "../support/kept.mjs";
import { PROXIES, startProxyProgram } from "../support/proxies.mjs";
import { Server } from "../support/server.mjs";
import { startStores } from "../support/stores.mjs";

/** Rooms that one address may create at once at one node. */
const ROOMS_AT_ONCE = 12;

/** A request from one of this machine's addresses; `{ status, body }`. */
function ask(url, method, path, { from = "127.0.0.1", json, body = json === undefined ? "" : JSON.stringify(json), headers = {}, token } = {}) {
  return new Promise((resolve, reject) => {
    const head = { ...(body && { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) }), ...(token && { Authorization: `Bearer ${token}` }), ...headers };
    const request = http.request(url + path, { method, localAddress: from, headers: head, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("error", reject).on("end", () => resolve({ status: response.statusCode, text, body: parsed(text) }));
    });
    request.on("error", (error) => (request.res ? undefined : reject(error)));
    request.end(body);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const newRoom = (url, options) => ask(url, "POST", "/api/rooms", { json: { game: "draft", nickname: "Ada" }, ...options });

/** How many connections of players a node has had. */
async function connects(node) {
  const text = await node.metrics();
  return [...text.matchAll(/^parlor_connects_total\{[^}]*\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
}

/** A draft between two nodes; on each move the other waits until it has heard of it. */
async function playTogether(players) {
  const { host, guest } = players;
  let said = 0;
  const send = async (client, event, data) => {
    const answer = await client.ok(event, data);
    said = Math.max(said, answer.seq ?? 0);
    return answer;
  };
  const heard = () => Promise.all([host, guest].map((client) => client.until(() => client.lastSeq >= said, `event ${said}`)));
  return playOn(players, { send, afterTurn: heard });
}

/** A room whose game has begun, for both. */
async function started(url) {
  const players = await room(url);
  await players.host.next("player_joined", ({ player }) => player?.seat !== 0);
  await players.host.ok("start_game", {});
  await Promise.all([players.host.next("game_started"), players.guest.next("game_started")]);
  return players;
}

describe("behind a proxy", { concurrency: true }, () => {
  after(closeClients);
  for (const name of Object.keys(PROXIES)) {
    test(`${name} of deploy/: games, waits, addresses and limits, and a node that is stopped`, { timeout: 180_000 }, async (t) => {
      const stores = await startStores(t);
      // Not 127.0.0.1 alone: that is also who asks here.
      const env = { ...stores.env, PARLOR_TRUSTED_PROXIES: "127.0.0.1/32", PARLOR_RATE_LIMITS: "on", PARLOR_ROOM_RATE_BURST: String(ROOMS_AT_ONCE), PARLOR_ROOM_RATE_EVERY_MS: "600000", PARLOR_DRAIN_MS: "2000" };
      const nodes = [new Server({ env }), new Server({ env })];
      await Promise.all(nodes.map((node) => node.start()));
      t.after(() => Promise.all(nodes.map((node) => node.close())));
      for (const node of nodes) await ready(undefined, () => node.isLinked(), "hear the others");
      const { url, port } = await startProxyProgram(t, name, nodes.map((node) => `127.0.0.1:${node.port}`));

      const quiet = await room(url, { create: { visibility: "private" } });
      const { token } = quiet.host.session;
      const { seq } = await quiet.guest.ok("request_sync", {});
      const began = Date.now();
      // Twenty-five seconds, beside everything else.
      const silence = ask(url, "GET", `/api/rooms/${quiet.code}/events?after=${seq}&wait=25`, { token });

      await t.test("a draft is played to its end over WebSockets on both nodes", async () => {
        const players = await started(url);
        await playTogether(players);
        const both = await Promise.all(nodes.map(connects));
        assert.ok(both.every((count) => count >= 1), `each node has players: ${both}`);
        assert.equal(players.host.lastSeq, players.guest.lastSeq);
        for (const client of [players.host, players.guest]) client.assertGapless();
      });

      await t.test("long-polling needs no proxy that keeps a client on one node, nor does its upgrade", async () => {
        for (const options of [{ transports: ["polling"], upgrade: false }, { transports: ["polling", "websocket"] }]) {
          const players = await room(url, { hostOptions: options, guestOptions: options });
          await players.host.next("player_joined", ({ player }) => player?.seat !== 0);
          await players.host.ok("start_game", {});
          await Promise.all([players.host.next("game_started"), players.guest.next("game_started")]);
          await playTogether(players);
          for (const client of [players.host, players.guest]) {
            client.assertGapless();
            assert.equal(client.all(":disconnect").length, 0, "no request failed");
            const wanted = options.transports.at(-1);
            await client.until(() => client.socket.io.engine.transport.name === wanted, wanted);
          }
        }
      });

      await t.test("a wait for the next event is answered when it comes", async () => {
        const players = await started(url);
        const { token: own } = players.guest.session;
        const heard = (async () => {
          for (let at = players.guest.lastSeq; ; ) {
            const { status, body } = await ask(url, "GET", `/api/rooms/${players.code}/events?after=${at}&wait=25`, { token: own });
            assert.equal(status, 200);
            assert.ok(body.events.length > 0, "something came before the wait was over");
            if (body.events.some(({ data }) => data.message === "soon")) return;
            at = body.events.at(-1).seq;
          }
        })();
        await players.host.ok("chat_message", { message: "soon" });
        await heard;
      });

      await t.test("limits count the client's own address, whatever it says about it", async () => {
        let made = 0;
        let last;
        do {
          const said = made % 2 ? { "X-Forwarded-For": `198.51.100.${made}` } : { Forwarded: `for=198.51.100.${made}` };
          last = await newRoom(url, { from: "127.0.0.2", headers: said });
          made += 1;
        } while (last.status === 201 && made <= 4 * ROOMS_AT_ONCE);
        assert.equal(last.status, 429, `after ${made} rooms: ${last.text.slice(0, 200)}`);
        assert.ok(made > ROOMS_AT_ONCE && made <= 2 * ROOMS_AT_ONCE + 1, `${made} rooms by one address`);
        // One node may still have had one to give.
        await newRoom(url, { from: "127.0.0.2" });
        const { status } = await newRoom(url, { from: "127.0.0.3" });
        assert.equal(status, 201, "somebody else is not limited by it");
      });

      await t.test("bodies that are too large are refused", async () => {
        const large = JSON.stringify({ game: "draft", nickname: "x".repeat(100_000) });
        assert.equal((await ask(url, "POST", "/api/rooms", { body: large })).status, 413, "by the server");
        const huge = "x".repeat(3_000_000);
        const refused = await ask(url, "POST", "/api/rooms", { body: huge }).catch((error) => ({ status: 413, error }));
        assert.equal(refused.status, 413, `by the proxy: ${refused.text}`);
      });

      await t.test("what is for those who run it is not shown outside", async () => {
        for (const path of ["/metrics", "/readyz"]) assert.equal((await ask(url, "GET", path)).status, 404, path);
        assert.equal((await ask(url, "GET", "/healthz")).text, "ok");
        const page = await ask(url, "GET", "/", { headers: { Host: `localhost:${port}` } });
        assert.equal(page.status, 200);
      });

      await t.test("the origin of a page is compared with what the client asked for", async () => {
        const own = await connect(url, { extraHeaders: { Origin: url } });
        assert.ok(own.session.player_id);
        await assert.rejects(connect(url, { extraHeaders: { Origin: "https://elsewhere.example" }, reconnection: false }));
      });

      await t.test("a long silence is answered with nothing, by the server and not by the proxy", async () => {
        const { status, body } = await silence;
        assert.equal(status, 200);
        assert.deepEqual(body.events, []);
        assert.ok(Date.now() - began >= 24_000, `${Date.now() - began} ms`);
      });

      await t.test("a node is stopped while games run: every request is answered, and players go on", async () => {
        const players = await started(url);
        for (const client of [players.host, players.guest]) client.room = players.code;
        let going = true;
        const answers = [];
        const asking = (async () => {
          while (going) answers.push((await ask(url, "GET", `/api/rooms/${players.code}`)).status);
        })();
        const stopped = nodes[0].stop();
        await players.host.surely("chat_message", { message: "still here" });
        await stopped;
        await players.guest.surely("chat_message", { message: "here, too" });
        going = false;
        await asking;
        assert.deepEqual([...new Set(answers)], [200], `${answers.length} requests`);
        await playTogether(players);
        for (const client of [players.host, players.guest]) client.assertGapless();
      });
    });
  }
});
