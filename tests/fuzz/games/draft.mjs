export const draft = {
  name: "draft",
  namespace: "/draft",
  options: [{}, { template_id: 1 }, { template_id: 2, anime_pool_ids: [1, 2, 3] }],
  events: [
    [1, ["draw_character", () => ({ remaining_character_ids: [101, 102] })]],
    [3, ["place_character", ({ state }) => ({ character_id: state?.drawn_character?.id ?? 101, role_name: state?.template?.roles[0] ?? "Captain" })]],
  ],
  seldom: [],

  /** What is to be done now by whoever sits at `seat`. */
  play(state, seat) {
    const role = seat === 0 ? "host" : "guest";
    if (state.current_turn !== role) return undefined;
    if (!state.drawn_character) return ["draw_character", {}];
    const free = state.template.roles.filter((name) => state[`${role}_placements`][name] === undefined);
    return ["place_character", { character_id: state.drawn_character.id, role_name: free[0] }];
  },
};
