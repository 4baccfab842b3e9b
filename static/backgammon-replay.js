/** Draws the board of a replay, and draws it again whenever another move is shown. */
import { Board } from './backgammon-board.js';
import { Notes } from './backgammon-notes.js';
import { other } from './backgammon-moves.js';
import { announce, byId, toast } from './ui.js';

const KEY = 'parlor.backgammon.flipped';

function flipped() {
  try { return localStorage.getItem(KEY) === 'true'; } catch { return false; }
}

const notes = new Notes(byId('replay').dataset.code);
let bottom = flipped() ? 'black' : 'white';

function show({ glide = false } = {}) {
  const stage = byId('bg-replay');
  if (!stage) return;
  const [state, last] = [JSON.parse(stage.dataset.state), JSON.parse(stage.dataset.last)];
  const made = (moves) => moves.map((move) => ({ ...move, side: last.player }));
  const moved = last?.event === 'move_made' ? made([last.move]) : [];
  const marked = last?.event === 'turn_ended' ? made(last.moves ?? []) : sofar(state, moved);
  const board = new Board(byId('bg-board'));
  board.orient({ bottom });
  board.show(state, { last: marked, moved: glide ? moved : [], rolled: glide && (last?.event === 'dice_rolled' || last?.event === 'opening_roll') });
  byId('flip-button').addEventListener('click', () => {
    bottom = other(bottom);
    try { localStorage.setItem(KEY, String(bottom === 'black')); } catch { /* Not remembered in some private windows. */ }
    board.orient({ bottom });
  });
  notes.tie({ state, names: { white: stage.dataset.white, black: stage.dataset.black } });
  for (const [button, text, said] of [['copy-position', () => state.position_id, 'Position ID copied.'], ['link-button', () => location.href, 'Link copied.']]) {
    byId(button).addEventListener('click', () => copy(text(), said));
  }
}

/** What the player in turn has moved so far. */
const sofar = (state, moved) => (state.turn_moves?.length > 0 ? state.turn_moves.map((move) => ({ ...move, side: state.current_player })) : moved);

async function copy(text, said) {
  try {
    await navigator.clipboard.writeText(text);
    toast(said, 'good');
  } catch {
    toast(text);
  }
  announce(said);
}

document.addEventListener('replay-shown', () => show({ glide: true }));
show();
