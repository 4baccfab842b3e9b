export const codex = {
  name: "codex",
  namespace: "/codex",
  options: [{}, { story_id: "the-orchard-under-ice", turn_seconds: 300 }, { turn_seconds: 0 }],
  events: [
    [4, ["make_choice", ({ state }) => ({ choice_id: state?.scenario?.choices[0]?.choice_id ?? "wait" })]],
    [4, ["choose_character", ({ state }) => ({ class_id: state?.party?.[0]?.class_id ?? "owl", name: "Mira" })]],
    [1, ["choice_submitted", () => ({})]],
    [1, ["scenario_generated", () => ({})]],
    [1, ["turn_resolved", () => ({})]],
  ],
  seldom: [],

  play({ scenario }, seat, chance) {
    const open = scenario?.choices.filter(({ open_to }) => open_to.includes(seat)) ?? [];
    return open.length ? ["make_choice", { choice_id: chance.pick(open).choice_id }] : undefined;
  },
};
