// A table with a game master, played by people with browsers: a desktop, a phone, and one behind a network that lets only polling through.
import assert from "node:assert/strict";
import test from "node:test";
import { deflateSync } from "node:zlib";
import { Person, useBrowser } from "../support/browser.mjs";
import { useServer } from "../support/server.mjs";

const server = useServer();
const browser = useBrowser();

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, colorScheme: "dark" };
const WIDE = { viewport: { width: 1280, height: 800 } };

/** A small red picture, as a file to be uploaded. */
function picture() {
  const crc = (bytes) => ~bytes.reduce((sum, byte) => {
    for (let bit = 0, value = (sum ^ byte) & 0xff; bit < 8; bit += 1) {
      value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
      if (bit === 7) return (sum >>> 8) ^ value;
    }
    return sum;
  }, -1) >>> 0;
  const number = (value) => Buffer.from([value >>> 24, value >>> 16, value >>> 8, value].map((byte) => byte & 0xff));
  const chunk = (name, data) => {
    const named = Buffer.concat([Buffer.from(name), data]);
    return Buffer.concat([number(data.length), named, number(crc(named))]);
  };
  const rows = Buffer.concat(Array.from({ length: 12 }, () => Buffer.concat([Buffer.from([0]), Buffer.from(Array(12).fill([200, 40, 30]).flat())])));
  const buffer = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), chunk("IHDR", Buffer.concat([number(12), number(12), Buffer.from([8, 2, 0, 0, 0])])), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
  return { name: "red.png", mimeType: "image/png", buffer };
}

