// Backgammon by people with browsers: a phone and a desktop, by mouse, finger and keys.
import assert from "node:assert/strict";
import test from "node:test";
import { Player, inTurn, pairAtTheBoard, positionId } from "../support/board.mjs";
import { movedOn, useBrowser } from "../support/browser.mjs";
import { useServer } from "../support/server.mjs";

const server = useServer();
const browser = useBrowser();
const PHONE = { viewport: { width: 360, height: 740 }, colorScheme: "dark", hasTouch: true, isMobile: true };

/** White's last four checkers against black's, no contact: a few turns. */
const ENDING = positionId({ 6: 2, 5: 2 }, { 6: 2, 5: 2 });
const OPENING = { 24: "2 white", 13: "5 white", 8: "3 white", 6: "5 white", 1: "2 black", 12: "5 black", 17: "3 black", 19: "5 black" };

test("a phone and a desktop play the opening moves and see the same", async (t) => {
  const pair = await pairAtTheBoard(t, browser, server.url, { hostOptions: { viewport: { width: 1600, height: 950 } }, guestOptions: PHONE });
  const { host, guest } = pair;
  assert.deepEqual(await host.position(), OPENING);
  await guest.assertNoSidewaysScrolling();
  const width = await guest.page.evaluate(() => document.querySelector('[data-spot="1"] .area').getBoundingClientRect().width);
  assert.ok(width >= 24, `a point is ${width} px wide on a phone`);
  for (let turn = 0; turn < 6; turn += 1) await (await inTurn(pair)).playsTurn();
  assert.deepEqual(await host.position(), await guest.position());
  await host.sees(host.byTest("move-list"), /\d\d: \S+\/\S+/);
  assert.equal(await host.byTest("move-list").innerText(), await guest.byTest("move-list").innerText());
  await host.picture("backgammon");
  await guest.picture("backgammon-phone");
});

