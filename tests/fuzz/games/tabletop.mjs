const one = (list, key, otherwise = 3) => list?.at(-1)?.[key] ?? otherwise;
const token = ({ state }) => one(state?.tokens, "token_id");
const combatant = ({ state }) => one(state?.combat?.combatants, "combatant_id");
const poll = ({ state }) => one(state?.polls, "poll_id");
const message = ({ state }) => one(state?.chat, "seq");

export const tabletop = {
  name: "tabletop",
  namespace: "/tabletop",
  options: [{}, { title: "A table", dm_reads_whispers: true, private_sheets: true, enforce_speed: true, diagonals: "alternate" }],
  events: [
    [2, ["dm_narration", () => ({ narration: "It rains." })]],
    [2, ["player_action", () => ({ action_type: "search", details: { where: ["desk", { drawer: 2 }] } })]],
    [2, ["whisper", () => ({ to: 1, message: "psst" })]],
    [2, ["react", (known) => ({ to: message(known), emoji: "👍", on: true })]],
    [1, ["mark_read", ({ state }) => ({ seq: state?.version ?? 3 })]],
    [1, ["share_image", () => ({ image_id: "6f2c0000-0000-4000-8000-000000000000", caption: "a map", to: [0, 1] })]],
    [6, ["dice_roll", (known, game, chance) => ({ formula: chance.pick(["4d6dl1 + 2", "d20adv", "3d6!>4", "(2d6r<3 * 2) / 3", "10d%kh3"]), mode: "gm", label: "luck" })]],
    [2, ["dice_roll", () => ({ formula: "1d20", result: 17, rolls: [17], modifier: 0, mode: "public" })]],
    [3, ["combat_update", () => ({ combat: { active: true, name: "Ambush", clear: false } })]],
    [3, ["turn_change", (known, game, chance) => ({ turn: chance.pick(["next", "previous", { combatant_id: combatant(known) }, { current_character_name: "Mira", round: 2 }]) })]],
    [1, ["end_turn", () => ({})]],
    [3, ["combatant_add", (known) => ({ name: "Goblin", owner: 1, token_id: token(known), initiative: 12, bonus: 2, hp: 7, hp_max: 9, hp_public: true, hidden: false })]],
    [3, ["combatant_update", (known) => ({ combatant_id: combatant(known), name: "Goblin", owner: null, initiative: 3, hp: 5, hidden: true })]],
    [2, ["combatant_remove", (known) => ({ combatant_id: combatant(known) })]],
    [2, ["roll_initiative", (known) => ({ combatant_id: combatant(known), formula: "1d20 + 2" })]],
    [2, ["hp_change", (known) => ({ combatant_id: combatant(known), by: -3 })]],
    [3, ["effect_add", (known) => ({ combatant_id: combatant(known), name: "Bless", rounds: 3, by: combatant(known), concentration: true })]],
    [1, ["effect_remove", (known) => ({ combatant_id: combatant(known), effect_id: one(known.state?.combat?.combatants?.at(-1)?.effects, "effect_id") })]],
    [2, ["map_set", () => ({ width: 30, height: 20, name: "Cellar", cell: 5, unit: "ft", background: null, background_under_fog: "hidden", keep: true })]],
    [2, ["fog_set", () => ({ enabled: true, clear: false, areas: [{ x: 0, y: 0, w: 4, h: 4, revealed: true }] })]],
    [3, ["token_add", () => ({ name: "Mira", x: 3, y: 4, size: 1, owner: 1, color: "#aa3300", image_id: null, speed: 30, hidden: false, notes: "brave" })]],
    [4, ["token_move", (known) => ({ token_id: token(known), x: 5, y: 6, path: [[3, 4], [4, 5]] })]],
    [2, ["token_update", (known) => ({ token_id: token(known), name: "Mira", color: null, speed: 25, hidden: true })]],
    [2, ["token_remove", (known) => ({ token_id: token(known) })]],
    [3, ["sheet_update", () => ({ seat: 1, name: "Mira", stats: { might: 3, wits: null }, inventory: { rope: 1, torch: 0 }, notes: "hungry" })]],
    [2, ["poll_create", () => ({ question: "Where to?", options: ["left", "right"], secret: true, multiple: false })]],
    [2, ["poll_vote", (known) => ({ poll_id: poll(known), choices: [0] })]],
    [1, ["poll_close", (known) => ({ poll_id: poll(known) })]],
    [1, ["settings_update", (known, game, chance) => chance.pick(game.options)]],
    [1, ["co_dm", () => ({ seat: 1, on: true })]],
    [1, ["dm_claim", () => ({})]],
    [2, ["history", () => ({ kinds: ["dice_roll", "whisper"], limit: 5 })]],
  ],
  seldom: [["dm_hand_over", () => ({ to: 1 })], ["end_session", () => ({ reason: "late" })]],

  /** There is always something to do here, and all of it stands above. */
  play: () => undefined,
};
