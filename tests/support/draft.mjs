// Playing /draft: rooms of two, turns, whole games.
import assert from "node:assert/strict";
import { connect } from "./client.mjs";

/** Two connected players in a room: `{ host, guest, code }`. `hostOptions` and `guestOptions` choose their clients. */
export async function room(url, { hostOptions = {}, guestOptions = {}, create = {} } = {}) {
  const [host, guest] = await Promise.all([
    connect(url, { name: "host", ...hostOptions }),
    connect(url, { name: "guest", ...guestOptions }),
  ]);
  const created = await host.ok("create_room", { nickname: "Ada", ...create });
  const code = created.room_code;
  await guest.ok("join_room", { room_code: code, nickname: "Ben" });
  host.room = guest.room = code;
  return { host, guest, code, created };
}

/** A room whose game has begun. */
export async function startedRoom(url, options = {}) {
  const players = await room(url, options);
  await players.host.ok("start_game", options.start ?? {});
  await Promise.all([players.host.next("game_started"), players.guest.next("game_started")]);
  return players;
}

/** The state as the server has it now. */
export async function stateOf(client) {
  const { state } = await client.ok("request_sync", {});
  assert.ok(state, `${client.name}: request_sync answers with the state`);
  return state;
}

export const placementsOf = (state, role) => state[`${role}_placements`];

/** The roles that `role` has not filled yet, in the template's order. */
export function freeRoles(state, role) {
  return state.template.roles.filter((name) => placementsOf(state, role)[name] === undefined);
}

/** One whole turn: draw a character, place it in the first free role. Asks by `send(event, data)`, which may retry. */
export async function takeTurn(client, role, state, send = (event, data) => client.ok(event, data)) {
  if (state.drawn_character === null) {
    const drawn = await send("draw_character", {});
    assert.equal(drawn.ok, true, `draw_character: ${JSON.stringify(drawn)}`);
    state = await stateOf(client);
  }
  const character = state.drawn_character;
  assert.ok(character?.id, `a drawn character has an id: ${JSON.stringify(character)}`);
  const placed = await send("place_character", { character_id: character.id, role_name: freeRoles(state, role)[0] });
  assert.equal(placed.ok, true, `place_character: ${JSON.stringify(placed)}`);
  return character;
}

/** Plays until the game is over; resolves with what both were told of its end. */
export async function playOn({ host, guest }, { send, afterTurn } = {}) {
  const players = { host, guest };
  for (let turn = 0; turn < 200; turn += 1) {
    const state = await stateOf(host);
    const role = state.current_turn;
    const over = host.received.some(({ event }) => event === "game_ended") || freeRoles(state, "host").length + freeRoles(state, "guest").length === 0;
    if (over) break;
    const client = players[role];
    await takeTurn(client, role, state, send && ((event, data) => send(client, event, data)));
    await afterTurn?.(turn);
  }
  const [toHost, toGuest] = await Promise.all([host.next("game_ended"), guest.next("game_ended")]);
  return { host: toHost, guest: toGuest };
}

/** What `game_ended` must hold after a game played to the end. */
export function assertResults(ended) {
  const { results } = ended;
  assert.ok(results, `game_ended has results: ${JSON.stringify(ended)}`);
  assert.ok(["host", "guest", "draw"].includes(results.winner), `results name the winner: ${JSON.stringify(results.winner)}`);
  const { host, guest } = results;
  assert.equal(typeof host.total, "number", "the host's total");
  assert.equal(typeof guest.total, "number", "the guest's total");
  assert.ok(Array.isArray(host.roles) && Array.isArray(guest.roles), "results role by role");
  const winner = host.total === guest.total ? "draw" : host.total > guest.total ? "host" : "guest";
  assert.equal(results.winner, winner, "the winner has the larger total");
}

/** Events that two viewers of the same room must see alike: name, seq and payload. */
export function sameStory(a, b, from = 0) {
  const story = (client) => client.logged().filter(({ data }) => data.seq > from).map(({ event, data }) => ({ event, data }));
  assert.deepEqual(story(a), story(b), `${a.name} and ${b.name} must be told the same`);
}
