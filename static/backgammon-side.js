/** What stands beside the board: the list of turns, and the clocks. */
import { clockText, timeLeft } from './backgammon-clock.js';
import { turnText } from './backgammon-moves.js';
import { byId, el } from './ui.js';

/** More turns than any game has; older ones are in the replay. */
const MAX_ENTRIES = 1000;

/** The turns of a room, white's on the left, as match files have them. */
export class MoveList {
  #place;
  /** `{ side, text }`, or `{ heading }`. */
  #entries = [];
  #due = false;

  constructor(place) {
    this.#place = place;
  }

  clear() {
    this.#entries = [];
    this.#draw();
  }

  /** Takes in an event with its payload. */
  take(event, { player, dice, moves, new_stake: stake, game_number: number, result, kind, game_state: state }) {
    const put = (side, text, undoable = false) => this.#entries.push({ side, text, undoable });
    switch (event) {
      case 'opening_roll':
      case 'position_set':
        this.#entries.push({ heading: `Game ${number}${state?.match_length > 1 ? `, ${state.score.white}–${state.score.black}` : ''}` });
        break;
      case 'turn_ended': put(player, turnText(player, dice, moves), true); break;
      case 'turn_reopened':
      case 'turn_taken_back': {
        const at = this.#entries.findLastIndex((entry) => entry.undoable);
        if (at >= 0) this.#entries.splice(at);
        break;
      }
      case 'double_offered': put(player, `Doubles to ${stake}`); break;
      case 'double_accepted': put(player, 'Takes'); break;
      case 'double_declined': put(player, 'Passes'); break;
      case 'resign_accepted': put(player, `Accepts: ${kind}`); break;
      case 'game_over': {
        // The last turn of a game has no end of its own.
        const made = state?.turn_moves ?? [];
        if (result.ended_by === 'borne_off' && made.length > 0) put(result.winner, turnText(result.winner, state.board_state.dice, made));
        this.#entries.push({ side: result.winner, text: `Wins ${result.points}`, result: true });
        break;
      }
      default: return;
    }
    if (this.#entries.length > MAX_ENTRIES) this.#entries.splice(0, this.#entries.length - MAX_ENTRIES);
    this.#draw();
  }

  /** Once for all that came in at the same time. */
  #draw() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#place.replaceChildren(...this.#lines());
      this.#place.scrollTop = this.#place.scrollHeight;
    });
  }

  #lines() {
    const lines = [];
    let open = null;
    let nth = 0;
    for (const { heading, side, text, result } of this.#entries) {
      if (heading) {
        lines.push(el('li', { class: 'bg-game-line' }, heading));
        [open, nth] = [null, 0];
        continue;
      }
      const cell = el('span', { class: `bg-entry ${side}${result ? ' result' : ''}` }, el('span', { class: 'visually-hidden' }, `${side}: `), text);
      if (open && side === 'black' && !open.querySelector('.black')) {
        open.append(cell);
        open = null;
        continue;
      }
      nth += 1;
      open = el('li', { class: 'bg-line' }, el('span', { class: 'bg-nth', 'aria-hidden': 'true' }, String(nth)), cell);
      lines.push(open);
    }
    return lines;
  }
}

/** Writes both clocks. `sides` are pairs of a side and where it is ("near", "far"). */
export function showClocks({ state, ended, skew }, sides) {
  for (const [side, where] of sides) {
    const place = byId(`clock-${where}`);
    place.hidden = !state.clock;
    if (!state.clock) continue;
    const running = state.clock.running === side && !ended;
    const { bank, delay } = running ? timeLeft(state.clock, side, Date.now() + skew) : { bank: state.clock[`${side}_ms`], delay: 0 };
    const text = clockText(bank) + (delay > 0 ? ` +${Math.ceil(delay / 1000)}` : '');
    if (place.textContent !== text) place.textContent = text;
    place.classList.toggle('running', running);
    place.classList.toggle('low', running && bank < 20_000);
  }
}
