export const pong = {
  name: "pong",
  namespace: "/pong",
  // Many points, so that a match lasts; few frames, as they are the same for whoever looks at packets.
  options: [{ points: 21, frames_per_s: 5 }, { points: 21 }],
  events: [
    [6, ["player_move", () => ({ direction: 1 })]],
    [6, ["player_move", () => ({ y: 4_200 })]],
    [1, ["player_ready", () => ({})]],
    [2, ["game_action", (known, game, chance) => ({ action: chance.pick(["pause", "resume", "claim_win"]) })]],
  ],
  seldom: [["game_action", () => ({ action: "forfeit" })]],

  play(state, seat, chance) {
    const side = seat === 0 ? "left" : "right";
    if (state.phase === "pending") return state[side].ready ? undefined : ["player_ready", {}];
    if (state.paused) return ["game_action", { action: "resume" }];
    return ["player_move", chance.oneIn(2) ? { direction: chance.below(3) - 1 } : { y: chance.below(9_000) }];
  },
};
