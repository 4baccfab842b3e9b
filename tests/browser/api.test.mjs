// The page to try the API.
import assert from "node:assert/strict";
import test from "node:test";
import { Person, useBrowser } from "../support/browser.mjs";
import { useServer } from "../support/server.mjs";

const server = useServer();
const browser = useBrowser();

/** Opens an operation, sends it, and returns what the page shows of the answer. */
async function send(page, method, path, fields = {}) {
  const operation = page.locator("details.operation").filter({ has: page.locator(".method", { hasText: new RegExp(`^${method}$`) }) }).filter({ has: page.locator(".path", { hasText: new RegExp(`^${path.replace(/[{}.]/g, "\\$&")}$`) }) });
  if ((await operation.getAttribute("open")) === null) await operation.locator("summary").click();
  for (const [label, value] of Object.entries(fields)) await operation.getByLabel(label, { exact: true }).fill(value);
  await operation.getByRole("button", { name: "Send" }).click();
  await operation.locator(".answer strong").waitFor();
  return operation.locator(".answer");
}

test("every operation is listed, and a room is made, looked at and talked in", async (t) => {
  const ada = await Person.arrive(t, browser, "Ada", server.url);
  const { page } = ada;
  await page.goto(`${server.url}/api/docs`);
  await page.locator("details.operation").first().waitFor();
  const { paths } = await (await fetch(`${server.url}/api/openapi.json`)).json();
  const operations = Object.values(paths).flatMap((path) => ["get", "post", "put", "patch", "delete"].filter((method) => path[method]));
  assert.equal(await page.locator("details.operation").count(), operations.length);

  const made = await send(page, "POST", "/api/rooms");
  assert.equal(await made.locator("strong").textContent(), "201 Created");
  const { room_code, token } = JSON.parse(await made.locator("pre").textContent());
  assert.equal(await page.getByLabel("Token", { exact: true }).inputValue(), token, "the token is kept for the next request");

  const shown = await send(page, "GET", "/api/rooms/{code}");
  assert.equal(JSON.parse(await shown.locator("pre").textContent()).room_code, room_code, "the code is filled in");
  const said = await send(page, "POST", "/api/rooms/{code}/commands");
  assert.equal(JSON.parse(await said.locator("pre").textContent()).ok, true);
  const picture = await send(page, "GET", "/api/rooms/{code}/qr.svg");
  await picture.locator("img").waitFor();
  assert.ok((await picture.locator("img").evaluate((image) => image.decode().then(() => image.naturalWidth))) > 0);

  ada.refusals = true;
  const refused = await send(page, "POST", "/api/rooms/{code}/commands", { Body: "<b>{" });
  assert.equal(await refused.locator("strong").textContent(), "400 Bad Request");
  assert.equal(JSON.parse(await refused.locator("pre").textContent()).error.code, "VALIDATION_ERROR");
});

test("the page fits a phone", async (t) => {
  const ada = await Person.arrive(t, browser, "Ada", server.url, { viewport: { width: 360, height: 640 } });
  await ada.page.goto(`${server.url}/api/docs`);
  for (const operation of await ada.page.locator("details.operation > summary").all()) await operation.click();
  const { wide, high } = await ada.page.evaluate(() => ({ wide: document.documentElement.scrollWidth, high: document.documentElement.scrollHeight }));
  assert.ok(wide <= 360 && high > 1_000, `${wide} px wide`);
});
