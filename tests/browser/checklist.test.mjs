// The checklist that the draft's first authors went through by hand, each line by its words, and their acceptance criteria.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Person, playToTheEnd, playingPair, useBrowser } from "../support/browser.mjs";
import { Client } from "../support/client.mjs";
import { startProxy } from "../support/proxy.mjs";
import { startServer, useServer } from "../support/server.mjs";

const server = useServer();
const browser = useBrowser();
// Several people wait at the same time: what is tested is time itself.
const TOGETHER = { concurrency: 4 };
const pass = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** A pair in the middle of a game, each behind a network of their own. */
async function pairWithNetworks(t, { turns = 2 } = {}) {
  const networks = { host: await startProxy(t, server.port), guest: await startProxy(t, server.port) };
  const pair = await playingPair(t, browser, { hostBase: networks.host.url, guestBase: networks.guest.url });
  pair.host.offline = pair.guest.offline = true;
  await playToTheEnd(pair, { turns });
  return { ...pair, networks };
}

/** After whatever happened, both see the same and the game goes on to its end. */
async function goesOn(pair, before) {
  await Promise.all([pair.host.online(), pair.guest.online()]);
  for (const person of [pair.host, pair.guest]) {
    await person.page.locator("#offline-bar").waitFor({ state: "hidden" });
    if (before) assert.deepEqual(await person.boards(), before, `${person.name} sees the same boards as before`);
  }
  await playToTheEnd(pair);
  for (const person of [pair.host, pair.guest]) await person.byTest("ending").waitFor({ state: "visible" });
}

const other = (role) => (role === "host" ? "guest" : "host");
const presenceOf = (person, role) => person.byTest(`presence-${role}`);

describe("Connection Resilience", TOGETHER, () => {
  test("Lock screen for 5 seconds → should reconnect seamlessly; Screen lock for <10s → auto-reconnect", async (t) => {
    const pair = await pairWithNetworks(t);
    const before = await pair.host.boards();
    pair.networks.host.stall();
    await pass(5);
    pair.networks.host.resume();
    await goesOn(pair, before);
  });

  test("Turn off WiFi for 8 seconds → should reconnect after WiFi restored; WiFi disconnect for <10s → auto-reconnect", async (t) => {
    const pair = await pairWithNetworks(t);
    const before = await pair.host.boards();
    await pair.networks.host.cut();
    await pair.host.sees("#offline-bar", /attempt \d/);
    await pair.guest.sees(presenceOf(pair.guest, "host"), /reconnecting/);
    await pass(8);
    await pair.networks.host.restore();
    await pair.host.page.locator("#offline-retry").click({ timeout: 1_000 }).catch(() => {});
    await goesOn(pair, before);
  });

  test("Switch from WiFi to mobile data → should reconnect; Network switch (WiFi → mobile) → auto-reconnect", async (t) => {
    const pair = await pairWithNetworks(t);
    const before = await pair.guest.boards();
    await pair.networks.guest.cut();
    await pair.networks.guest.restore();
    await pair.guest.page.evaluate(() => window.dispatchEvent(new Event("online")));
    await goesOn(pair, before);
  });

  test("Close laptop lid for 5 seconds → should reconnect", async (t) => {
    const pair = await pairWithNetworks(t);
    const before = await pair.host.boards();
    const devtools = await pair.guest.context.newCDPSession(pair.guest.page);
    await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
    pair.networks.guest.stall();
    await pass(5);
    pair.networks.guest.resume();
    await devtools.send("Page.setWebLifecycleState", { state: "active" });
    await goesOn(pair, before);
  });

  test("Navigate away from tab for 1 minute → should maintain connection", async (t) => {
    const pair = await pairWithNetworks(t);
    const elsewhere = await pair.guest.context.newPage();
    await elsewhere.goto("about:blank");
    await elsewhere.bringToFront();
    await pass(60);
    await pair.host.sees(presenceOf(pair.host, "guest"), /online/);
    await pair.guest.page.bringToFront();
    await goesOn(pair);
  });

  test("Force kill browser tab → other player sees disconnect after 10s", async (t) => {
    const pair = await pairWithNetworks(t);
    const began = Date.now();
    await pair.guest.page.close();
    await pair.host.sees(presenceOf(pair.host, "guest"), /reconnecting/);
    await pair.host.byTest("ending").waitFor({ state: "visible", timeout: 20_000 });
    const after = Date.now() - began;
    assert.ok(after > 9_000 && after < 15_000, `ended after ${after} ms`);
  });

  test("Refresh page mid-game → should restore game state; Page refresh → state restored", async (t) => {
    const pair = await pairWithNetworks(t);
    const before = await pair.host.boards();
    await pair.host.page.reload();
    await pair.host.playing();
    await goesOn(pair, before);
  });
});

