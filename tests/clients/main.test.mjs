// The main job: two players, one room, from its code to the results.
import assert from "node:assert/strict";
import test from "node:test";
import { assertResults, playOn, room, sameStory, stateOf } from "../support/draft.mjs";
import { connect } from "../support/client.mjs";
import { useServer } from "../support/server.mjs";

const server = useServer();

test("two players create, join, start, draw and place until both see the results", async () => {
  const host = await connect(server.url, { name: "host" });
  const guest = await connect(server.url, { name: "guest" });
  assert.notEqual(host.session.player_id, guest.session.player_id, "two guests are two players");

  const created = await host.ok("create_room", { nickname: "Ada" });
  assert.match(created.room_code, /^[BCDFGHJKMNPQRSTVWXYZ23456789]{6}$/);
  assert.equal(created.join_url, `${server.url}/join/${created.room_code}`);
  assert.match(created.qr_code, /^data:image\/(png|svg\+xml)/);
  assert.equal(created.seat, 0);
  assert.equal(created.player_role, "host");
  assert.equal(created.status, "waiting");
  assert.ok(Number.isInteger(created.seq));
  const established = await host.next("connection_established");
  assert.equal(established.room_code, created.room_code);
  assert.match(established.seed_hash ?? established.current_state?.seed_hash ?? "", /^[0-9a-f]{64}$/, "the room commits to its seed when it opens");

  const joined = await guest.ok("join_room", { room_code: created.room_code, nickname: "Ben" });
  assert.equal(joined.player_role, "guest");
  assert.equal(joined.seat, 1);
  const told = await host.next("player_joined", ({ player }) => player.nickname === "Ben");
  assert.equal(told.player.player_id, guest.session.player_id);
  assert.deepEqual([told.player.seat, told.player.is_host, told.player.guest, Boolean(told.player.bot)], [1, false, true, false]);

  await host.ok("start_game", {});
  await Promise.all([host.next("game_started"), guest.next("game_started")]);

  const state = await stateOf(host);
  assert.deepEqual(await stateOf(guest), state, "both see the same state");
  for (const key of ["template_id", "template", "anime_pool_ids", "current_turn", "drawn_character", "host_placements", "guest_placements", "drawn_characters", "remaining_count"]) {
    assert.ok(key in state, `the state has ${key}: ${Object.keys(state)}`);
  }
  const roles = state.template.roles;
  const ended = await playOn({ host, guest });
  assertResults(ended.host);
  assert.deepEqual(ended.host, ended.guest);

  const drawn = host.all("character_drawn").map(({ character }) => character.id);
  assert.equal(drawn.length, roles.length * 2, "each fills every role");
  assert.equal(new Set(drawn).size, drawn.length, "no character is drawn twice");
  const placed = host.all("character_placed");
  assert.deepEqual(placed.map(({ is_complete }) => is_complete), placed.map((_, i) => i === placed.length - 1), "complete with the last");
  const over = await stateOf(host);
  assert.deepEqual(Object.keys(over.host_placements).sort(), [...roles].sort());
  assert.deepEqual(Object.keys(over.guest_placements).sort(), [...roles].sort());
  host.assertGapless();
  guest.assertGapless();
  sameStory(host, guest, joined.seq);
});

test("every template and every pool of the catalogue can be played", async () => {
  const response = await fetch(`${server.url}/api/games`);
  assert.equal(response.status, 200);
  const body = await response.json();
  const draft = (body.games ?? body).find(({ name, game }) => (name ?? game) === "draft");
  assert.ok(draft, `the games include draft: ${JSON.stringify(body).slice(0, 300)}`);
  assert.ok(draft.catalogue.templates.length >= 3, "at least 3 templates");
  const series = draft.catalogue.series ?? draft.catalogue.anime;
  assert.ok(series.length >= 8, "at least 8 series");
  for (const template of draft.catalogue.templates) {
    const options = { template_id: template.id, anime_pool_ids: series.slice(0, 4).map(({ id }) => id) };
    const players = await room(server.url, { create: { options } });
    await players.host.ok("start_game", {});
    const state = await stateOf(players.host);
    assert.equal(state.template_id, template.id);
    assert.deepEqual(state.anime_pool_ids, options.anime_pool_ids);
    assertResults((await playOn(players)).guest);
  }
});

test("the options may come with the start, as the first clients send them", async () => {
  const { host, guest } = await room(server.url);
  const { options } = await optionsOf();
  await host.ok("start_game", options);
  const started = await guest.next("game_started");
  assert.equal(started.template_id ?? started.state?.template_id, options.template_id);
  const state = await stateOf(guest);
  assert.equal(state.template_id, options.template_id);
  assert.deepEqual(state.anime_pool_ids, options.anime_pool_ids);
});

async function optionsOf() {
  const body = await (await fetch(`${server.url}/api/games`)).json();
  const { catalogue } = (body.games ?? body).find(({ name, game }) => (name ?? game) === "draft");
  const series = catalogue.series ?? catalogue.anime;
  return { options: { template_id: catalogue.templates[1].id, anime_pool_ids: series.slice(2, 6).map(({ id }) => id) } };
}
