// People with browsers: Chromium contexts of their own, whose console errors and policy violations fail the test.
import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { after, before } from "node:test";
import { chromium } from "playwright-core";
import { ROOT } from "./server.mjs";

const PATIENCE = 15_000;
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];

/** What a browser says when the network is gone; expected only while a test takes it away. */
const NETWORK = /ERR_(CONNECTION|EMPTY_RESPONSE|INTERNET|NETWORK|SOCKET|INCOMPLETE)|WebSocket connection to|Failed to fetch|NetworkError|Failed to load resource: net::/;

function executable() {
  const names = [process.env.PARLOR_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  const found = names.find((name) => name && existsSync(name));
  if (!found) throw new Error("no Chromium: `make test-browser` installs it, or name one in PARLOR_CHROMIUM");
  return found;
}

/** A browser for all tests of this file. */
export function useBrowser() {
  const holder = { browser: undefined };
  before(async () => {
    holder.browser = await chromium.launch({ executablePath: executable(), args: ARGS });
  });
  after(() => holder.browser?.close());
  return holder;
}

/** Somebody with a browser (a context: cookies and storage of their own) and one open page. */
export class Person {
  constructor(name, base) {
    this.name = name;
    this.base = base;
    this.problems = [];
    this.offline = false;
  }

  /** `options` are those of a browser context: viewport, javaScriptEnabled, colorScheme … */
  static async arrive(t, holder, name, base, options = {}) {
    const person = new Person(name, base);
    person.context = await holder.browser.newContext({ viewport: { width: 1200, height: 900 }, reducedMotion: "reduce", ...options });
    person.context.setDefaultTimeout(PATIENCE);
    t.after(() => person.leave());
    person.page = await person.tab();
    return person;
  }

  /** Another tab of the same person. */
  async tab() {
    const page = await this.context.newPage();
    page.on("console", (message) => {
      if (message.type() !== "error") return;
      const text = `${message.text()} (${message.location().url})`;
      if (this.offline && NETWORK.test(text)) return;
      if (this.refusals && /status of 4\d\d/.test(text)) return;
      this.problems.push(`console: ${text}`);
    });
    page.on("pageerror", (error) => this.problems.push(`page error: ${error.stack ?? error}`));
    return page;
  }

  async leave() {
    await this.context.close();
    assert.deepEqual(this.problems, [], `${this.name}'s browser complained`);
  }

  async go(where) {
    const response = await this.page.goto(this.base + where);
    return response;
  }

  byTest(id) {
    return this.page.getByTestId(id);
  }

  /** Opens a room from the home page, as a person does; resolves with its code. */
  async opensRoom({ visibility } = {}) {
    await this.go("/");
    await this.byTest("game-draft").click();
    await this.page.locator("#nickname").fill(this.name);
    if (visibility) await this.page.locator(`input[name=visibility][value=${visibility}]`).check();
    await this.page.locator("#create-button").click();
    await this.page.waitForURL(/\/room\//);
    this.code = (await this.byTest("room-code").textContent()).trim();
    return this.code;
  }

  /** Joins by the link. */
  async joins(code) {
    await this.go(`/join/${code}`);
    await this.takesSeat();
    this.code = code;
  }

  async takesSeat() {
    await this.page.locator("#nickname").fill(this.name);
    await this.page.locator("#join-button").click();
    await this.page.waitForURL(/\/(room|play)\//);
  }

  /** In the room over a live connection. */
  async online() {
    await this.page.locator("body[data-connection=online]").waitFor();
  }

  /** Waits until the page shows that we are playing. */
  async playing() {
    await this.page.locator("#draft[aria-busy=false]").waitFor();
    await this.online();
  }

  async sees(locator, text) {
    const place = typeof locator === "string" ? this.page.locator(locator) : locator;
    await place.filter({ hasText: text }).first().waitFor({ state: "visible" });
  }

  async toast(text) {
    await this.sees(this.byTest("toast"), text);
  }

  /** Whose turn the page says it is: "host", "guest" or "over". */
  turn() {
    return this.page.locator("#draft").getAttribute("data-turn");
  }

  async draws() {
    await this.byTest("draw").click();
    await this.page.locator("[data-testid^=place-]").first().waitFor();
  }

  async places() {
    const button = this.page.locator("[data-testid^=place-]").first();
    const testid = await button.getAttribute("data-testid");
    await button.click();
    await this.page.locator(`[data-testid="${testid}"]`).waitFor({ state: "detached" });
    return testid.slice("place-".length);
  }

  /** The transport that the page shows. */
  async transport() {
    await this.page.locator("#transport:not([hidden])").waitFor();
    return (await this.page.locator("#transport").textContent()).trim();
  }

  /** What is on the boards: the text of every place, by side. For comparing before and after. */
  async boards() {
    const text = async (side) => (await this.byTest(`board-${side}`).locator(".slot").allInnerTexts()).map((slot) => slot.replace(/\s+/g, " ").trim());
    return { host: await text("host"), guest: await text("guest") };
  }

  /** Saves a picture when pictures are asked for (PARLOR_SCREENSHOTS=1, `make screenshots`). */
  async picture(name) {
    if (!process.env.PARLOR_SCREENSHOTS) return;
    const folder = path.join(ROOT, "docs/images");
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: path.join(folder, `${name}.png`) });
  }

  async assertNoSidewaysScrolling() {
    const { scroll, client, widest } = await this.page.evaluate(() => {
      const root = document.documentElement;
      const over = [...document.querySelectorAll("body *")].filter((element) => element.getBoundingClientRect().right > root.clientWidth + 1);
      return { scroll: root.scrollWidth, client: root.clientWidth, widest: over.slice(0, 3).map((element) => element.outerHTML.slice(0, 120)) };
    });
    assert.ok(scroll <= client, `${this.page.url()} is ${scroll} px wide on a screen of ${client} px: ${widest}`);
  }
}

/** Two people in a room together, playing: `{ host, guest, code, byRole }`. */
export async function playingPair(t, holder, { hostBase, guestBase, hostOptions, guestOptions }) {
  const [host, guest] = await Promise.all([Person.arrive(t, holder, "Ada", hostBase, hostOptions), Person.arrive(t, holder, "Ben", guestBase ?? hostBase, guestOptions)]);
  const code = await host.opensRoom();
  await host.online();
  await guest.joins(code);
  await guest.online();
  await host.toast("Ben is here");
  await host.page.locator("#start-button:not([aria-disabled=true])").click();
  await Promise.all([host.playing(), guest.playing()]);
  return { host, guest, code, byRole: { host, guest } };
}

/** Plays by clicking until the page says that it is over. */
export async function playToTheEnd({ host, byRole }, { turns = Infinity } = {}) {
  for (let n = 0; n < turns; n += 1) {
    const turn = await host.turn();
    if (turn === "over") return;
    const person = byRole[turn];
    await person.page.locator("#draft[data-mine=true]").waitFor();
    if (await person.byTest("draw").isVisible()) await person.draws();
    await person.places();
    await host.page.locator(`#draft:not([data-turn=${turn}])`).waitFor();
  }
}

/** Waits until a page is that of another room than `code`, however many steps led there. */
export function movedOn(page, code) {
  return page.waitForFunction((left) => /\/(room|play)\//.test(location.pathname) && !location.pathname.endsWith(left), code);
}