/** Opens a room of a table from the home page; resolves with its code. */
async function opens(person) {
  await person.go("/");
  await person.byTest("game-tabletop").click();
  await person.page.locator("#nickname").fill(person.name);
  await person.page.locator("#create-button").click();
  await person.page.waitForURL(/\/room\//);
  await person.online();
  return (await person.byTest("room-code").textContent()).trim();
}

async function sits(person) {
  await person.page.locator("#tabletop[aria-busy=false]").waitFor();
  await person.online();
}

/** On a phone one panel is there at a time. */
async function turnsTo(person, tab) {
  const button = person.byTest(`tab-${tab}`);
  if (await button.isVisible()) await button.click();
  await person.page.locator(`#panel-${tab}`).waitFor({ state: "visible" });
}

async function says(person, text, as) {
  await turnsTo(person, "talk");
  if (as) await person.byTest("say-as").selectOption(as);
  await person.byTest("say-text").fill(text);
  await person.byTest("say").click();
}

async function rolls(person, formula, mode = "public") {
  await turnsTo(person, "talk");
  await person.byTest("roll-mode").selectOption(mode);
  await person.byTest("roll-formula").fill(formula);
  await person.byTest("roll").click();
}

const lines = (person, kind) => person.byTest("talk-log").getByTestId(`talk-${kind}`);

/** Waits for a line of talk with this text; resolves with it. */
async function hears(person, kind, text) {
  await turnsTo(person, "talk");
  const line = lines(person, kind).filter({ hasText: text }).last();
  await line.waitFor({ state: "visible" });
  return line;
}

/** Where a token stands, as the page says it to those who listen. */
async function stands(person, name, column, row) {
  await turnsTo(person, "map");
  await person.page.locator(`[data-testid="token-${name}"][aria-label*="column ${column}, row ${row}"]`).waitFor();
}

/** Drags a token by some cells. */
async function drags(person, name, dx, dy) {
  await turnsTo(person, "map");
  const box = await person.byTest(`token-${name}`).locator(".disc").boundingBox();
  const map = await person.byTest("map").boundingBox();
  const columns = Number((await person.byTest("map").getAttribute("viewBox")).split(" ")[2]);
  const cell = map.width / columns;
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await person.page.mouse.move(x, y);
  await person.page.mouse.down();
  for (const step of [0.4, 0.8, 1]) await person.page.mouse.move(x + dx * cell * step, y + dy * cell * step);
  await person.page.mouse.up();
}

/** Opens a table with a DM and two players, all there. */
async function table(t) {
  const ada = await Person.arrive(t, browser, "Ada", server.url, WIDE);
  const ben = await Person.arrive(t, browser, "Ben", server.url, PHONE);
  const lou = await Person.arrive(t, browser, "Lou", server.url, { viewport: { width: 900, height: 900 } });
  const code = await opens(ada);
  await ben.joins(code);
  await ben.online();
  await ada.toast("Ben is here");
  await ada.page.locator("#start-button:not([aria-disabled=true])").click();
  await Promise.all([sits(ada), sits(ben)]);
  // Lou comes late, by polling.
  await lou.go("/");
  await lou.page.evaluate(() => localStorage.setItem("parlor.polling", "true"));
  await lou.joins(code);
  await sits(lou);
  assert.equal(await lou.transport(), "polling");
  return { ada, ben, lou, code };
}

test("a table talks: chat, narration, whispers, reactions, rolls in every mode, an image, who has read it", async (t) => {
  const { ada, ben, lou, code } = await table(t);
  await turnsTo(ada, "people");
  await ada.sees(ada.byTest("people-count"), "3/3 online");

  await says(ben, "Is the door <b>locked</b>?");
  for (const person of [ada, lou]) await hears(person, "chat_message", "Is the door <b>locked</b>?");
  await ben.sees(lines(ben, "chat_message").getByTestId("seen"), /Seen by .*Ada/);
  await says(ada, "You enter a dark cave.", "narrate");
  for (const person of [ben, lou]) await hears(person, "dm_narration", "You enter a dark cave.");
  assert.equal(await ben.byTest("say-as").locator("option[value=narrate]").count(), 0, "only the DM narrates");

  await says(lou, "I take the key.", "whisper:0");
  await hears(ada, "whisper", "I take the key.");
  await says(lou, "listens", "act");
  await hears(ben, "player_action", "listens");
  assert.equal(await lines(ben, "whisper").count(), 0, "a whisper is for two");
  await lou.byTest("say-as").selectOption("say");

  const line = await hears(lou, "chat_message", "Is the door");
  await line.getByTestId("react").click();
  await line.locator("[data-emoji='👍']").click();
  await ben.sees(lines(ben, "chat_message").locator(".chip[aria-pressed]"), "👍 1");

  await rolls(ben, "4d6dl1 + 2 # might");
  const roll = await hears(ada, "dice_roll", "might");
  assert.equal(await roll.locator(".die").count(), 4);
  assert.equal(await roll.locator(".die.out s").count(), 1, "the dropped die is struck through");
  const total = Number(await roll.getByTestId("roll-total").textContent());
  assert.ok(total >= 5 && total <= 20, String(total));
  await rolls(ben, "1d20 # to the master", "gm");
  await rolls(ben, "1d20 # blindly", "blind");
  await rolls(ben, "1d20 # alone", "self");
  await hears(ben, "dice_roll", "alone");
  await ben.sees(lines(ben, "dice_roll").filter({ hasText: "blindly" }), "Only the DM sees how it fell");
  for (const [text, seen] of [["to the master", true], ["blindly", true], ["alone", false]]) {
    if (seen) await (await hears(ada, "dice_roll", text)).getByTestId("roll-total").waitFor();
    assert.equal(await lines(lou, "dice_roll").filter({ hasText: text }).count(), 0, `${text} is not for Lou`);
    if (!seen) assert.equal(await lines(ada, "dice_roll").filter({ hasText: text }).count(), 0, `${text} is for Ben alone`);
  }
  await lou.byTest("quick-d20").click();
  await hears(ada, "dice_roll", "1d20");
  await rolls(ben, "2d6 +");
  await ben.toast("character");

  await turnsTo(lou, "talk");
  await lou.byTest("share-file").setInputFiles(picture());
  const shared = (await hears(ben, "image_shared", "")).getByTestId("shared-image");
  await shared.scrollIntoViewIfNeeded();
  assert.ok(await shared.evaluate((image) => image.decode().then(() => image.naturalWidth)) > 0, "the image is seen");
  lou.refusals = true;
  await lou.byTest("share-file").setInputFiles({ name: "evil.png", mimeType: "image/png", buffer: Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>") });
  await lou.toast("not what its");
  lou.refusals = false;

  await ada.picture("tabletop-talk");
  await ben.picture("tabletop-phone");
  for (const person of [ada, ben, lou]) await person.assertNoSidewaysScrolling();

  const before = await lines(ben, "chat_message").allInnerTexts();
  await ben.page.reload();
  await sits(ben);
  await hears(ben, "dice_roll", "alone");
  assert.deepEqual(await lines(ben, "chat_message").allInnerTexts(), before, "all is there again");

  await ben.byTest("history-link").click();
  await ben.byTest("talk-lines").waitFor();
  await ben.byTest("talk-search").fill("dark cave");
  await ben.byTest("talk-go").click();
  await ben.sees(ben.byTest("talk-lines"), "You enter a dark cave.");
  assert.equal(await ben.byTest("talk-lines").locator("li").count(), 1);
  assert.match(ben.page.url(), new RegExp(`/room/${code}/history`));
  await ben.assertNoSidewaysScrolling();
  const mine = await (await ben.page.request.get(`${server.url}/api/rooms/${code}/export?format=md`)).text();
  assert.ok(mine.includes("dark cave") && !mine.includes("I take the key"), mine);
});

test("a map: laid out, tokens dragged and moved by keys, hidden ones unseen, fog, distances, and what is not one's own", async (t) => {
  const { ada, ben, lou } = await table(t);
  await turnsTo(ada, "dm");
  await ada.byTest("map-form").getByLabel("Cells wide").fill("12");
  await ada.byTest("map-form").getByLabel("Cells high").fill("8");
  await ada.byTest("map-form").getByLabel("Name").fill("Cave");
  await ada.byTest("map-form").locator("[name=picture]").setInputFiles(picture());
  await ada.byTest("map-save").click();
  await ada.byTest("map").waitFor();
  const put = async (name, x, y, owner, hidden = false) => {
    const form = ada.byTest("token-form");
    await form.locator("[name=name]").fill(name);
    await form.locator("[name=x]").fill(String(x));
    await form.locator("[name=y]").fill(String(y));
    await form.locator("[name=owner]").selectOption(owner);
    await form.locator("[name=hidden]").setChecked(hidden);
    await ada.byTest("token-save").click();
    await ada.byTest(`token-${name}`).waitFor();
  };
  await put("Hero", 1, 1, "1");
  await put("Ogre", 6, 4, "");
  await put("Ghost", 9, 6, "", true);
  await stands(ben, "Hero", 2, 2);
  await stands(ben, "Ogre", 7, 5);
  assert.equal(await ben.byTest("token-Ghost").count(), 0, "a hidden token is not there");
  assert.ok(!(await ben.page.content()).includes("Ghost"));

  await drags(ada, "Ogre", -2, 1);
  await stands(ben, "Ogre", 5, 6);
  await ben.byTest("token-Hero").focus();
  await ben.page.keyboard.press("ArrowRight");
  await ben.page.keyboard.press("ArrowRight");
  await ben.page.keyboard.press("ArrowDown");
  await ben.sees(ben.byTest("map-hint"), "Hero: 10 ft");
  await stands(ada, "Hero", 2, 2);
  await ben.page.keyboard.press("Enter");
  for (const person of [ada, ben, lou]) await stands(person, "Hero", 4, 3);
  await ben.byTest("token-Hero").focus();
  await ben.page.keyboard.press("ArrowLeft");
  await ben.page.keyboard.press("Escape");
  await stands(ben, "Hero", 4, 3);
  await drags(lou, "Hero", 2, 0);
  await stands(lou, "Hero", 4, 3);

  // A finger: the token, then a cell, then the button.
  await ben.byTest("token-Hero").tap();
  await ben.sees(ben.byTest("map-hint"), "Hero is chosen");
  const map = await ben.byTest("map").boundingBox();
  const cell = map.height / 8;
  await ben.page.touchscreen.tap(map.x + cell * 2.5, map.y + cell * 4.5);
  await ben.byTest("map-go").click();
  await stands(ada, "Hero", 3, 5);

  await ada.byTest("hide-Ghost").click();
  await stands(ben, "Ghost", 10, 7);
  await ada.byTest("hide-Ghost").click();
  await ben.byTest("token-Ghost").waitFor({ state: "detached" });

  await ada.page.getByText("Fog", { exact: true }).click();
  await ada.byTest("fog-enabled").check();
  await ben.byTest("token-Ogre").waitFor({ state: "detached" });
  await stands(ben, "Hero", 3, 5);
  await ada.byTest("fog-reveal").click();
  const plan = await ada.byTest("map").boundingBox();
  const at = (x, y) => [plan.x + ((x + 0.5) * plan.width) / 12, plan.y + ((y + 0.5) * plan.height) / 8];
  await ada.page.mouse.move(...at(3, 4));
  await ada.page.mouse.down();
  await ada.page.mouse.move(...at(4, 5));
  await ada.page.mouse.move(...at(5, 6));
  await ada.page.mouse.up();
  await stands(ben, "Ogre", 5, 6);
  await ada.picture("tabletop-map");
  await ben.picture("tabletop-map-phone");
  for (const person of [ada, ben, lou]) await person.assertNoSidewaysScrolling();
});

test("a round of combat, a sheet, a poll, a co-DM, and the network gone for a while", async (t) => {
  const { ada, ben, lou, code } = await table(t);
  await turnsTo(ben, "sheet");
  await ben.byTest("sheet-name").fill("Brother Ben");
  await ben.page.getByRole("button", { name: "Another stat" }).click();
  await ben.page.locator("#sheet-stats .pair-name").fill("Might");
  await ben.byTest("stat-new").fill("14");
  await ben.byTest("sheet-save").click();
  await ben.byTest("stat-Might").waitFor();
  await turnsTo(ada, "sheet");
  await ada.byTest("sheet-seat").selectOption("1");
  await ada.byTest("stat-Might").waitFor();
  assert.equal(await ada.byTest("sheet-name").inputValue(), "Brother Ben");

  await turnsTo(ben, "order");
  await ben.byTest("roll-initiative").click();
  await ben.byTest("combatant-Brother Ben").waitFor();
  await turnsTo(ada, "order");
  await ada.page.getByText("Add somebody to the order").click();
  const form = ada.byTest("combatant-form");
  await form.locator("[name=name]").fill("Goblin");
  await form.locator("[name=initiative]").fill("-5");
  await form.locator("[name=hp_max]").fill("7");
  await form.getByRole("button", { name: "Add" }).click();
  await ada.sees(ada.byTest("hp-Goblin"), "7/7");
  await ada.byTest("combat-toggle").click();
  await ben.sees(ben.byTest("turn"), "Your turn");
  await ben.sees(ben.byTest("round"), "Round 1");
  await ben.sees(ben.byTest("hp-Goblin"), "unhurt");
  await ada.byTest("more-Goblin").click();
  await ada.byTest("hp-by-Goblin").fill("4");
  await ada.byTest("damage-Goblin").click();
  await ada.sees(ada.byTest("hp-Goblin"), "3/7");
  await ben.sees(ben.byTest("hp-Goblin"), "bloodied");
  assert.ok(!(await ben.byTest("order").innerHTML()).includes("3/7"), "how many points it has left is the DM's");
  await ada.byTest("effect-Goblin").fill("poisoned");
  await ada.byTest("add-effect-Goblin").click();
  await ben.sees(ben.byTest("order"), "poisoned");
  await ben.byTest("end-turn").click();
  await ada.sees(ada.byTest("turn"), "Goblin’s turn");
  await ada.byTest("turn-next").click();
  await lou.sees(lou.byTest("turn"), "Round 2 · Brother Ben’s turn");

  await turnsTo(lou, "polls");
  await lou.byTest("poll-new").click();
  await lou.byTest("poll-form").locator("[name=question]").fill("Which way?");
  await lou.byTest("poll-form").locator("[name=options]").fill("Up\nDown");
  await lou.byTest("poll-form").getByRole("button", { name: "Ask" }).click();
  await ada.toast("Lou asks: Which way?");
  await turnsTo(ada, "polls");
  const vote = ada.byTest("polls").locator("[data-testid^=vote-]");
  await vote.nth(1).click();
  await lou.sees(lou.byTest("polls").locator("[data-testid^=count-]").nth(1), "1 · 100 %");
  await lou.byTest("polls").getByRole("button", { name: "Close" }).click();
  await ada.sees(ada.byTest("polls"), "closed");

  await turnsTo(ada, "people");
  await ada.byTest("co-dm-2").click();
  await lou.byTest("tab-dm").waitFor();

  ben.offline = true;
  await ben.context.setOffline(true);
  await ben.page.locator("#offline-bar").waitFor({ state: "visible" });
  await says(ada, "Is Ben still there?");
  await hears(lou, "chat_message", "Is Ben still there?");
  await ben.context.setOffline(false);
  await ben.online();
  ben.offline = false;
  await hears(ben, "chat_message", "Is Ben still there?");

  await ada.picture("tabletop");
  await turnsTo(ada, "dm");
  await ada.page.locator("#panel-dm summary", { hasText: "The table" }).click();
  await ada.byTest("end-session").click();
  await ada.byTest("end-session").click();
  for (const person of [ada, ben, lou]) await person.byTest("over").waitFor({ state: "visible" });
  await ben.byTest("results-link").click();
  await ben.byTest("results").waitFor();
  await ben.sees("main", "Brother Ben");
  await ben.go(`/replay/${code}`);
  await ben.byTest("replay").waitFor();
  await ben.byTest("slider").focus();
  await ben.page.keyboard.press("End");
  await ben.sees("#replay-stage", "Is Ben still there?");
  await ben.assertNoSidewaysScrolling();
});