test("a game to its end from a position, then its results and its replay", async (t) => {
  const pair = await pairAtTheBoard(t, browser, server.url, { options: { position_id: ENDING }, guestOptions: PHONE });
  const { host, guest, code } = pair;
  assert.equal(await host.root().getAttribute("data-turn"), "white", "the host is on roll");
  while ((await host.root().getAttribute("data-turn")) !== "over") await (await inTurn(pair)).playsTurn();
  for (const person of [host, guest]) await person.byTest("ending").waitFor({ state: "visible" });
  await host.byTest("results-link").click();
  await host.byTest("results").waitFor();
  await host.sees("h1", /win/i);

  await host.byTest("replay-link").click();
  await host.byTest("replay").waitFor();
  const slider = host.byTest("slider");
  const last = Number(await slider.getAttribute("max"));
  const shown = (at) => host.page.locator(`#replay-stage[data-at="${at}"]`).waitFor();
  await host.page.locator(".bg-board").waitFor();
  const rolled = host.page.locator("#moves li", { hasText: "rolled" }).first();
  const at = Number(await rolled.getAttribute("value"));
  await host.go(`/replay/${code}?at=${at}`);
  await shown(at);
  assert.equal(await host.byTest("position-id").textContent(), ENDING, "a link leads to the move, and the ID names its position");
  assert.equal((await host.position())["6"], "2 white");
  await slider.focus();
  await host.page.keyboard.press("End");
  await shown(last);
  const off = await host.position();
  assert.ok(off["off-white"] === "15 white" || off["off-black"] === "15 black", JSON.stringify(off));
  await host.page.keyboard.press("ArrowLeft");
  await shown(last - 1);
  await host.byTest("flip").click();
  await host.page.locator(".bg-board").waitFor();

  // Remarks: made, listed, found, deleted.
  await host.go(`/replay/${code}?at=${at}`);
  await host.byTest("note-text").fill("A <b>zugzwang</b> of sorts");
  await host.byTest("note-add").click();
  await host.sees("#notes", "A <b>zugzwang</b> of sorts");
  await host.byTest("note-search").fill("zugzwang");
  await host.byTest("note-find").click();
  await host.sees("#found-notes", "zugzwang");
  await guest.go(`/replay/${code}?at=${at}`);
  await guest.sees("#notes", "zugzwang");
  await guest.assertNoSidewaysScrolling();
  await host.page.getByRole("button", { name: /Delete the remark/ }).first().click();
  await host.sees("#notes", "None yet");

  // What should have been played, and what was given away.
  await host.byTest("analyze").click();
  await host.sees("#best-plays", /best/);
  await host.byTest("judge").click();
  await host.page.locator("#judge-button").waitFor({ state: "hidden" });
  await host.sees("#turn-verdict", /given away|best|forced/);
  await host.picture("backgammon-replay");

  // From here against a bot.
  await host.byTest("play-bot").click();
  await host.page.waitForURL(/\/room\//);
  await host.online();
  await host.sees("#roster", "bot");
  await host.sees(".settings", ENDING);
  await host.page.locator("#start-button:not([aria-disabled=true])").click();
  await host.atTheBoard();
  assert.equal((await host.position())["6"], "2 white");
  await host.playsTurn();
  await host.root(":is([data-mine=true], [data-turn=over])").waitFor();
});

test("a malformed position is refused on the form, with what is wrong", async (t) => {
  const host = await Player.arrive(t, browser, "Ada", server.url);
  host.refusals = true;
  await host.go("/create?game=backgammon&position_id=////////////////////");
  await host.page.locator("#nickname").fill("Ada");
  assert.equal(await host.page.locator("[name=position_id]").inputValue(), "////////////////////");
  await host.page.locator("[name=position_id]").evaluate((input) => { input.value = "//////////////"; });
  await host.page.locator("#create-button").click();
  await host.page.getByText(/position_id/i).first().waitFor();
});

test("a whole turn by keyboard alone", async (t) => {
  const pair = await pairAtTheBoard(t, browser, server.url, { options: { position_id: positionId({ 24: 2, 13: 5, 8: 3, 6: 5 }, { 24: 2, 13: 5, 8: 3, 6: 5 }) } });
  const { host } = pair;
  const { keyboard } = host.page;
  const focused = () => host.page.evaluate(() => document.activeElement?.dataset?.testid ?? "");
  const reach = async (wanted) => {
    for (let n = 0; n < 60; n += 1) {
      if ((await focused()) === wanted) return;
      await keyboard.press("Tab");
    }
    assert.fail(`Tab does not reach ${wanted}`);
  };
  await reach("roll");
  await keyboard.press("Enter");
  await host.page.waitForFunction(() => document.activeElement?.dataset?.spot);
  assert.match(await host.page.evaluate(() => document.activeElement.getAttribute("aria-label")), /Point \d+, \d your white checkers?, can be moved/);
  for (let n = 0; n < 4 && !(await host.byTest("end-turn").isVisible()); n += 1) {
    const before = await host.figures();
    if (!(await host.page.evaluate(() => document.activeElement.classList.contains("movable")))) await keyboard.press("PageDown");
    await keyboard.press("Enter");
    await host.page.locator(".bg-board .spot.chosen").waitFor();
    await host.sees("#announcer", /Chosen: \d+\. It can go to/);
    if (n === 0) {
      await keyboard.press("Escape");
      await host.page.locator(".bg-board .spot.chosen").waitFor({ state: "detached" });
      await keyboard.press(" ");
      await host.page.locator(".bg-board .spot.chosen").waitFor();
    }
    await keyboard.press("PageDown");
    await keyboard.press("Enter");
    await host.page.waitForFunction((then) => [...document.querySelectorAll(".bg-board [data-spot]")].map((spot) => spot.dataset.count).join() !== then, before);
    await host.page.locator(".bg-board.active, #end-button:not([hidden])").first().waitFor();
  }
  await host.page.waitForFunction(() => document.activeElement?.id === "end-button");
  await keyboard.press("Enter");
  await host.root("[data-mine=false]").waitFor();
  await pair.guest.sees("#announcer", /Ada played \d and \d|Ada played double/);
});

test("arrow keys walk over the board", async (t) => {
  const { host } = await pairAtTheBoard(t, browser, server.url);
  await host.spot("12").focus();
  for (const [key, spot] of [["ArrowRight", "11"], ["ArrowUp", "14"], ["End", "off-black"], ["ArrowDown", "off-white"], ["ArrowLeft", "1"], ["Home", "12"]]) {
    await host.page.keyboard.press(key);
    assert.equal(await host.page.evaluate(() => document.activeElement.dataset.spot), spot, key);
  }
  assert.equal(await host.page.locator('.bg-board [tabindex="0"]').count(), 1, "one place of the board is in the tab order");
});

test("a checker is dragged, put back where it may not go, and moves are undone", async (t) => {
  const pair = await pairAtTheBoard(t, browser, server.url);
  const player = await inTurn(pair);
  const before = await player.position();
  const [from] = await player.movable();
  const middle = async (spot) => {
    const box = await player.spot(spot).locator(".area").boundingBox();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const { mouse } = player.page;
  const drag = async (to) => {
    await mouse.move(...(await middle(from)));
    await mouse.down();
    await mouse.move(...(await middle(to)), { steps: 8 });
    await player.page.locator(".bg-board .ghost .checker").waitFor();
    await mouse.up();
    await player.page.locator(".bg-board .ghost .checker").waitFor({ state: "detached" });
  };
  await drag(from === "12" ? "11" : "12");
  assert.deepEqual(await player.position(), before, "nowhere to go there");
  await player.tap(from);
  const to = await player.page.locator(".bg-board .spot.target").first().getAttribute("data-spot");
  await player.tap(from);
  await player.page.locator(".bg-board .spot.chosen").waitFor({ state: "detached" });
  await drag(to);
  await player.page.locator("[data-testid=undo]:not([hidden]):not([disabled])").waitFor();
  assert.notDeepEqual(await player.position(), before);
  for (;;) {
    await player.page.locator("[data-testid=undo]:not([disabled])").click();
    await player.root().and(player.page.locator(":has(.bg-board.active)")).waitFor();
    if (await player.byTest("undo").isHidden()) break;
  }
  assert.deepEqual(await player.position(), before, "undone");
  await player.playsTurn();

  // A turn that has ended is taken back while nobody has rolled; after that, if the other agrees.
  const other = await inTurn(pair);
  await player.pressed("undo");
  await player.myTurn();
  await player.pressed("end-turn");
  await other.pressed("roll");
  await player.sees(player.byTest("undo"), "Ask to take back");
  await player.pressed("undo");
  await other.pressed("decline_undo");
  await player.toast("stands");
  await player.pressed("undo");
  await other.pressed("accept_undo");
  await player.myTurn();
  assert.equal(await player.root().getAttribute("data-phase"), "moving");
});

test("a double is taken, the redouble is passed", async (t) => {
  const pair = await pairAtTheBoard(t, browser, server.url, { options: { position_id: positionId({ 13: 5, 8: 5, 6: 5 }, { 13: 5, 8: 5, 6: 5 }) } });
  const { host, guest } = pair;
  await host.pressed("double");
  await guest.sees("#question-text", /Ada doubles to 2/);
  await guest.pressed("accept_double");
  await host.sees("#match-tag", "Cube 2, black");
  await host.playsTurn();
  await guest.pressed("double");
  await host.sees("#question-text", /doubles to 4/);
  await host.pressed("decline_double");
  for (const person of [host, guest]) await person.byTest("ending").waitFor({ state: "visible" });
  await guest.sees("#ending-title", "You win");
  await host.sees("#ending-text", "2 points");
});

test("a resignation is refused, a bigger one accepted, and a rematch follows", async (t) => {
  const { host, guest, code } = await pairAtTheBoard(t, browser, server.url);
  await host.byTest("resign-open").click();
  await host.byTest("resign").click();
  await guest.sees("#question-text", /resign a single game/);
  await guest.pressed("decline_resign");
  await host.toast("the game goes on");
  await host.byTest("resign-open").click();
  await host.byTest("resign-kind").selectOption("gammon");
  await host.byTest("resign").click();
  await guest.sees("#question-text", /resign a gammon/);
  await guest.pressed("accept_resign");
  await guest.sees("#ending-title", "You win");
  await host.byTest("rematch").click();
  await guest.byTest("rematch").click();
  for (const person of [host, guest]) await movedOn(person.page, code);
});

test("the network goes in the middle of a turn and comes back: nothing is lost", async (t) => {
  const pair = await pairAtTheBoard(t, browser, server.url);
  const player = await inTurn(pair);
  player.offline = true;
  const [from] = await player.movable();
  await player.tap(from);
  await player.tap(await player.page.locator(".bg-board .spot.target").first().getAttribute("data-spot"));
  await player.page.locator("[data-testid=undo]:not([disabled])").waitFor();
  const before = await player.position();
  await player.context.setOffline(true);
  await player.page.locator("#offline-bar").waitFor({ state: "visible" });
  assert.equal(await player.page.locator(".bg-board.active").count(), 0, "nothing can be moved meanwhile");
  await player.context.setOffline(false);
  await player.page.locator("#offline-bar").waitFor({ state: "hidden" });
  await player.online();
  assert.deepEqual(await player.position(), before);
  await player.page.reload();
  await player.atTheBoard();
  assert.deepEqual(await player.position(), before, "also after a reload");
  await player.playsTurn();
  await player.sees(player.byTest("move-list"), /\d\d: /);
});

test("somebody who watches sees everything and can touch nothing", async (t) => {
  const pair = await pairAtTheBoard(t, browser, server.url);
  const watcher = await Player.arrive(t, browser, "Cleo", server.url);
  await watcher.go(`/join/${pair.code}`);
  await watcher.page.locator("#nickname").fill("Cleo");
  await watcher.page.locator("#watch-button").click();
  await watcher.atTheBoard();
  await (await inTurn(pair)).playsTurn();
  await (await inTurn(pair)).pressed("roll");
  await watcher.root("[data-phase=moving]").waitFor();
  assert.deepEqual(await watcher.position(), await pair.host.position());
  assert.equal(await watcher.page.locator(".bg-board.active, .spot.movable, [data-testid=roll]:visible, [data-testid=undo]:visible, [data-testid=resign], [data-testid=end-turn]:visible").count(), 0);
  await watcher.tap("6");
  assert.equal(await watcher.page.locator(".spot.chosen").count(), 0);
  await watcher.byTest("chat-input").fill("good luck");
  await watcher.byTest("chat-send").click();
  await pair.host.sees(pair.host.byTest("chat-log"), "good luck");
});

test("the board is turned and mirrored, and a reload remembers it", async (t) => {
  const { host, guest } = await pairAtTheBoard(t, browser, server.url);
  const lower = (person, spot) => person.spot(spot).locator(".area").evaluate((area) => area.getBoundingClientRect().top > document.querySelector(".bg-board").getBoundingClientRect().top + document.querySelector(".bg-board").getBoundingClientRect().height / 2 - 9);
  assert.deepEqual([await lower(host, "1"), await lower(guest, "1"), await lower(guest, "24")], [true, false, true], "one's own side is below");
  await host.byTest("flip").click();
  await host.byTest("home-left").check();
  for (let round = 0; round < 2; round += 1) {
    assert.equal(await lower(host, "1"), false);
    const [one, twelve] = [await host.spot("24").boundingBox(), await host.spot("13").boundingBox()];
    assert.ok(one.x < twelve.x, "home is on the left");
    if (round === 0) await host.page.reload();
    await host.atTheBoard();
  }
});

test("turns end by themselves for those who want it", async (t) => {
  const pair = await pairAtTheBoard(t, browser, server.url, { options: { position_id: ENDING } });
  const { host } = pair;
  await host.byTest("auto-end").check();
  await host.pressed("roll");
  for (;;) {
    await host.page.locator("#backgammon[data-mine=false], .bg-board.active").first().waitFor();
    if ((await host.root().getAttribute("data-mine")) === "false") break;
    const before = await host.figures();
    const [from] = await host.movable();
    await host.tap(from);
    await host.tap(await host.page.locator(".bg-board .spot.target").first().getAttribute("data-spot"));
    await host.page.waitForFunction((then) => [...document.querySelectorAll(".bg-board [data-spot]")].map((spot) => spot.dataset.count).join() !== then, before);
  }
  assert.notEqual(await host.root().getAttribute("data-turn"), "white");
});

test("a match with a clock: both clocks show, the score counts on, and everything has a name", async (t) => {
  const { host, guest } = await pairAtTheBoard(t, browser, server.url, { options: { match_length: "3", time_control: "blitz" }, guestOptions: PHONE });
  for (const side of ["white", "black"]) await host.sees(host.byTest(`clock-${side}`), /\d:\d\d/);
  await host.byTest("resign-open").click();
  await host.byTest("resign").click();
  await guest.pressed("accept_resign");
  await host.sees("#match-tag", "Game 2, to 3");
  await host.sees(host.byTest("player-black"), "1 of 3");
  for (const person of [host, guest]) {
    await person.assertNoSidewaysScrolling();
    const nameless = await person.page.evaluate(() => [...document.querySelectorAll("main :is(button, a[href], input:not([type=hidden]), select, textarea, [role=button], [role=img], [role=switch])")]
      .filter((element) => element.getClientRects().length > 0)
      .filter((element) => !(element.getAttribute("aria-label") || element.textContent.trim() || [...(element.labels ?? [])].some((label) => label.textContent.trim())))
      .map((element) => element.outerHTML.slice(0, 120)));
    assert.deepEqual(nameless, []);
  }
});
