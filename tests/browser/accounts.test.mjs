// Accounts in the browser: made, signed in to, signed out of, by a guest in the middle of a game, on a phone, without scripts, by keyboard.
import assert from "node:assert/strict";
import test from "node:test";
import { Person, playingPair, useBrowser } from "../support/browser.mjs";
import { useServer } from "../support/server.mjs";

const server = useServer({ env: { PARLOR_PASSWORD_MEMORY_KIB: "64" } });
const browser = useBrowser();
const PASSWORD = "correct horse battery";
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

let count = 0;
const newName = () => `player${(count += 1)}`;

async function register(person, username, nickname) {
  const { page } = person;
  await person.go("/");
  await page.locator("#sign-in-link").click();
  await page.locator("#register-link").click();
  await page.locator("#username").fill(username);
  await page.locator("#password").fill(PASSWORD);
  if (nickname) await page.locator("#nickname").fill(nickname);
  await page.locator("#register-button").click();
  await page.waitForURL(`${server.url}/`);
}

async function signIn(person, username, password = PASSWORD) {
  const { page } = person;
  await person.go("/login?next=/profile");
  await page.locator("#username").fill(username);
  await page.locator("#password").fill(password);
  await page.locator("#login-button").click();
}

const playerOf = (person) => person.byTest("profile").getAttribute("data-player");

for (const [what, options] of Object.entries({
  "on a desktop": {},
  "on a phone, in the dark": { ...PHONE, colorScheme: "dark" },
  "without JavaScript": { javaScriptEnabled: false },
  "without JavaScript on a phone": { ...PHONE, javaScriptEnabled: false },
})) {
  test(`an account is made, signed out of and signed in to ${what}`, async (t) => {
    const ada = await Person.arrive(t, browser, "Ada", server.url, options);
    const username = newName();
    await register(ada, username, "Ada Lovelace");
    await ada.page.locator("#profile-link").getByText("Ada Lovelace").waitFor();
    await ada.page.locator("#profile-link").click();
    await ada.sees(ada.byTest("profile-username"), username);
    if (options.viewport) await ada.assertNoSidewaysScrolling();
    for (const name of ["Change the password", "Delete the account"]) await ada.page.locator("summary", { hasText: name }).click();
    await ada.assertNoSidewaysScrolling();
    const id = await playerOf(ada);
    await ada.page.locator("#logout-button").click();
    await ada.page.waitForURL(`${server.url}/`);
    await ada.page.locator("#sign-in-link").waitFor();
    ada.refusals = true;
    await signIn(ada, username, "something else");
    await ada.sees("#form-error", "The username or the password is wrong.");
    assert.equal(await ada.page.locator("#username").inputValue(), username);
    if (options.viewport) await ada.assertNoSidewaysScrolling();
    await signIn(ada, username.toUpperCase());
    await ada.page.waitForURL("**/profile");
    assert.equal(await playerOf(ada), id);
  });
}

test("a guest makes an account in the middle of a game and goes on playing", async (t) => {
  const pair = await playingPair(t, browser, { hostBase: server.url, guestOptions: PHONE });
  const { host, guest, byRole } = pair;
  const turn = await host.turn();
  await byRole[turn].draws();
  await byRole[turn].places();
  const tab = await guest.tab();
  await tab.goto(`${server.url}/profile`);
  await tab.locator("#convert-link").click();
  const username = newName();
  await tab.locator("#username").fill(username);
  await tab.locator("#password").fill(PASSWORD);
  await tab.locator("#register-button").click();
  await tab.waitForURL("**/profile");
  assert.equal(await tab.getByTestId("profile-name").textContent(), "Ben");
  await tab.getByTestId(`played-${pair.code}`).waitFor();
  await tab.close();
  // The open page never lost its connection, and its seat is still there after a reload.
  const next = turn === "host" ? "guest" : "host";
  await byRole[next].page.locator("#draft[data-mine=true]").waitFor();
  await byRole[next].draws();
  await byRole[next].places();
  await guest.page.reload();
  await guest.playing();
  assert.deepEqual(await guest.boards(), await host.boards());
  // And on another device.
  const phone = await Person.arrive(t, browser, "Ben", server.url, PHONE);
  await signIn(phone, username);
  await phone.page.waitForURL("**/profile");
  await phone.byTest(`played-${pair.code}`).locator("a").click();
  await phone.playing();
  assert.deepEqual(await phone.boards(), await host.boards());
});

