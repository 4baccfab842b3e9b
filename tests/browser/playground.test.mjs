// The page to try the protocol on.
import assert from "node:assert/strict";
import test from "node:test";
import { Person, useBrowser } from "../support/browser.mjs";
import { useServer } from "../support/server.mjs";

const server = useServer({ env: { PARLOR_PLAYGROUND: "on" } });
const plain = useServer();
const browser = useBrowser();

/** Sends an event and resolves with its answer, as the log shows it. */
async function emits(person, event, payload) {
  const answers = person.page.locator(`[data-testid=log-ack][data-name^="${event} "]`);
  const before = await answers.count();
  await person.byTest("event").fill(event);
  if (payload !== undefined) await person.byTest("payload").fill(typeof payload === "string" ? payload : JSON.stringify(payload));
  await person.byTest("payload").press("Control+Enter");
  const answer = answers.nth(before);
  await answer.waitFor({ state: "attached" });
  return JSON.parse(await answer.locator("pre").textContent());
}

async function connects(person, namespace, transport = "both") {
  await person.byTest("namespace").selectOption(namespace);
  await person.byTest("transport-choice").selectOption(transport);
  await person.byTest("connect").click();
  await person.page.locator("#playground[data-state=connected]").waitFor();
}

test("the playground is only there where it is wanted", async (t) => {
  assert.equal((await fetch(`${plain.url}/playground`)).status, 404);
  const ada = await Person.arrive(t, browser, "Ada", server.url);
  assert.equal((await ada.go("/playground")).status(), 200);
});

test("two people connect, open a room, talk, are refused, and see every event", async (t) => {
  const ada = await Person.arrive(t, browser, "Ada", server.url);
  const ben = await Person.arrive(t, browser, "Ben", server.url, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, colorScheme: "dark" });
  for (const person of [ada, ben]) await person.go("/playground");
  await connects(ada, "/draft");
  await ada.page.locator("[data-testid=log-in][data-name=session]").waitFor();
  const offered = await ada.page.locator("#events option").evaluateAll((options) => options.map((option) => option.value));
  assert.ok(offered.includes("draw_character") && offered.includes("create_room") && !offered.includes("make_choice"), String(offered));

  const made = await emits(ada, "create_room", { nickname: "Ada" });
  assert.equal(made.ok, true);
  assert.equal(await ada.byTest("room-code").inputValue(), made.room_code, "kept for coming back");

  await ben.byTest("new-guest").click();
  await ben.page.waitForFunction(() => document.querySelector("#token").value.length > 20);
  await connects(ben, "/draft", "polling");
  await ben.sees(ben.byTest("state"), "connected by polling");
  assert.equal((await emits(ben, "join_room", { room_code: made.room_code, nickname: "Ben" })).ok, true);
  await ada.page.locator("[data-testid=log-in][data-name=player_joined]").first().waitFor();
  assert.equal((await emits(ben, "chat_message", { message: "<b>hello</b>" })).ok, true);
  const said = ada.page.locator("[data-testid=log-in][data-name=chat_message]");
  await said.waitFor();
  assert.match(await said.locator("pre").textContent(), /<b>hello<\/b>/);

  const refused = await emits(ben, "draw_character", {});
  assert.equal(refused.ok, false);
  await ben.byTest("payload").fill("{ nope");
  await ben.byTest("emit").click();
  await ben.sees(ben.byTest("payload-problem"), "This is not JSON");
  await ben.assertNoSidewaysScrolling();
  await ben.picture("playground-phone");

  await ada.byTest("filter").fill("hello");
  await ada.sees(ada.byTest("log-count"), /^1 of \d+$/);
  await ada.byTest("filter").fill("");
  await ada.page.getByLabel("received").uncheck();
  assert.ok(await said.isHidden());
  await ada.page.getByLabel("received").check();
  await said.locator("summary").click();
  await ada.picture("playground");
  await ada.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await said.getByRole("button", { name: "Copy" }).click();
  await ada.toast("Copied");
  assert.match(await ada.page.evaluate(() => navigator.clipboard.readText()), /"name":"chat_message"/);
});

test("a line that is cut comes back to the room with what was missed", async (t) => {
  const ada = await Person.arrive(t, browser, "Ada", server.url);
  await ada.go("/playground");
  await connects(ada, "/codex", "websocket");
  await ada.sees(ada.byTest("state"), "connected by websocket");
  const made = await emits(ada, "create_room", { nickname: "Ada" });
  await ada.byTest("cut").click();
  await ada.page.locator("[data-testid=log-line][data-name=disconnected]").waitFor();
  const back = ada.page.locator("[data-testid=log-in][data-name=connection_established]").last();
  await back.waitFor();
  await ada.page.locator("#playground[data-state=connected]").waitFor();
  assert.equal(JSON.parse(await back.locator("pre").textContent()).room_code, made.room_code);
  await ada.byTest("disconnect").click();
  await ada.sees(ada.byTest("state"), "not connected");
  assert.ok(await ada.byTest("emit").isDisabled());
  await ada.byTest("clear").click();
  assert.equal(await ada.page.locator("#log li").count(), 0);
});
