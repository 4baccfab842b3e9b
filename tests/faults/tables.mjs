// Games being played, each player for themselves, whatever happens to the network and the nodes.
import { Page } from "./page.mjs";

/** What a player may be told who is a moment behind the others; the next look shows what to do instead. */
const BEHIND = new Set(["NOT_YOUR_TURN", "ILLEGAL_MOVE", "STALE_VERSION", "ROOM_UNAVAILABLE", "NOT_READY"]);
const OVER = new Set(["completed", "abandoned"]);

const GAMES = {
  draft: {
    mine: (state, role) => state.current_turn === role,
    act(state, role) {
      if (!state.drawn_character) return ["draw_character", {}];
      const mine = state[`${role}_placements`];
      const role_name = state.template.roles.find((name) => (mine[name] ?? null) === null);
      return ["place_character", { character_id: state.drawn_character.id, role_name }];
    },
  },
  backgammon: {
    mine: (state, role) => state.current_player === (role === "host" ? "white" : "black"),
    act(state, role, next) {
      const game_version = state.version;
      if (state.board_state.dice.length === 0) return ["roll_dice", { game_version }];
      if (state.legal_moves.length === 0) return ["end_turn", { game_version }];
      return ["move", { moves: state.legal_moves[Math.floor(next() * state.legal_moves.length)], game_version }];
    },
  },
};

/** One table: games one after the other, until `ends()`. Resolves with what is known of each. */
export async function table({ name, game, way, next, acked, ends, deserts = false, done }) {
  for (let n = 0; !ends(); n += 1) {
    await match({ name: `${name}, game ${n}`, game, way, next, acked, ends, deserts: deserts && n === 0, done });
    if (deserts) return;
  }
}

async function match({ name, game, way, next, acked, ends, deserts, done }) {
  const page = (who) => new Page(`${name}, ${who}`, `/${game}`, way(next), next, acked);
  const host = page("host");
  const candidates = [page("guest"), page("too late")];
  const pages = [host, ...candidates];
  try {
    const made = await host.enters("create_room", { nickname: "Ada" });
    if (!made.ok) throw new Error(`${host.name}: create_room was refused: ${made.refused} ${made.message}`);
    const code = made.room_code;
    host.role = "host";
    // Two want the one seat, at two nodes.
    const answers = await Promise.all(candidates.map((one) => one.enters("join_room", { room_code: code, nickname: "Ben" })));
    const seated = candidates.filter((_, i) => answers[i].ok && answers[i].player_role === "guest");
    const others = answers.filter((answer) => !answer.ok).map(({ refused }) => refused);
    if (seated.length !== 1 || others.join() !== "ROOM_FULL") throw new Error(`${name}: room ${code} seated ${seated.length} of two guests; the answers were ${JSON.stringify(answers.map(({ ok, player_role, refused }) => ({ ok, player_role, refused })))}`);
    const [guest] = seated;
    guest.role = "guest";
    candidates.find((one) => one !== guest).close();
    await begin(host);
    const players = [host, guest];
    let gone;
    if (deserts) gone = guest;
    await Promise.all(players.map((player) => play(player, GAMES[game], next, ends, player === gone ? 3 : Infinity)));
    const staying = players.filter((player) => player !== gone);
    const ended = await Promise.all(staying.map((player) => settled(player, gone !== undefined)));
    done({ name, code, game, deserted: gone !== undefined, players: staying.map((player, i) => ({ name: player.name, role: player.role, token: player.room.session.token, told: new Map(player.told), delivered: new Set(player.delivered), given: player.given, journal: [...player.journal], wrong: [...player.wrong], ended: ended[i] })) });
  } finally {
    for (const one of pages) one.close();
  }
}

async function begin(host) {
  for (const since = Date.now(); ; ) {
    const answer = await host.ask("start_game");
    const { status } = await host.state;
    if (answer.ok || status === "in_progress") return;
    if (answer.refused !== "NOT_READY" || host.isLate(since)) throw new Error(`${host.name}: start_game was refused: ${answer.refused} ${answer.message}`);
    await host.change(500);
  }
}

/** Plays until the game is over, time is up (for long games), or these many own moves are made, after which the player is gone for good. */
async function play(player, { mine, act }, next, ends, moves) {
  for (let made = 0; ; ) {
    const { ok, state, refused } = await player.state;
    if (!ok) throw new Error(`${player.name}: request_sync was refused: ${refused}; ${player.wrong.join("; ")}`);
    if (OVER.has(state.status)) return;
    if (ends() && player.namespace === "/backgammon") return;
    if (state.status !== "in_progress" || !mine(state, player.role)) {
      await player.change();
      continue;
    }
    if (next() < 0.2) await player.ask("chat_message", { message: `${player.name} thinks about move ${made}` });
    const [event, payload] = act(state, player.role, next);
    const answer = await player.ask(event, payload);
    if (!answer.ok && !BEHIND.has(answer.refused)) throw new Error(`${player.name}: ${event} ${JSON.stringify(payload)} was refused: ${answer.refused} ${answer.message}`);
    if (!answer.ok) await player.change(200);
    else if ((made += 1) >= moves) return player.close();
  }
}

/** What the player knows when nothing is left to be told: the state, and its event. */
async function settled(player, deserted) {
  if (deserted) await player.until(() => [...player.told.values()].some((told) => told.startsWith('["game_ended"')), "the end of a game whose other player left");
  const { state, seq } = await player.state;
  await player.until(() => player.room.seq >= seq, `event ${seq}, of which a state told`);
  return { state, seq };
}
