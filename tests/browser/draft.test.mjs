// A whole draft by two people with browsers.
import assert from "node:assert/strict";
import test from "node:test";
import { Person, movedOn, playToTheEnd, playingPair, useBrowser } from "../support/browser.mjs";
import { useServer } from "../support/server.mjs";

const server = useServer();
const browser = useBrowser();

test("two people play a whole draft to its results, one of them by polling only", async (t) => {
  const host = await Person.arrive(t, browser, "Ada", server.url);
  const guest = await Person.arrive(t, browser, "Ben", server.url);
  await host.go("/");
  await host.picture("home");
  const code = await host.opensRoom();
  await host.online();
  await guest.joins(code);
  await guest.online();
  await guest.page.locator("#use-polling").check();
  await guest.sees("#transport", "polling");
  await guest.online();
  await host.toast("Ben is here");
  await host.sees("#presence-count", "2/2");
  await host.picture("lobby");
  await host.page.locator("#start-button:not([aria-disabled=true])").click();
  await Promise.all([host.playing(), guest.playing()]);
  assert.equal(await guest.transport(), "polling", "the switch is remembered");
  const pair = { host, guest, byRole: { host, guest } };
  await playToTheEnd(pair, { turns: 5 });
  await host.byTest("chat-input").fill("well <b>played</b>");
  await host.byTest("chat-send").click();
  await guest.sees(guest.byTest("chat-log"), "well <b>played</b>");
  const first = await host.turn();
  await pair.byRole[first].draws();
  await pair.byRole[first].picture("play");
  await playToTheEnd(pair);
  for (const person of [host, guest]) {
    await person.byTest("ending").waitFor({ state: "visible" });
    await person.byTest("results-link").click();
    await person.byTest("results").waitFor();
  }
  const totals = async (person) => [await person.byTest("total-host").textContent(), await person.byTest("total-guest").textContent()];
  assert.deepEqual(await totals(host), await totals(guest), "both see the same results");
  assert.equal(await guest.page.evaluate(() => performance.getEntriesByType("resource").filter(({ name }) => name.startsWith("ws")).length), 0);
  await host.sees(host.byTest("verdict"), /fair|match|verified/i);
  await host.picture("results");

  await host.byTest("replay-link").click();
  await host.byTest("replay").waitFor();
  const slider = host.byTest("slider");
  const last = Number(await slider.getAttribute("max"));
  assert.ok(last > 20, `${last} moves`);
  await slider.focus();
  await host.page.keyboard.press("Home");
  await host.page.locator('#replay-stage[data-at="0"]').waitFor();
  assert.equal(await host.page.locator("#replay-stage .slot.filled").count(), 0, "nothing is placed before the first event");
  await host.page.keyboard.press("End");
  await host.page.locator(`#replay-stage[data-at="${last}"]`).waitFor();
  assert.equal(await host.page.locator("#replay-stage .slot:not(.filled)").count(), 0, "every role is filled at the end");
  const inView = (list) => {
    const [all, one] = [list, list.querySelector("[aria-current]")].map((box) => box.getBoundingClientRect());
    return one.top >= all.top && one.bottom <= all.bottom;
  };
  assert.ok(await host.byTest("replay").locator("#moves").evaluate(inView), "the list shows the event that the board shows");
  await host.picture("replay");
});

test("a rematch brings both into a new room", async (t) => {
  const pair = await playingPair(t, browser, { hostBase: server.url });
  const { host, guest, code } = pair;
  await playToTheEnd(pair);
  await host.byTest("rematch").click();
  await guest.byTest("rematch").click();
  for (const person of [host, guest]) await movedOn(person.page, code);
  await Promise.all([host.online(), guest.online()]);
});

test("a reload in the middle of the game brings back the same boards and the character in hand", async (t) => {
  const pair = await playingPair(t, browser, { hostBase: server.url });
  const { host, guest, byRole } = pair;
  await playToTheEnd(pair, { turns: 3 });
  const mover = byRole[await host.turn()];
  await mover.draws();
  const card = await mover.page.locator("[data-testid=card] .card-name").textContent();
  for (const person of [host, guest]) {
    const before = await person.boards();
    await person.page.reload();
    await person.playing();
    assert.deepEqual(await person.boards(), before);
    await person.sees("[data-testid=card] .card-name", card);
  }
  await mover.places();
  await playToTheEnd(pair);
  await guest.byTest("ending").waitFor({ state: "visible" });
});

test("a bot plays against one person", async (t) => {
  const host = await Person.arrive(t, browser, "Ada", server.url);
  await host.opensRoom();
  await host.online();
  await host.byTest("add-bot-1").click();
  await host.byTest("remove-bot-1").waitFor();
  await host.page.locator("#start-button:not([aria-disabled=true])").click();
  await host.playing();
  for (;;) {
    await host.page.locator("#draft[data-mine=true], #draft[data-turn=over]").waitFor();
    if ((await host.turn()) === "over") break;
    if (await host.byTest("draw").isVisible()) await host.draws();
    await host.places();
  }
  await host.byTest("ending").waitFor({ state: "visible" });
});

test("somebody who watches sees the game and has no buttons to play", async (t) => {
  const pair = await playingPair(t, browser, { hostBase: server.url });
  const watcher = await Person.arrive(t, browser, "Cleo", server.url);
  await watcher.go(`/join/${pair.code}`);
  await watcher.page.locator("#nickname").fill("Cleo");
  await watcher.page.locator("#watch-button").click();
  await watcher.playing();
  await playToTheEnd(pair, { turns: 2 });
  assert.deepEqual(await watcher.boards(), await pair.host.boards());
  assert.equal(await watcher.page.locator("[data-testid^=place-], [data-testid=draw]:visible").count(), 0);
});
