// Playing backgammon in browsers: rooms, turns by clicking, what is on the board.
import { Person } from "./browser.mjs";

/** A person who plays backgammon by what the page shows. */
export class Player extends Person {
  static async arrive(t, holder, name, base, options = {}) {
    const person = await Person.arrive(t, holder, name, base, options);
    person.touch = Boolean(options.hasTouch);
    return Object.setPrototypeOf(person, Player.prototype);
  }

  /** Opens a room by the form, filled in by a link. */
  async opensGame(options = {}) {
    await this.go(`/create?${new URLSearchParams({ game: "backgammon", ...options })}`);
    await this.page.locator("#nickname").fill(this.name);
    await this.page.locator("#create-button").click();
    await this.page.waitForURL(/\/room\//);
    this.code = (await this.byTest("room-code").textContent()).trim();
    return this.code;
  }

  async atTheBoard() {
    await this.page.locator("#backgammon[aria-busy=false]").waitFor();
    await this.online();
  }

  root(selector = "") {
    return this.page.locator(`#backgammon${selector}`);
  }

  async myTurn() {
    await this.root("[data-mine=true]").waitFor();
  }

  spot(name) {
    return this.byTest(`spot-${name}`);
  }

  /** Clicks in the middle of a spot; with a finger where there is a touch screen. */
  async tap(name) {
    const area = this.spot(name).locator(".area");
    await area.scrollIntoViewIfNeeded();
    const box = await area.boundingBox();
    await (this.touch ? this.page.touchscreen.tap : this.page.mouse.click).call(this.touch ? this.page.touchscreen : this.page.mouse, box.x + box.width / 2, box.y + box.height / 2);
  }

  async pressed(test) {
    await this.page.locator(`[data-testid=${test}]:not([hidden]):not([disabled])`).click();
  }

  /** What is on every spot: `{ "24": "2 white", … }`. */
  position() {
    return this.page.evaluate(() => Object.fromEntries([...document.querySelectorAll(".bg-board [data-spot]")].filter((spot) => spot.dataset.count !== "0").map((spot) => [spot.dataset.spot, `${spot.dataset.count} ${spot.dataset.color}`])));
  }

  /** The spots that can be moved from. */
  movable() {
    return this.page.evaluate(() => [...document.querySelectorAll(".bg-board .spot.movable")].map((spot) => spot.dataset.spot));
  }

  /** Plays what is left of a turn by clicking, and finishes it. Resolves when the turn is over. */
  async playsTurn() {
    await this.myTurn();
    if ((await this.root().getAttribute("data-phase")) === "rolling") await this.pressed("roll");
    for (;;) {
      await this.page.locator("#backgammon[data-phase=moving] .bg-board.active, #end-button:not([hidden]):not([disabled]), #backgammon[data-turn=over]").first().waitFor();
      if ((await this.root().getAttribute("data-turn")) === "over") return;
      if (await this.page.locator("#end-button:not([hidden])").isVisible()) {
        await this.pressed("end-turn");
        break;
      }
      const before = await this.figures();
      const [from] = await this.movable();
      if (!from) continue;
      await this.tap(from);
      const target = this.page.locator(".bg-board .spot.target").first();
      await target.waitFor();
      await this.tap(await target.getAttribute("data-spot"));
      await this.page.waitForFunction((then) => document.getElementById("backgammon").dataset.turn === "over" || [...document.querySelectorAll(".bg-board [data-spot]")].map((spot) => spot.dataset.count).join() !== then, before);
    }
    await this.root("[data-mine=false]").waitFor();
  }

  figures() {
    return this.page.evaluate(() => [...document.querySelectorAll(".bg-board [data-spot]")].map((spot) => spot.dataset.count).join());
  }
}

/** Two people at a board: `{ host, guest, code, bySide }`. The host is white. */
export async function pairAtTheBoard(t, holder, url, { options, hostOptions, guestOptions } = {}) {
  const [host, guest] = await Promise.all([Player.arrive(t, holder, "Ada", url, hostOptions), Player.arrive(t, holder, "Ben", url, guestOptions)]);
  const code = await host.opensGame(options);
  await host.online();
  await guest.joins(code);
  await guest.online();
  await host.toast("Ben is here");
  await host.page.locator("#start-button:not([aria-disabled=true])").click();
  await Promise.all([host.atTheBoard(), guest.atTheBoard()]);
  return { host, guest, code, bySide: { white: host, black: guest } };
}

/** Who is in turn by the host's page. */
export async function inTurn({ host, bySide }) {
  return bySide[await host.root().getAttribute("data-turn")];
}

/** A position's ID: checkers of the player on roll and of the other by their own points, `{ 6: 2, 25: 1 }`; the rest is borne off. */
export function positionId(rolling, waiting) {
  const key = new Uint8Array(10);
  let bit = 0;
  for (const side of [waiting, rolling]) {
    for (let point = 1; point <= 25; point += 1) {
      for (let n = 0; n < (side[point] ?? 0); n += 1, bit += 1) key[bit >> 3] |= 1 << (bit & 7);
      bit += 1;
    }
  }
  return Buffer.from(key).toString("base64").replace(/=+$/, "");
}
