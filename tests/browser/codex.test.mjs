// A story read by people with browsers.
import assert from "node:assert/strict";
import test from "node:test";
import { Person, useBrowser } from "../support/browser.mjs";
import { useServer } from "../support/server.mjs";

const server = useServer({ env: { PARLOR_BOT_DELAY_MS: "50" } });
const browser = useBrowser();

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

/** Opens a room of a story from the home page; resolves with its code. */
async function opens(person, story) {
  await person.go("/");
  await person.byTest("game-codex").click();
  await person.page.locator("#nickname").fill(person.name);
  if (story) await person.page.locator(`input[name=story_id][value=${story}]`).check();
  await person.page.locator("#create-button").click();
  await person.page.waitForURL(/\/room\//);
  await person.online();
  return (await person.byTest("room-code").textContent()).trim();
}

async function reading(person) {
  await person.page.locator("#codex[aria-busy=false]").waitFor();
  await person.online();
}

const turnOf = async (person) => Number(/Turn (\d+)/.exec(await person.byTest("theme").textContent())[1]);

/** Waits until the page shows this turn, or the ending. */
const arrives = (person, turn) =>
  person.page.locator("#codex").evaluate((root, wanted) => new Promise((resolve) => {
    const there = () => root.querySelector("#scene-theme").textContent.startsWith(`Turn ${wanted} `) || !root.querySelector("#ending").hidden;
    if (there()) return resolve();
    const watch = new MutationObserver(() => {
      if (!there()) return;
      watch.disconnect();
      resolve();
    });
    watch.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
  }), turn);

/** Chooses the first that is offered; resolves with what it says. */
async function chooses(person) {
  const button = person.page.locator("[data-testid^=choice-]:not([disabled]):visible").first();
  await button.click();
  return button;
}

test("two people and a phone read together: progress, secrets, a late joiner, an ending with its recap", async (t) => {
  const ada = await Person.arrive(t, browser, "Ada", server.url);
  const ben = await Person.arrive(t, browser, "Ben", server.url, { ...PHONE, colorScheme: "dark" });
  const code = await opens(ada, "the-orchard-under-ice");
  await ben.joins(code);
  await ben.online();
  await ada.toast("Ben is here");
  await ada.page.locator("#start-button:not([aria-disabled=true])").click();
  await Promise.all([reading(ada), reading(ben)]);
  await ada.sees(ada.byTest("before"), "Everybody in Harl");
  await ada.sees(ada.byTest("scene-title"), "The hole the cow made");
  await ben.assertNoSidewaysScrolling();

  await ben.byTest("character-class").selectOption("novice");
  await ben.byTest("character-name").fill("Brother <b>Ben</b>");
  await ben.byTest("character-save").click();
  await ada.sees(ada.byTest("member-1"), "Brother <b>Ben</b>");
  await ada.picture("codex");

  const mine = await chooses(ada);
  await ada.page.locator("[data-testid^=choice-][aria-pressed=true]").waitFor();
  await ben.sees(ben.byTest("progress"), "1/2 chosen, waiting for you");
  await ada.sees(ada.byTest("progress"), "1/2 chosen, waiting for Ben");
  await ada.sees(ada.byTest("member-0"), "has chosen");
  assert.equal(await ben.page.locator("[aria-pressed=true]").count(), 0, "nobody sees what another chose");
  const kept = await mine.getAttribute("data-choice");
  await ada.page.reload();
  await reading(ada);
  assert.equal(await ada.page.locator("[aria-pressed=true]").getAttribute("data-choice"), kept, "the choice is still there");

  await chooses(ben);
  await Promise.all([ada, ben].map((person) => person.sees(person.byTest("theme"), "Turn 2")));
  await ada.sees(ada.byTest("before"), /of 2 chose this/);

  const lou = await Person.arrive(t, browser, "Lou", server.url);
  await lou.joins(code);
  await reading(lou);
  await lou.sees(lou.byTest("hint"), "from the next one on");
  await ada.toast("Lou joins the party");

  for (let turn = 2; await ada.byTest("ending").isHidden(); turn += 1) {
    for (const person of [ada, ben, lou]) await arrives(person, turn);
    if (await ada.byTest("ending").isVisible()) break;
    assert.equal(await turnOf(ada), turn);
    for (const person of [ada, ben, lou]) {
      // Lou is asked as soon as the turn that she only watched is over, which may be while it is still her turn in this loop.
      if (await person.page.locator("[data-testid^=choice-][aria-pressed=true]:visible").count()) continue;
      if (await person.page.locator("[data-testid^=choice-]:not([disabled]):visible").count()) await chooses(person);
    }
    await arrives(ada, turn + 1);
  }
  for (const person of [ada, ben]) {
    await person.byTest("ending").waitFor({ state: "visible" });
    assert.ok((await person.byTest("recap").locator("li").count()) >= 5);
    await person.assertNoSidewaysScrolling();
  }
  await ben.picture("codex-ending");
  await ada.byTest("results-link").click();
  await ada.byTest("results").waitFor();
  await ada.sees("main", "Brother <b>Ben</b>");
  await ada.byTest("replay-link").click();
  await ada.byTest("replay").waitFor();
  await ada.byTest("slider").focus();
  await ada.page.keyboard.press("End");
  await ada.sees("#replay-stage", "Brother <b>Ben</b>");
});

test("alone with two bots, by keyboard, and with the network gone for a while", async (t) => {
  const ada = await Person.arrive(t, browser, "Ada", server.url, PHONE);
  await opens(ada);
  for (const seat of [1, 2]) {
    await ada.byTest(`add-bot-${seat}`).click();
    await ada.byTest(`remove-bot-${seat}`).waitFor();
  }
  await ada.page.locator("#start-button:not([aria-disabled=true])").click();
  await reading(ada);
  await ada.sees(ada.byTest("progress"), "2/3 chosen, waiting for you");
  await ada.picture("codex-phone");
  ada.offline = true;
  await ada.context.setOffline(true);
  await ada.page.locator("#offline-bar").waitFor({ state: "visible" });
  assert.equal(await ada.page.locator("[data-testid^=choice-]:not([disabled])").count(), 0, "nothing can be chosen while away");
  await ada.context.setOffline(false);
  await ada.online();
  ada.offline = false;
  await ada.page.locator("[data-testid^=choice-]:not([disabled])").first().focus();
  await ada.page.keyboard.press("Enter");
  await ada.sees(ada.byTest("theme"), "Turn 2");
  await ada.assertNoSidewaysScrolling();
});
