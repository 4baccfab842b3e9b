/** What answers the other side's offer, by what is open. */
const ANSWERS = [
  [(state) => state.resign_offer, "decline_resign"],
  [(state) => state.double_offered_by, "accept_double"],
  [(state) => state.undo_requested_by, "decline_undo"],
];

export const backgammon = {
  name: "backgammon",
  namespace: "/backgammon",
  // Long matches, so that a game's end is not the room's.
  options: [{ match_length: 25 }, { match_length: 25, time_control: "rapid" }, { match_length: 9, game_type: "rated" }, { position_id: "4HPwATDgc/ABMA" }],
  events: [
    [6, ["move", ({ state }) => state?.legal_steps?.[0] ?? { from_point: 24, to_point: 18, game_version: 3 }]],
    [6, ["move", ({ state }) => ({ moves: state?.legal_moves?.[0] ?? [{ from_point: 24, to_point: 18 }] })]],
    [1, ["roll_dice", ({ state }) => ({ game_version: state?.version ?? 3 })]],
    [2, ["end_turn", () => ({})]],
    [2, ["undo", () => ({})]],
    [1, ["accept_undo", () => ({})]],
    [1, ["decline_undo", () => ({})]],
    [1, ["offer_double", () => ({})]],
    [1, ["decline_resign", () => ({})]],
    [1, ["resign", () => ({ kind: "single" })]],
    [1, ["claim_win", () => ({})]],
  ],
  seldom: [
    ["decline_double", () => ({})],
    ["accept_resign", () => ({})],
  ],
  // Positions are searched for it.
  rare: [["analyze", () => ({ position_id: "4HPwATDgc/ABMA", match_id: "cAkAAAAAAAAA", dice: [3, 1] })]],

  play(state, seat, chance) {
    const color = seat === 0 ? "white" : "black";
    if (state.to_decide !== color) return undefined;
    const [, answer] = ANSWERS.find(([isOpen]) => isOpen(state)) ?? [];
    if (answer) return [answer, {}];
    if (state.phase === "rolling") return chance.oneIn(20) ? ["offer_double", {}] : ["roll_dice", {}];
    if (state.phase !== "moving") return undefined;
    if (state.legal_moves.length === 0) return ["end_turn", {}];
    return chance.oneIn(2) ? ["move", { moves: chance.pick(state.legal_moves) }] : ["move", chance.pick(state.legal_steps)];
  },
};