describe("Room Management", () => {
  test("Create room → verify room code, QR, and link generated; Room created with 6-character code, join link, and QR code", async (t) => {
    const host = await Person.arrive(t, browser, "Ada", server.url);
    const code = await host.opensRoom();
    assert.match(code, /^[BCDFGHJKMNPQRSTVWXYZ23456789]{6}$/);
    assert.equal(await host.page.locator("#join-link").getAttribute("href"), `${server.url}/join/${code}`);
    const size = await host.page.locator("#qr").evaluate((img) => img.decode().then(() => img.naturalWidth));
    assert.ok(size > 0, "the QR code is a picture");
  });

  test("Copy room code → verify clipboard", async (t) => {
    const host = await Person.arrive(t, browser, "Ada", server.url);
    await host.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.url });
    const code = await host.opensRoom();
    const clipboard = () => host.page.evaluate(() => navigator.clipboard.readText());
    await host.page.locator("#copy-code").click();
    await host.toast("Copied");
    assert.equal(await clipboard(), code);
    await host.page.locator("#copy-link").click();
    await host.sees("#copy-link", "Copied");
    assert.equal(await clipboard(), `${server.url}/join/${code}`);
  });

  test("Join via link → verify auto-join flow; Guest can join via link, QR, or manual code entry", async (t) => {
    const host = await Person.arrive(t, browser, "Ada", server.url);
    const guest = await Person.arrive(t, browser, "Ben", server.url);
    await host.opensRoom();
    const link = await host.page.locator("#join-link").getAttribute("href");
    await guest.page.goto(link);
    await guest.takesSeat();
    await guest.sees(guest.byTest("seat-1"), "Ben");
    await guest.online();
  });

  test("Join via manual code entry → verify join flow", async (t) => {
    const host = await Person.arrive(t, browser, "Ada", server.url);
    const guest = await Person.arrive(t, browser, "Ben", server.url);
    const code = await host.opensRoom();
    await guest.go("/");
    await guest.page.locator("#code").fill(`${code.slice(0, 3)}-${code.slice(3)}`.toLowerCase());
    await guest.page.keyboard.press("Enter");
    await guest.page.waitForURL(`**/join/${code}`);
    await guest.takesSeat();
    await guest.sees(guest.byTest("seat-0"), "Ada");
  });

  test("Guest joins → host sees notification; Both players see each other's connection status", async (t) => {
    const host = await Person.arrive(t, browser, "Ada", server.url);
    const guest = await Person.arrive(t, browser, "Ben", server.url);
    const code = await host.opensRoom();
    await host.online();
    await guest.joins(code);
    await host.toast("Ben is here");
    await guest.online();
    for (const person of [host, guest]) {
      await person.sees("#presence-count", "2/2 online");
      await person.sees(person.byTest("seat-0"), "Ada");
      await person.sees(person.byTest("seat-1"), "Ben");
      assert.equal(await person.page.locator("#roster .dot.on").count(), 2, "two green dots");
    }
    await guest.page.close();
    await host.sees("#presence-count", "1/2 online");
  });

  test("Start game before guest joins → should show error; Game starts only when both connected", async (t) => {
    const host = await Person.arrive(t, browser, "Ada", server.url);
    await host.opensRoom();
    await host.online();
    // The button says that it cannot be used yet (aria-disabled), and why, to whoever presses it all the same.
    await host.page.locator("#start-button").click({ force: true });
    await host.toast(/seat|online|wait/i);
    assert.match(host.page.url(), /\/room\//);
  });

  test("Start game after guest joins → both players see game start", async (t) => {
    const { host, guest } = await playingPair(t, browser, { hostBase: server.url });
    for (const person of [host, guest]) assert.match(person.page.url(), /\/play\//);
  });
});

