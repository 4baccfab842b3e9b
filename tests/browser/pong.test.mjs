// Pong by people with browsers: against each other, against a bot, by keyboard, mouse and finger.
import assert from "node:assert/strict";
import test from "node:test";
import { Person, useBrowser } from "../support/browser.mjs";
import { useServer } from "../support/server.mjs";

const server = useServer({ env: { PARLOR_GRACE_MS: "1500" } });
const browser = useBrowser();
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, colorScheme: "dark" };
const SLOW = { timeout: 60_000 };

/** Opens a room for a match to `points`. */
async function opens(person, points) {
  await person.go("/create?game=pong");
  await person.page.locator("#nickname").fill(person.name);
  await person.page.locator("[name=points]").fill(String(points));
  await person.page.locator("#create-button").click();
  await person.page.waitForURL(/\/room\//);
  await person.online();
  return (await person.byTest("room-code").textContent()).trim();
}

async function starts(host, others = []) {
  await host.page.locator("#start-button:not([aria-disabled=true])").click();
  for (const person of [host, ...others]) {
    await person.page.locator("#pong[aria-busy=false]").waitFor();
    await person.online();
  }
}

async function runs(...people) {
  for (const person of people) await person.byTest("ready").click();
  for (const person of people) await person.page.locator("#pong[data-phase=active]").waitFor();
}

const tick = (person) => person.page.locator("#pong").evaluate((root) => Number(root.dataset.tick));
const past = (person, then) => person.page.waitForFunction((than) => Number(document.querySelector("#pong").dataset.tick) > than, then, SLOW);

test("two people play a match to its end, see the results and the replay", async (t) => {
  const host = await Person.arrive(t, browser, "Ada", server.url);
  const guest = await Person.arrive(t, browser, "Ben", server.url, PHONE);
  const code = await opens(host, 2);
  await guest.joins(code);
  await guest.online();
  await host.toast("Ben is here");
  await starts(host, [guest]);
  await runs(guest, host);
  // A key held moves one's own paddle at once and stays where it is let go.
  await past(host, 5);
  await host.page.keyboard.down("ArrowUp");
  await host.page.waitForTimeout(400);
  await host.page.keyboard.up("ArrowUp");
  await guest.byTest("court").tap({ position: { x: 40, y: 4 } });
  await past(host, 40);
  await host.picture("pong");
  await guest.picture("pong-phone");
  await guest.assertNoSidewaysScrolling();
  // Both stay in a corner from now on: the match ends by itself.
  await host.page.keyboard.down("KeyW");
  for (const person of [host, guest]) await person.byTest("ending").waitFor({ state: "visible", ...SLOW });
  await host.page.keyboard.up("KeyW");
  const scores = async (person) => [await person.byTest("score-left").textContent(), await person.byTest("score-right").textContent()];
  assert.deepEqual(await scores(host), await scores(guest));
  assert.ok((await scores(host)).includes("2"), String(await scores(host)));
  await host.byTest("results-link").click();
  await host.byTest("results").waitFor();
  await host.sees(host.byTest("verdict"), "verified");
  assert.deepEqual(await Promise.all(["host", "guest"].map((side) => host.byTest(`total-${side}`).textContent())), await scores(guest));
  await host.byTest("replay-link").click();
  await host.byTest("replay").waitFor();
  await host.byTest("court").waitFor();
  const last = await host.byTest("replay-score").textContent();
  await host.byTest("slider").focus();
  await host.page.keyboard.press("Home");
  await host.page.locator('#replay-stage[data-at="0"]').waitFor();
  await host.page.keyboard.press("End");
  await host.sees(host.byTest("replay-score"), last);
  await host.picture("pong-replay");
});

test("one person plays against a bot, and a pause stops the time for both", async (t) => {
  const host = await Person.arrive(t, browser, "Ada", server.url);
  await opens(host, 1);
  await host.byTest("add-bot-1").click();
  await host.byTest("remove-bot-1").waitFor();
  await starts(host);
  await runs(host);
  await past(host, 10);
  await host.page.keyboard.press("KeyP");
  await host.page.locator("#pong[data-paused=asked]").waitFor();
  await host.sees(host.byTest("over"), "You asked for a pause");
  const then = await tick(host);
  await host.byTest("resume").click();
  await past(host, then);
  await host.byTest("court").hover({ position: { x: 100, y: 2 } });
  await host.byTest("ending").waitFor({ state: "visible", ...SLOW });
  // "You win" or "Bot (easy) wins": who does is a matter of luck here.
  await host.sees(host.byTest("ending-title"), /win/);
});

test("who loses the connection stops the match, and who stays away can be claimed against", async (t) => {
  const host = await Person.arrive(t, browser, "Ada", server.url);
  const guest = await Person.arrive(t, browser, "Ben", server.url);
  const code = await opens(host, 11);
  await guest.joins(code);
  await host.toast("Ben is here");
  await starts(host, [guest]);
  await runs(host, guest);
  await past(host, 10);
  await guest.page.goto("about:blank");
  await host.page.locator("#pong[data-paused=away]").waitFor();
  const then = await tick(host);
  await guest.page.goBack();
  await past(guest, then);
  await guest.page.goto("about:blank");
  await host.byTest("claim").click(SLOW);
  await host.byTest("ending").waitFor({ state: "visible" });
  await host.sees(host.byTest("ending-title"), "You win");
});

test("somebody who watches by polling sees the ball and has nothing to play with", async (t) => {
  const host = await Person.arrive(t, browser, "Ada", server.url);
  const code = await opens(host, 11);
  await host.byTest("add-bot-1").click();
  await host.byTest("remove-bot-1").waitFor();
  await starts(host);
  const watcher = await Person.arrive(t, browser, "Cleo", server.url);
  await watcher.go(`/join/${code}`);
  await watcher.page.locator("#nickname").fill("Cleo");
  await watcher.page.locator("#watch-button").click();
  await watcher.page.locator("#pong[aria-busy=false]").waitFor();
  await watcher.page.locator("#use-polling").check();
  await watcher.sees("#transport", "polling");
  await runs(host);
  await past(watcher, 30);
  assert.equal(await watcher.page.locator("#ready-button:visible, #pause-button, #up-button, #forfeit-button").count(), 0);
  await watcher.page.waitForFunction(() => Number(document.querySelector("#pong").dataset.frames) > 5);
  t.diagnostic(`frames in a second by polling: ${await watcher.page.locator("#pong").getAttribute("data-frames")}`);
});
