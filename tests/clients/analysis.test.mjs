// Bots and analysis over a socket: asked beside the game, answered like everything else.
import assert from "node:assert/strict";
import test from "node:test";
import { connect } from "../support/client.mjs";
import { useServer } from "../support/server.mjs";

const server = useServer({ env: { PARLOR_BOT_DELAY_MS: "0" } });
const OPENING = "4HPwATDgc/ABMA";

test("a game against a bot is analysed while it runs, by event and by position", async () => {
  const ada = await connect(server.url, { namespace: "/backgammon" });
  const asked = await ada.ok("analyze", { position_id: OPENING, dice: [3, 1] });
  assert.equal(asked.best_moves[0].notation, "8/5 6/5");
  await ada.refused("analyze", {}, "VALIDATION_ERROR");

  const room = await ada.ok("create_room", { nickname: "Ada" });
  await ada.ok("add_bot", { seat: 1, level: "expert" });
  await ada.ok("start_game");
  const opening = await ada.next("opening_roll");
  const then = await ada.ok("analyze", { at: opening.seq });
  assert.equal(then.position_id, OPENING);
  assert.deepEqual(then.dice, opening.dice);
  assert.ok(then.best_moves.length > 0);

  ada.socket.emit("analyze", { room_code: room.room_code, moves: true });
  assert.equal((await ada.next("analysis")).ok, true, "without an acknowledgement the answer is an event");
  ada.socket.emit("analyze", { room_code: "BCDFGH" });
  const failed = await ada.next("error");
  assert.deepEqual([failed.code, failed.event], ["INVALID_GAME", "analyze"]);
});

test("a game without questions does not know the event", async () => {
  const ben = await connect(server.url);
  await ben.refused("analyze", {}, "UNKNOWN_EVENT");
});
