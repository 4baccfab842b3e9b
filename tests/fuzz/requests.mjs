// What is asked for over HTTP: the JSON interface, the forms of the pages, files. Valid first, then changed in structure.
import { createRequire } from "node:module";
import { weighted } from "./chance.mjs";
import { request } from "./http.mjs";
import { Fields, json, mutateValue, Odd, oddText } from "./values.mjs";
import { gameEvent } from "./vocabulary.mjs";

const { PNG } = createRequire(import.meta.url)("pngjs");
const png = PNG.sync.write(Object.assign(new PNG({ width: 3, height: 2 }), { data: Buffer.alloc(24, 0x80) }));
export const webp = Buffer.from("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==", "base64");

const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";
const PASSWORD = "correct horse battery";

const get = (path, query) => ({ method: "GET", path, query });
const post = (path, body) => ({ method: "POST", path, json: body });
const form = (path, fields) => ({ method: "POST", path, form: fields });
const room = (rest = "") => ({ code }) => get(`/api/rooms/${code}${rest}`);
const page = (rest) => ({ code }) => get(rest.replace("CODE", code));

/** `[weight, known => request]`; `known` is a player at a table: `{ chance, game, code, token, id, cookie, csrf, jpeg }`. */
const REQUESTS = weighted([
  [60, (known) => post(`/api/rooms/${known.code}/commands`, command(known))],
  [4, () => get("/api/rooms", { game: "draft", status: "waiting", limit: 5 })],
  [4, room()],
  [4, ({ code }) => post(`/api/rooms/${code}/join`, { nickname: "Ada", as: "spectator", last_seq: 0, client_seed: "clover" })],
  // Waiting is left out: it is what the server shall do when it is asked to.
  [6, ({ code }) => get(`/api/rooms/${code}/events`, { after: 3, wait: 0 })],
  [4, ({ code }) => get(`/api/rooms/${code}/state`, { at: 3 })],
  [4, ({ code }) => get(`/api/rooms/${code}/history`, { kinds: "chat_message", before: 20, limit: 5, search: "hello", kind: "all" })],
  [2, ({ code }) => get(`/api/rooms/${code}/export`, { format: "json" })],
  [1, room("/verify")],
  [1, room("/qr.svg")],
  [1, room("/qr.png")],
  [2, ({ code }) => post(`/api/rooms/${code}/annotations`, { seq: 3, text: "well played" })],
  [2, ({ code }) => get(`/api/rooms/${code}/annotations`, { seq: 3, after: 0, limit: 5 })],
  [1, ({ code }) => ({ method: "DELETE", path: `/api/rooms/${code}/annotations/1` })],
  [3, () => get("/api/annotations", { q: "well pla", before: 9, limit: 5 })],
  [4, ({ code, chance, jpeg = webp }) => ({ method: "POST", path: `/api/rooms/${code}/images`, ...chance.pick([{ type: "image/png", body: png }, { type: "image/webp", body: webp }, { type: "image/jpeg", body: jpeg }]) })],
  [1, room("/images/6f2c0000-0000-4000-8000-000000000000")],
  [2, () => post("/api/auth/guest", { nickname: "Ada" })],
  [2, () => post("/api/auth/login", { username: "ada1", password: PASSWORD })],
  [2, ({ token }) => post("/api/auth/refresh", { refresh_token: token, refresh: token })],
  [2, ({ token }) => post("/api/auth/verify", { token })],
  [2, () => get("/api/auth/verify")],
  [2, () => ({ method: "PATCH", path: "/api/auth/me", json: { nickname: "Ada" } })],
  [2, () => get("/api/auth/me")],
  [2, ({ id }) => get(`/api/players/${id}`)],
  [2, ({ id }) => get(`/api/players/${id}/stats`, { game: "backgammon" })],
  [2, () => get("/api/leaderboard", { game: "backgammon", limit: 5 })],
  [1, () => get("/api/queue/status", { wait: 0 })],
  [1, () => post("/api/queue/leave", {})],
  [1, () => get("/readyz")],
  [2, page("/")],
  [2, () => get("/create", { game: "draft", template_id: 1, visibility: "public" })],
  [2, () => get("/queue", { game: "pong" })],
  [4, (known) => form("/join", { csrf: known.csrf, code: known.code })],
  [2, page("/join/CODE")],
  [4, ({ csrf, code }) => form(`/join/${code}`, { csrf, nickname: "Ada", as: "spectator" })],
  [3, page("/room/CODE")],
  [2, ({ csrf, code }) => form(`/room/${code}/start`, { csrf })],
  [2, ({ csrf, code }) => form(`/room/${code}/bot`, { csrf, seat: 1, level: "easy" })],
  [1, ({ code }) => get(`/room/${code}/history`, { kind: "all", before: 9, search: "hello" })],
  [2, ({ csrf }) => form("/login", { csrf, username: "ada1", password: PASSWORD, next: "/profile" })],
  [2, ({ csrf }) => form("/profile/nickname", { csrf, nickname: "Ada" })],
  [1, ({ csrf }) => form("/profile/password", { csrf, password: PASSWORD, new_password: PASSWORD })],
  [1, page("/login")],
  [1, page("/profile")],
  [1, ({ id }) => get(`/players/${id}`)],
  [1, () => get("/leaderboard", { game: "backgammon" })],
  [2, page("/play/CODE")],
  [1, page("/results/CODE")],
  [1, page("/replay/CODE")],
  [1, () => get("/static/parlor.css")],
  [1, () => get("/static/../Cargo.toml")],
  [1, () => get("/nothing/here")],
]);
/** What makes rooms or accounts, what takes long, and after what the player is nobody any more. */
const RARE = [
  ({ token }) => post("/api/auth/logout", { refresh_token: token }),
  () => ({ method: "DELETE", path: "/api/auth/me", json: { password: PASSWORD } }),
  ({ csrf }) => form("/profile/delete", { csrf, password: PASSWORD }),
  () => post("/api/auth/password", { password: PASSWORD, new_password: `${PASSWORD}!` }),
  () => post("/api/auth/convert", { username: "ada2", password: PASSWORD }),
  ({ csrf, code }) => form(`/room/${code}/leave`, { csrf }),
  ({ chance }) => post("/api/auth/register", { username: `ada${chance.below(50)}`, password: PASSWORD, nickname: "Ada" }),
  ({ csrf }) => form("/register", { csrf, username: "ada3", password: PASSWORD, nickname: "Ada", next: "/" }),
  ({ game }) => post("/api/rooms", { game: game.name, nickname: "Ada", options: game.options[0], visibility: "public", seats: 2 }),
  ({ csrf, game }) => form("/create", { csrf, game: game.name, nickname: "Ada", visibility: "public", template_id: 1, match_length: 5 }),
  () => post("/api/queue/join", { game: "pong", nickname: "Ada" }),
  ({ csrf }) => form("/queue", { csrf, game: "pong", nickname: "Ada" }),
  () => post("/api/backgammon/analyze", { position_id: "4HPwATDgc/ABMA", dice: [3, 1] }),
  () => get("/api/openapi.json"),
  () => get("/api/games"),
  () => get("/metrics"),
];
const RARE_ONE_IN = 300;