test("signing out everywhere reaches the open page of another device", async (t) => {
  const [ada, other] = [await Person.arrive(t, browser, "Ada", server.url), await Person.arrive(t, browser, "Ada", server.url, PHONE)];
  const username = newName();
  await register(ada, username, "Ada");
  await ada.opensRoom();
  await ada.online();
  await signIn(other, username);
  await other.page.waitForURL("**/profile");
  await other.byTest(`played-${ada.code}`).waitFor();
  ada.refusals = true;
  await other.page.locator("#everywhere-button").click();
  await other.page.waitForURL("**/login");
  await ada.sees("#offline-text", "You were signed out.");
  await ada.go("/profile");
  await ada.page.locator("#convert-link").waitFor();
});

test("a profile: a new name, a new password, and deleting oneself", async (t) => {
  const ada = await Person.arrive(t, browser, "Ada", server.url);
  ada.refusals = true;
  const username = newName();
  await register(ada, username, "Ada");
  const code = await ada.opensRoom({ visibility: "public" });
  await ada.go("/profile");
  await ada.byTest(`played-${code}`).waitFor();
  await ada.page.locator("#nickname").fill("Zoë 🦊");
  await ada.page.locator("#nickname-button").click();
  await ada.sees("#notice", "new name");
  await ada.sees("#profile-link", "Zoë 🦊");
  await ada.page.getByText("Change the password").first().click();
  await ada.page.locator("#current-password").fill(PASSWORD);
  await ada.page.locator("#new-password").fill("staple of another kind");
  await ada.page.locator("#password-button").click();
  await ada.sees("#notice", "password is changed");
  const id = await playerOf(ada);
  const visitor = await Person.arrive(t, browser, "Ben", server.url, PHONE);
  visitor.refusals = true;
  await visitor.go(`/players/${id}`);
  await visitor.sees(visitor.byTest("profile-name"), "Zoë 🦊");
  await visitor.byTest(`played-${code}`).waitFor();
  await visitor.assertNoSidewaysScrolling();
  assert.equal(await visitor.page.locator("#delete-form").count(), 0);
  await ada.page.getByText("Delete the account").click();
  await ada.page.locator("#delete-password").fill("staple of another kind");
  await ada.page.locator("#delete-sure").check();
  await ada.page.locator("#delete-button").click();
  await ada.page.waitForURL(`${server.url}/`);
  await ada.page.locator("#sign-in-link").waitFor();
  const gone = await visitor.go(`/players/${id}`);
  assert.equal(gone.status(), 404);
  await visitor.go("/");
  await visitor.sees(visitor.byTest(`room-${code}`), "Somebody");
  await signIn(ada, username, "staple of another kind");
  await ada.sees("#form-error", "wrong");
});

test("by keyboard alone, with what a screen reader says", async (t) => {
  const ada = await Person.arrive(t, browser, "Ada", server.url);
  const { page } = ada;
  ada.refusals = true;
  await ada.go("/register");
  const username = newName();
  const tabTo = async (id) => {
    for (let n = 0; n < 40; n += 1) {
      if ((await page.evaluate(() => document.activeElement?.id)) === id) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`#${id} is not reached by Tab`);
  };
  await tabTo("username");
  await page.keyboard.type(username);
  await tabTo("password");
  await page.keyboard.type("12345678");
  await page.keyboard.press("Enter");
  // What is wrong is said beside the field, and is a part of what the field is described by.
  await ada.sees("#password-error", "less easy to guess");
  const described = await page.locator("#password").getAttribute("aria-describedby");
  assert.ok(described.split(" ").includes("password-error"));
  assert.equal(await page.locator("#password").getAttribute("aria-invalid"), "true");
  await tabTo("password");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${server.url}/`);
  for (const path of ["/login", "/register", "/profile"]) {
    await ada.go(path);
    const unnamed = await page.evaluate(() => [...document.querySelectorAll("input:not([type=hidden]):not([aria-hidden]), button")].filter((field) => !(field.labels?.length || field.textContent.trim() || field.getAttribute("aria-label"))).map((field) => field.outerHTML));
    assert.deepEqual(unnamed, [], path);
  }
});

test("a long name leaves room in the header of a small phone", async (t) => {
  const person = await Person.arrive(t, browser, "Ada", server.url, { ...PHONE, viewport: { width: 320, height: 600 } });
  await register(person, newName(), "WWWWWWWWWWWWWWWWWWWWWWWW");
  for (const where of ["/", "/profile", "/create?game=draft"]) {
    await person.go(where);
    await person.assertNoSidewaysScrolling();
    const height = await person.page.locator("header.site").evaluate((header) => header.getBoundingClientRect().height);
    assert.ok(height <= 80, `${where}: the header is ${height} px high`);
  }
});
