// What clients say: the events of every room, and in games/*.mjs those of each game, with payloads that are valid or nearly so.
import { weighted } from "./chance.mjs";
import { backgammon } from "./games/backgammon.mjs";
import { codex } from "./games/codex.mjs";
import { draft } from "./games/draft.mjs";
import { pong } from "./games/pong.mjs";
import { tabletop } from "./games/tabletop.mjs";
import { mutateValue, oddText } from "./values.mjs";

export const GAMES = [draft, pong, tabletop, codex, backgammon];

/** `[weight, [event, known => payload]]`; `known` is what the client has been told: `{ code, token, seat, state }`. */
const EVERYWHERE = [
  [6, ["ping", () => ({ timestamp: 1 })]],
  [4, ["chat_message", () => ({ message: "hello" })]],
  [2, ["chat_message", ({ state }) => ({ message: "again", command_id: "id-1", expected_version: state?.version ?? 3 })]],
  [4, ["typing", () => ({ typing: true })]],
  [2, ["request_presence", () => ({})]],
  [2, ["request_sync", ({ state }) => ({ last_seq: state?.version ?? 3 })]],
  [1, ["reconnect_sync", () => ({ version: 3 })]],
  [1, ["history", () => ({ kinds: ["chat_message"], before: 40, limit: 5, search: "hello" })]],
  [2, ["client_seed", () => ({ client_seed: "clover" })]],
  [2, ["refresh_token", ({ token }) => ({ token: token ?? "a.b.c" })]],
  [2, ["remove_bot", () => ({ seat: 1 })]],
];
/** What would take a player away from the game that the others are at. */
const OUTSIDE = [
  [2, ["join_room", ({ code }) => ({ room_code: code ?? "BCDFGH", nickname: "Ada", as: "spectator", last_seq: 0, client_seed: "clover" })]],
  [1, ["join_game_room", ({ code }) => ({ game_code: code ?? "BCDFGH" })]],
  [2, ["leave_room", () => ({})]],
];
/** What the store has to write, or what takes long, comes rarely: rooms stay for a day. */
const RARE = [
  ["create_room", () => ({ nickname: "Ada", options: {}, visibility: "private", seats: 2, client_seed: "clover" })],
  ["create_room", (known, game, chance) => ({ nickname: "Ada", options: chance.pick(game.options), command_id: "id-2" })],
  ["queue_join", (known, game) => ({ game: game.name, nickname: "Ada" })],
  ["queue_leave", () => ({})],
  ["queue_status", () => ({})],
];
const RARE_ONE_IN = 300;
/** What would end the game, or begin it anew, does not come as often as what goes on in it. */
const SELDOM = [["start_game", (known, game, chance) => chance.pick(game.options)], ["reset_game", () => ({})], ["rematch", () => ({})], ["add_bot", () => ({ seat: 1, level: "easy" })]];
const SELDOM_ONE_IN = 60;
/** Of so many inputs one is as a good client sends it, so that games go on. */
const VALID_ONE_IN = 6;

const outside = weighted([...EVERYWHERE, ...OUTSIDE]);
const inside = weighted(EVERYWHERE);
const own = new Map(GAMES.map((game) => [game, { events: weighted(game.events), seldom: [...SELDOM, ...game.seldom], rare: [...RARE, ...(game.rare ?? [])] }]));

/** An event and its arguments, for a client that is not at a table yet. */
export function anyEvent(chance, game, known = {}) {
  const { events, seldom, rare } = own.get(game);
  const list = chance.oneIn(RARE_ONE_IN) ? rare : chance.oneIn(SELDOM_ONE_IN) ? seldom : chance.oneIn(3) ? events : outside;
  return changed(chance, game, known, chance.pick(list));
}

/** The same for a player of a game that goes on: mostly the game's own, often what is to be done now. */
export function gameEvent(chance, game, known) {
  const { events, seldom } = own.get(game);
  const now = known.state && chance.oneIn(2) ? game.play(known.state, known.seat, chance) : undefined;
  if (now) return changed(chance, game, known, [now[0], () => now[1] ?? {}]);
  const list = chance.oneIn(SELDOM_ONE_IN) ? seldom : chance.oneIn(4) ? inside : events;
  return changed(chance, game, known, chance.pick(list));
}

function changed(chance, game, known, [event, payload]) {
  const valid = payload(known, game, chance);
  if (chance.oneIn(VALID_ONE_IN)) return [event, valid];
  if (chance.oneIn(60)) return [event];
  if (chance.oneIn(60)) return [event, valid, mutateValue(chance, valid), null];
  return [chance.oneIn(60) ? oddText(chance) : event, mutateValue(chance, valid)];
}