function command({ chance, game, code, token }) {
  const [event, data] = gameEvent(chance, game, { code, token, seat: 0 });
  return { event, data: data ?? {}, command_id: `id-${chance.below(50)}`, expected_version: chance.oneIn(4) ? 3 : undefined };
}

/** A request that is well-formed, so that it has to be answered: `{ method, bytes }`. */
export function wellFormed(known) {
  const { chance } = known;
  const asked = (chance.oneIn(RARE_ONE_IN) ? chance.pick(RARE) : chance.pick(REQUESTS))(known);
  if (!chance.oneIn(4)) changeBody(chance, asked);
  if (chance.oneIn(3) && asked.query) asked.query = mutateValue(chance, asked.query);
  if (chance.oneIn(12)) asked.path = changedPath(chance, asked.path);
  if (chance.oneIn(40)) asked.method = chance.pick(["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "NONSENSE", "GET", "POST"]);
  return written(known, asked);
}

function changeBody(chance, asked) {
  if (asked.json) asked.json = mutateValue(chance, asked.json);
  else if (asked.form) asked.form = mutateValue(chance, asked.form);
}

function changedPath(chance, path) {
  const parts = path.split("/");
  parts[1 + chance.below(parts.length - 1)] = encoded(chance, oddText(chance));
  return parts.join("/");
}

/** Escaped as in an address or a form; sometimes as no program would. */
function encoded(chance, text) {
  if (chance.oneIn(30)) return chance.pick(["%", "%zz", "%ff%fe", "%00", "%2e%2e%2f", "%C0%80"]);
  return [...Buffer.from(text)].map((byte) => (/[\w.~-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, "0")}`)).join("");
}

/** Any value as fields of a query or a form. */
function fields(chance, value) {
  const entries = value instanceof Fields ? value.entries : value !== null && typeof value === "object" && !(value instanceof Odd) ? Object.entries(value) : [["", value]];
  const plain = (inner) => (typeof inner === "string" ? inner : json(inner)).slice(0, 2_000);
  // Whoever asks the server to wait has to.
  const patient = entries.map(([key, inner]) => (key === "wait" && Number(plain(inner)) > 0 ? [key, "soon"] : [key, plain(inner)]));
  return patient.map((pair) => pair.map((text) => encoded(chance, text)).join("=")).join("&");
}

function written(known, asked) {
  const { chance } = known;
  const target = asked.query === undefined ? asked.path : `${asked.path}?${fields(chance, asked.query)}`;
  const text = asked.json !== undefined ? json(asked.json) : asked.form !== undefined ? fields(chance, asked.form) : undefined;
  const type = asked.type ?? (asked.json !== undefined ? JSON_TYPE : FORM_TYPE);
  const headers = [...who(known, asked), ...extra(chance)];
  if (text === undefined && !asked.body) return request(asked.method, target, headers);
  headers.push(["Content-Type", chance.oneIn(40) ? chance.pick([JSON_TYPE, FORM_TYPE, "text/plain", "multipart/form-data; boundary=x", "image/png", "x", ""]) : type]);
  return request(asked.method, target, headers, asked.body ?? Buffer.from(text), { chunks: chance.oneIn(8) ? 1 + chance.below(5) : 0 });
}

/** Pages know people by a cookie, programs say who they are. */
function who({ chance, token, cookie }, { path }) {
  if (chance.oneIn(20)) return chance.pick([[], [["Authorization", "Bearer x.y.z"]], [["Authorization", "Basic YTpi"]], [["Cookie", "parlor_session=x; ;;=; a=b"]], [["Cookie", cookie], ["Authorization", `Bearer ${token}`]]]);
  return path.startsWith("/api") ? [["Authorization", `Bearer ${token}`]] : [["Cookie", cookie]];
}

const EXTRA = [
  ...[["Origin", "https://evil.example"], ["Origin", "null"], ["X-Forwarded-For", "1.2.3.4, ::1"], ["Forwarded", 'for="[::1]:80";proto=https'], ["Accept-Encoding", "gzip, br;q=0"], ["Accept", "text/html;q=x"]],
  ...[["If-None-Match", '"x", W/"y"'], ["If-Modified-Since", "yesterday"], ["Range", "bytes=5-1,-0"], ["Expect", "100-continue"], ["Content-Encoding", "gzip"], ["Accept-Language", "\xff\xfe"], ["X", "a".repeat(4_000)], ["Referer", "::"]],
];
const extra = (chance) => (chance.oneIn(6) ? [chance.pick(EXTRA)] : []);
