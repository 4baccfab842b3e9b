// The pages: without JavaScript, on a small screen, by keyboard alone, in the dark, and when something is wrong.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import test from "node:test";
import { Person, playToTheEnd, playingPair, useBrowser } from "../support/browser.mjs";
import { connect } from "../support/client.mjs";
import { useServer } from "../support/server.mjs";

const require = createRequire(import.meta.url);
const jsQR = require("jsqr").default ?? require("jsqr");
const { PNG } = require("pngjs");
const server = useServer();
const browser = useBrowser();

test("creating, joining and seeing who is there work without JavaScript", async (t) => {
  const plain = { javaScriptEnabled: false };
  const host = await Person.arrive(t, browser, "Ada", server.url, plain);
  const guest = await Person.arrive(t, browser, "Ben", server.url, plain);
  const code = await host.opensRoom({ visibility: "public" });
  await guest.go("/");
  await guest.page.locator("#code").fill(`${code.slice(0, 3).toLowerCase()} ${code.slice(3).toLowerCase()}`);
  await guest.page.locator("#join-button").click();
  await guest.page.waitForURL(`**/join/${code}`);
  await guest.takesSeat();
  await guest.sees(guest.byTest("seat-0"), "Ada");
  await host.page.reload();
  await host.sees(host.byTest("seat-1"), "Ben");
  const refresh = await host.page.locator("noscript meta[http-equiv=refresh], meta[http-equiv=refresh]").count();
  assert.ok(refresh > 0, "the page refreshes itself");
  const visitor = await Person.arrive(t, browser, "Cleo", server.url, plain);
  await visitor.go("/");
  await visitor.byTest(`room-${code}`).waitFor();
  await guest.page.locator("#leave-button").click();
  await host.page.reload();
  await host.sees(host.byTest("seat-1"), "Free seat");
});

test("every page fits a screen of 360 px, in light and dark", async (t) => {
  const options = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
  const pair = await playingPair(t, browser, { hostBase: server.url, hostOptions: options, guestOptions: { ...options, colorScheme: "dark" } });
  const { host, guest, byRole } = pair;
  await byRole[await host.turn()].draws();
  for (const person of [host, guest]) await person.assertNoSidewaysScrolling();
  await host.picture("play-phone");
  await byRole[await host.turn()].places();
  await playToTheEnd(pair);
  for (const person of [host, guest]) {
    await person.assertNoSidewaysScrolling();
    person.refusals = true;
    for (const where of [`/results/${pair.code}`, `/replay/${pair.code}`, "/", "/create?game=draft", "/join/222222", "/nothing/here"]) {
      await person.go(where);
      await person.assertNoSidewaysScrolling();
    }
    await person.opensRoom();
    await person.assertNoSidewaysScrolling();
    await person.go(`/join/${person.code}`);
    await person.assertNoSidewaysScrolling();
  }
});

test("light and dark differ, and text can be read in both", async (t) => {
  for (const colorScheme of ["light", "dark"]) {
    const person = await Person.arrive(t, browser, "Ada", server.url, { colorScheme });
    await person.go("/");
    const { text, ground } = await person.page.evaluate(() => {
      const style = getComputedStyle(document.body);
      return { text: style.color, ground: style.backgroundColor };
    });
    const contrast = ratio(rgb(text), rgb(ground));
    assert.ok(contrast >= 4.5, `${colorScheme}: ${text} on ${ground} is ${contrast.toFixed(1)}:1`);
    assert.equal(luminance(rgb(ground)) < 0.5, colorScheme === "dark", `${colorScheme}: the ground is ${ground}`);
  }
});

