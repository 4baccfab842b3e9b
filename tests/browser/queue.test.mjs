// Playing a stranger in the browser: with and without scripts, on a phone, by keyboard, changing one's mind.
import assert from "node:assert/strict";
import test from "node:test";
import { Person, useBrowser } from "../support/browser.mjs";
import { useServer } from "../support/server.mjs";

const server = useServer({ env: { PARLOR_QUEUE_GRACE_MS: "1000" } });
const browser = useBrowser();
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

async function asks(person, game = "draft") {
  await person.go("/");
  await person.byTest(`queue-${game}`).click();
  await person.page.locator("#nickname").fill(person.name);
  await person.page.locator("#queue-button").click();
}

const inRoom = (person) => person.page.waitForURL(/\/room\/[A-Z0-9]{6}$/);

for (const [what, one, other] of [
  ["on a desktop and on a phone in the dark", {}, { ...PHONE, colorScheme: "dark" }],
  ["without JavaScript, both", { javaScriptEnabled: false }, { ...PHONE, javaScriptEnabled: false }],
  ["with and without JavaScript", {}, { javaScriptEnabled: false }],
]) {
  test(`two strangers meet in one room ${what}`, async (t) => {
    const ada = await Person.arrive(t, browser, "Ada", server.url, one);
    const ben = await Person.arrive(t, browser, "Ben", server.url, other);
    await asks(ada);
    await ada.sees("#queue-position", "1");
    await ada.sees("#queue-waiting", "1");
    if (process.env.PARLOR_LOOK) await ada.page.screenshot({ path: `${process.env.PARLOR_LOOK}/waiting-${what.length}.png` });
    await asks(ben);
    await Promise.all([inRoom(ada), inRoom(ben)]);
    assert.equal(new URL(ada.page.url()).pathname, new URL(ben.page.url()).pathname);
    await ada.sees("#roster", "Ben");
    await ben.sees("#roster", "Ada");
    // It is settled: the page is there for another wish.
    await ada.go("/queue?game=draft");
    await ada.page.locator("#queue-button").waitFor();
  });
}

test("one stops looking, and closing the page does the same", async (t) => {
  const ada = await Person.arrive(t, browser, "Ada", server.url, PHONE);
  await asks(ada, "backgammon");
  await ada.assertNoSidewaysScrolling();
  await ada.page.locator("#cancel-button").click();
  await ada.page.waitForURL(`${server.url}/`);
  await asks(ada, "backgammon");
  await ada.sees("#queue-position", "1");
  // Loaded again, the place is the same.
  await ada.page.reload();
  await ada.sees("#queue-position", "1");
  await ada.page.goto("about:blank");
  await new Promise((done) => setTimeout(done, 4000));
  const ben = await Person.arrive(t, browser, "Ben", server.url);
  await asks(ben, "backgammon");
  await ben.sees("#queue-waiting", "1");
  await ben.page.locator("#cancel-button").focus();
  await ben.page.keyboard.press("Enter");
  await ben.page.waitForURL(`${server.url}/`);
});

test("a game that is not there has no queue, and a name that is none is said so", async (t) => {
  const ada = await Person.arrive(t, browser, "Ada", server.url);
  ada.refusals = true;
  for (const game of ["chess", "%3Cscript%3E", ""]) {
    assert.equal((await ada.go(`/queue?game=${game}`)).status(), 404, game);
  }
  await ada.go("/queue?game=draft");
  await ada.page.locator("#nickname").evaluate((field) => field.removeAttribute("required"));
  await ada.page.locator("#nickname").fill("");
  await ada.page.locator("#queue-button").click();
  await ada.page.locator("#form-error").waitFor();
  if (process.env.PARLOR_LOOK) {
    await ada.go("/");
    await ada.page.screenshot({ path: `${process.env.PARLOR_LOOK}/home.png`, fullPage: true });
    await ada.go("/queue?game=draft");
    await ada.page.screenshot({ path: `${process.env.PARLOR_LOOK}/form.png`, fullPage: true });
  }
});