describe("Gameplay", () => {
  test("Player 1 draws character → Player 2 sees character drawn; Actions synchronized in real-time (draw, placement)", async (t) => {
    const { host, guest, byRole } = await playingPair(t, browser, { hostBase: server.url });
    const role = await host.turn();
    await byRole[role].draws();
    const card = "[data-testid=card] .card-name";
    const drawn = await byRole[role].page.locator(card).textContent();
    await byRole[other(role)].sees(card, drawn);
    assert.ok(guest);
  });

  test("Player 2 tries to draw on Player 1's turn → should show error", async (t) => {
    const { host, byRole } = await playingPair(t, browser, { hostBase: server.url });
    const waiting = byRole[other(await host.turn())];
    // The page offers no button out of turn; somebody may press one all the same.
    const draw = waiting.byTest("draw");
    assert.equal(await draw.isVisible(), false);
    await draw.evaluate((button) => {
      button.disabled = false;
      button.click();
    });
    await waiting.toast(/turn/i);
  });

  test("Player places character → both see placement", async (t) => {
    const { host, guest, byRole } = await playingPair(t, browser, { hostBase: server.url });
    const role = await host.turn();
    await byRole[role].draws();
    const name = await byRole[role].page.locator("[data-testid=card] .card-name").textContent();
    const place = await byRole[role].places();
    for (const person of [host, guest]) await person.sees(person.byTest(`slot-${role}-${place}`), name);
  });

  test("All slots filled → both see results screen", async (t) => {
    const pair = await playingPair(t, browser, { hostBase: server.url });
    await playToTheEnd(pair);
    for (const person of [pair.host, pair.guest]) {
      await person.byTest("ending").waitFor({ state: "visible" });
      await person.byTest("results-link").click();
      await person.byTest("total-host").waitFor();
      await person.byTest("total-guest").waitFor();
    }
  });

  test("Reset game → both return to draft state", async (t) => {
    const pair = await playingPair(t, browser, { hostBase: server.url });
    await playToTheEnd(pair, { turns: 1 });
    for (const person of [pair.host, pair.guest]) await person.page.locator("#abort-button").click();
    for (const person of [pair.host, pair.guest]) await person.page.waitForURL(/\/room\//);
    await pair.host.page.locator("#start-button:not([aria-disabled=true])").click();
    await Promise.all([pair.host.playing(), pair.guest.playing()]);
    const boards = await pair.host.boards();
    assert.ok([...boards.host, ...boards.guest].every((slot) => /free|place here/i.test(slot)), "the boards are empty again");
  });
});

describe("Disconnect Scenarios", TOGETHER, () => {
  for (const [line, gone] of [
    ['Host disconnects for 5s → guest sees "reconnecting" message', "host"],
    ['Guest disconnects for 5s → host sees "waiting" message', "guest"],
    ["Host disconnects, guest waits → host reconnects within 10s → game continues", "host"],
  ]) {
    test(line, async (t) => {
      const pair = await pairWithNetworks(t);
      const stays = pair.byRole[other(gone)];
      const before = await stays.boards();
      await pair.networks[gone].cut();
      await stays.sees(presenceOf(stays, gone), /reconnecting… \d+ s/);
      await pass(5);
      await pair.networks[gone].restore();
      await stays.sees(presenceOf(stays, gone), /online/);
      await goesOn(pair, before);
    });
  }

  for (const [line, gone] of [
    ["Host disconnects for 15s → guest sees results screen; Player disconnect >10s → show results to other player", "host"],
    ["Guest disconnects for 15s → host sees results screen", "guest"],
  ]) {
    test(line, async (t) => {
      const pair = await pairWithNetworks(t);
      const stays = pair.byRole[other(gone)];
      const began = Date.now();
      await pair.networks[gone].cut();
      await stays.byTest("ending").waitFor({ state: "visible", timeout: 20_000 });
      assert.ok(Date.now() - began > 9_000, `ended after ${Date.now() - began} ms`);
      await stays.byTest("results-link").click();
      await stays.byTest("results").waitFor();
      await pass(Math.max(0, 15 - (Date.now() - began) / 1000));
      await pair.networks[gone].restore();
      const back = pair.byRole[gone];
      await back.byTest("ending").waitFor({ state: "visible", timeout: 20_000 });
    });
  }

  test("Both disconnect → room marked as abandoned; Both players disconnect → room abandoned", async (t) => {
    const pair = await pairWithNetworks(t);
    await Promise.all([pair.networks.host.cut(), pair.networks.guest.cut()]);
    await becomes(server.url, pair.code, "abandoned");
  });
});

/** Waits until the room has this status, as its public page tells it. */
async function becomes(url, code, status, within = 20_000) {
  const end = Date.now() + within;
  for (;;) {
    const room = await (await fetch(`${url}/api/rooms/${code}`)).json();
    if (room.status === status) return;
    assert.ok(Date.now() < end, `room ${code} is ${room.status} after ${within} ms, not ${status}`);
    await pass(0.2);
  }
}

describe("Edge Cases", () => {
  test("Two tabs from same player → should handle gracefully", async (t) => {
    const pair = await playingPair(t, browser, { hostBase: server.url });
    const { host, guest } = pair;
    const second = await guest.tab();
    await second.goto(guest.page.url());
    await second.locator("body[data-connection=online]").waitFor();
    await playToTheEnd(pair, { turns: 2 });
    const first = await guest.boards();
    await guest.page.close();
    await host.sees(presenceOf(host, "guest"), /online/);
    guest.page = second;
    assert.deepEqual(await guest.boards(), first);
    await playToTheEnd(pair);
  });

  test("Room code already exists → should generate new code", async () => {
    const client = await new Client(server.url).connect();
    const codes = new Set();
    for (let i = 0; i < 40; i += 1) codes.add((await client.ok("create_room", {})).room_code);
    assert.equal(codes.size, 40);
    client.close();
  });

  test("Join expired room → should show error", async (t) => {
    const own = await startServer(t, { env: { PARLOR_LOBBY_EXPIRY_S: "1" } });
    const host = await new Client(own.url).connect();
    const { room_code } = await host.ok("create_room", {});
    await becomes(own.url, room_code, "abandoned");
    const guest = await new Client(own.url).connect();
    await guest.refused("join_room", { room_code }, "ROOM_UNAVAILABLE");
    const person = await Person.arrive(t, browser, "Ben", own.url);
    person.refusals = true;
    await person.go(`/join/${room_code}`);
    await person.sees("main", /expired|over|ended|closed|no longer/i);
    assert.equal(await person.page.locator("button[value=player]").count(), 0, "no seat is offered");
  });

  test("Join full room → should show error", async (t) => {
    const { code } = await playingPair(t, browser, { hostBase: server.url });
    const third = await Person.arrive(t, browser, "Cleo", server.url);
    third.refusals = true;
    await third.go(`/join/${code}`);
    await third.sees("main", /seats are taken|full/i);
    await third.page.locator("#watch-button").waitFor();
  });

  test("Invalid room code → should show error", async (t) => {
    const person = await Person.arrive(t, browser, "Ben", server.url);
    person.refusals = true;
    for (const wrong of ["222222", "0OIL1A", "ВСDFGH"]) {
      await person.go("/");
      await person.page.locator("#code").fill(wrong);
      await person.page.locator("#join-button").click();
      await person.page.locator("#code-error, [data-testid=error]").first().waitFor();
    }
  });

  test("WebSocket connection fails → should show retry UI; Connection status visible at all times", async (t) => {
    const pair = await pairWithNetworks(t, { turns: 1 });
    const { host } = pair;
    assert.equal(await host.page.locator("#connection-text").isVisible(), true);
    await pair.networks.host.cut();
    await host.page.locator("#offline-bar").waitFor({ state: "visible" });
    await host.sees("#offline-bar", /attempt \d/);
    await host.page.locator("#offline-retry").click();
    await host.sees("#offline-bar", /attempt \d/);
    assert.equal(await host.page.locator("#offline-leave").isVisible(), true);
    await pair.networks.host.restore();
    await host.page.locator("#offline-retry").click({ timeout: 2_000 }).catch(() => {});
    await host.online();
  });

  test("A network that blocks WebSocket is played on by polling", async (t) => {
    const guestOptions = {};
    const host = await Person.arrive(t, browser, "Ada", server.url);
    const guest = await Person.arrive(t, browser, "Ben", server.url, guestOptions);
    guest.offline = true;
    await guest.page.routeWebSocket(/socket\.io/, (socket) => socket.close());
    const code = await host.opensRoom();
    await host.online();
    await guest.joins(code);
    await guest.online();
    assert.equal(await guest.transport(), "polling");
    await host.page.locator("#start-button:not([aria-disabled=true])").click();
    await Promise.all([host.playing(), guest.playing()]);
    await playToTheEnd({ host, guest, byRole: { host, guest } });
  });
});

describe("Acceptance criteria that no line above names", () => {
  test('User can click "Online Multiplayer" button from StartScreen: from the home page, a game is one click away', async (t) => {
    const person = await Person.arrive(t, browser, "Ada", server.url);
    await person.go("/");
    await person.byTest("game-draft").click();
    await person.page.locator("#create-button").waitFor();
  });

  test("Works on mobile and desktop: a phone plays against a desktop", async (t) => {
    const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
    const pair = await playingPair(t, browser, { hostBase: server.url, guestOptions: phone });
    await playToTheEnd(pair);
    await pair.guest.byTest("ending").waitFor({ state: "visible" });
  });
});
