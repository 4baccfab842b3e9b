// Playing /backgammon: rooms of two, turns by the server's own list of legal moves, whole games.
import { connect } from "./client.mjs";

/** Two connected players whose game has begun: `{ white, black, code }`. The host is white. */
export async function startedGame(url, { options = {}, watcher = false } = {}) {
  const namespace = "/backgammon";
  const [white, black] = await Promise.all([connect(url, { name: "white", namespace }), connect(url, { name: "black", namespace })]);
  const { room_code: code } = await white.ok("create_room", { nickname: "Ada", options });
  await black.ok("join_room", { room_code: code, nickname: "Ben" });
  white.room = black.room = code;
  const players = { white, black, code };
  if (watcher) {
    players.watcher = await connect(url, { name: "watcher", namespace });
    await players.watcher.ok("join_room", { room_code: code, as: "spectator" });
  }
  await white.ok("start_game", {});
  return players;
}

/** The state as the server has it now. */
export async function stateOf(client) {
  return (await client.ok("request_sync", {})).state;
}

export const other = (color) => (color === "white" ? "black" : "white");

/** Checkers of each color, wherever they are: always 15. */
export function checkers({ board_state: { points, bar, borne_off } }) {
  return ["white", "black"].map((color) => points.filter((point) => point.color === color).reduce((sum, { count }) => sum + count, 0) + bar[color] + borne_off[color]);
}

/** One turn of whoever is to play: rolls if need be, makes the legal moves number `choose(count)`, whole or step by step, and ends the turn. */
export async function takeTurn(players, state, { whole = false, choose = () => 0 } = {}) {
  const player = players[state.current_player];
  if (state.board_state.dice.length === 0) {
    await player.ok("roll_dice", { game_version: state.version });
    state = await stateOf(player);
  }
  if (state.legal_moves.length === 0) {
    await player.ok("end_turn", { game_version: state.version });
  } else {
    const moves = state.legal_moves[choose(state.legal_moves.length)];
    if (whole) {
      await player.ok("move", { moves, game_version: state.version });
    } else {
      for (const step of moves) await player.ok("move", step);
      if ((await stateOf(player)).phase === "moving") await player.ok("end_turn", {});
    }
  }
  return stateOf(player);
}