const rgb = (text) => {
  const numbers = text.match(/[\d.]+/g).map(Number);
  return text.startsWith("color(srgb") ? numbers.slice(0, 3).map((n) => n * 255) : numbers.slice(0, 3);
};
const luminance = (color) => {
  const [r, g, b] = color.map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ratio = (a, b) => {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
};

test("a whole game by keyboard alone", async (t) => {
  const host = await Person.arrive(t, browser, "Ada", server.url);
  const { page } = host;
  await host.go("/");
  await tabTo(page, "[data-testid=game-draft]");
  await page.keyboard.press("Enter");
  await page.waitForURL(/create/);
  await tabTo(page, "#nickname");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("Ada");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/room\//);
  await host.online();
  await tabTo(page, "[data-testid=add-bot-1]");
  await page.keyboard.press("Enter");
  await host.byTest("remove-bot-1").waitFor();
  await page.locator("#start-button:not([aria-disabled=true])").waitFor();
  await tabTo(page, "#start-button");
  await page.keyboard.press("Enter");
  await host.playing();
  for (;;) {
    await page.locator("#draft[data-mine=true], #draft[data-turn=over]").waitFor();
    if ((await host.turn()) === "over") break;
    if (await host.byTest("draw").isVisible()) {
      await tabTo(page, "[data-testid=draw]");
      await page.keyboard.press("Enter");
      await page.locator("[data-testid^=place-]").first().waitFor();
    }
    await tabTo(page, "[data-testid^=place-]");
    const testid = await page.evaluate(() => document.activeElement.dataset.testid);
    await page.keyboard.press("Space");
    await page.locator(`[data-testid="${testid}"]`).waitFor({ state: "detached" });
  }
  await tabTo(page, "[data-testid=results-link]");
  await page.keyboard.press("Enter");
  await host.byTest("results").waitFor();
});

/** Presses Tab until the focus is on `selector`, and checks on the way that it can be seen where the focus is. */
async function tabTo(page, selector) {
  for (let i = 0; i < 80; i += 1) {
    const there = await page.evaluate((wanted) => {
      const element = document.activeElement;
      const style = getComputedStyle(element);
      const visible = element === document.body || style.outlineStyle !== "none" || style.boxShadow !== "none";
      return { reached: element.matches(wanted), visible, what: element.outerHTML.slice(0, 120) };
    }, selector);
    if (there.reached) {
      assert.ok(there.visible, `the focus can be seen on ${there.what}`);
      return;
    }
    await page.keyboard.press("Tab");
  }
  assert.fail(`80 × Tab did not reach ${selector} on ${page.url()}`);
}

test("everything one can press or fill in has a name for screen readers, and every page a heading and a title", async (t) => {
  const pair = await playingPair(t, browser, { hostBase: server.url });
  const { host, guest, byRole } = pair;
  await byRole[await host.turn()].draws();
  await named(host);
  await named(guest);
  await byRole[await host.turn()].places();
  await playToTheEnd(pair);
  for (const where of [`/results/${pair.code}`, `/replay/${pair.code}`, "/", "/create?game=draft"]) {
    await host.go(where);
    await named(host);
  }
  await host.opensRoom();
  await named(host);
});

async function named({ page }) {
  const found = await page.evaluate(() => {
    const shown = (element) => element.checkVisibility?.() ?? true;
    const name = (element) =>
      element.getAttribute("aria-label") ||
      [...(element.labels ?? [])].map((label) => label.textContent).join(" ") ||
      (element.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ") ||
      element.textContent ||
      element.getAttribute("title") ||
      "";
    const controls = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary")].filter(shown);
    const pictures = [...document.querySelectorAll("img")].filter((img) => !img.hasAttribute("alt"));
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    return {
      nameless: [...controls.filter((element) => !name(element).trim()), ...pictures].map((element) => element.outerHTML.slice(0, 150)),
      headings: [...document.querySelectorAll("h1")].filter(shown).length,
      title: document.title,
      language: document.documentElement.lang,
      doubled: ids.filter((id, i) => ids.indexOf(id) !== i),
    };
  });
  assert.deepEqual(found.nameless, [], `${page.url()}: without a name`);
  assert.deepEqual(found.doubled, [], `${page.url()}: ids that are not unique`);
  assert.equal(found.headings, 1, `${page.url()}: one main heading`);
  assert.ok(found.title.length > 6, `${page.url()}: a title`);
  assert.equal(found.language, "en");
}

test("names and messages with markup are shown as text", async (t) => {
  const evil = '<img src=x onerror="document.title=1">';
  const host = await Person.arrive(t, browser, evil, server.url);
  const guest = await Person.arrive(t, browser, "Ben", server.url);
  await host.go("/create?game=draft");
  await host.page.locator("#nickname").evaluate((input, value) => {
    input.removeAttribute("maxlength");
    input.value = value;
  }, "<i>Ada</i>");
  await host.page.locator("#create-button").click();
  await host.page.waitForURL(/\/room\//);
  const code = (await host.byTest("room-code").textContent()).trim();
  await host.online();
  await guest.joins(code);
  await guest.sees(guest.byTest("seat-0"), "<i>Ada</i>");
  await host.page.locator("#start-button:not([aria-disabled=true])").click();
  await Promise.all([host.playing(), guest.playing()]);
  await host.byTest("chat-input").fill(evil);
  await host.byTest("chat-send").click();
  await guest.sees(guest.byTest("chat-log"), evil);
  assert.equal(await guest.page.locator("#chat-log img, #chat-log i, .board-head i").count(), 0);
});

test("what is wrong is said on a page of its own, with its status", async (t) => {
  const person = await Person.arrive(t, browser, "Ada", server.url);
  person.refusals = true;
  const pages = { "/nothing": 404, "/join/222222": 404, "/room/222222": 404, "/play/222222": 404, "/results/222222": 404, "/replay/222222": 404, "/join/not-a-code-at-all": 404, "/create?game=nothing": 404 };
  for (const [where, status] of Object.entries(pages)) {
    const response = await person.go(where);
    assert.equal(response.status(), status, where);
    assert.match(response.headers()["content-type"], /text\/html/, where);
    assert.equal(await person.page.locator("h1").count(), 1, where);
    assert.ok(await person.page.locator("main a[href]").count(), `${where} leads on`);
  }
});

test("every page has a strict policy, and nothing is loaded from elsewhere", async (t) => {
  const pair = await playingPair(t, browser, { hostBase: server.url });
  const foreign = [];
  const { host } = pair;
  host.page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== server.url && !["data:", "blob:", "ws:"].includes(protocol)) foreign.push(request.url());
  });
  for (const where of ["/", "/create?game=draft", `/play/${pair.code}`, `/join/${pair.code}`]) {
    const response = await host.go(where);
    const headers = response.headers();
    const policy = headers["content-security-policy"] ?? "";
    assert.match(policy, /default-src/, where);
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval|\*(?![.\w])/, `${where}: ${policy}`);
    assert.match(policy, /frame-ancestors/, where);
    assert.equal(headers["x-content-type-options"], "nosniff", where);
    assert.match(headers["referrer-policy"] ?? "", /origin|no-referrer/, where);
  }
  assert.deepEqual(foreign, []);
});

test("the QR code in the lobby is read back as the join link, from the screen", async (t) => {
  const host = await Person.arrive(t, browser, "Ada", server.url);
  const code = await host.opensRoom();
  await host.page.locator("#qr").evaluate((img) => img.decode());
  for (const scheme of ["light", "dark"]) {
    await host.page.emulateMedia({ colorScheme: scheme });
    const { width, height, data } = PNG.sync.read(await host.page.locator("#qr").screenshot());
    const found = jsQR(new Uint8ClampedArray(data), width, height);
    assert.equal(found?.data, `${server.url}/join/${code}`, scheme);
  }
});

test("existing pages work with the client library that the server serves", async (t) => {
  const person = await Person.arrive(t, browser, "Ada", server.url);
  await person.go("/");
  const answer = await person.page.evaluate(async () => {
    const { io } = await import("/socket.io/socket.io.esm.min.js");
    const socket = io("/draft");
    const session = await new Promise((resolve) => socket.on("session", resolve));
    const created = await socket.emitWithAck("create_room", { nickname: "Page" });
    socket.disconnect();
    return { session, created };
  });
  assert.equal(answer.created.ok, true);
  const client = await connect(server.url, { auth: { token: answer.session.token } });
  assert.equal(client.session.player_id, answer.session.player_id);
});
