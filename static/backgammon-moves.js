/**
 * Backgammon without a picture: where things are, what may go where, and how a turn is written. No page is needed to test it.
 *
 * Points are numbered as the wire does, by white's view; 25 is white's bar and black's off, 0 white's off and black's bar. A "spot" is a
 * place on the board: "1" to "24", "bar-white", "bar-black", "off-white", "off-black".
 */

export const other = (side) => (side === 'white' ? 'black' : 'white');

/** A point by a side's own numbers, and back: 25 is its bar, 0 its off. */
export const own = (side, point) => (side === 'white' ? point : 25 - point);

/** The spot of a wire number in a move of `side`. */
export function spotOf(side, point) {
  const number = own(side, point);
  if (number === 25) return `bar-${side}`;
  return number === 0 ? `off-${side}` : String(point);
}

/** How many checkers are on a spot, and whose: `{ count, color }`. */
export function on(board, spot) {
  const [kind, side] = spot.split('-');
  if (kind === 'bar') return { count: board.bar[side], color: side };
  if (kind === 'off') return { count: board.borne_off[side], color: side };
  const { count, color } = board.points[Number(spot) - 1];
  return { count, color };
}

const bare = ({ from_point, to_point }) => ({ from_point, to_point });
const same = (a, b) => a.from_point === b.from_point && a.to_point === b.to_point;

/**
 * What may be moved now: for each spot where a checker can start, the spots where it can end, each with the single moves that lead
 * there. A checker may go on with further dice; where two ways come to different positions, only the single moves are offered.
 */
export function targets(state) {
  const side = state.current_player;
  const found = new Map();
  const unsure = [];
  const put = (steps) => {
    const [from, to] = [spotOf(side, steps[0].from_point), spotOf(side, steps.at(-1).to_point)];
    if (!found.has(from)) found.set(from, new Map());
    const ends = found.get(from);
    const known = ends.get(to);
    if (known && known.length === steps.length && !known.every((step, n) => same(step, steps[n]))) unsure.push([ends, to, known]);
    if (!known || known.length > steps.length) ends.set(to, steps);
  };
  const first = state.legal_steps ?? [];
  for (const step of first) put([bare(step)]);
  for (const play of state.legal_moves ?? []) {
    play.forEach((start, at) => {
      if (!first.some((step) => same(step, start))) return;
      const used = new Set([at]);
      const chain = [bare(start)];
      for (;;) {
        const next = play.findIndex((step, n) => !used.has(n) && step.from_point === chain.at(-1).to_point);
        if (next < 0) return;
        used.add(next);
        chain.push(bare(play[next]));
        const bearsOff = spotOf(side, chain.at(-1).to_point).startsWith('off');
        // Bearing off may have to wait for another checker of the same play.
        if (!bearsOff || [...used].every((n) => n < chain.length)) put([...chain]);
      }
    });
  }
  for (const [ends, to, steps] of unsure) if (ends.get(to)?.length === steps.length && steps.length > 1) ends.delete(to);
  return found;
}

/** A turn as players write it: `8/5 6/5`, `24/18*(2)`, `bar/20/16*`, `6/off`. Moves carry `is_hit`. */
export function notation(side, moves) {
  const named = (number) => (number === 25 ? 'bar' : number === 0 ? 'off' : String(number));
  const steps = moves.map((made) => ({ from: own(side, made.from_point), to: own(side, made.to_point), hit: Boolean(made.is_hit) }));
  steps.sort((a, b) => b.from - a.from || b.to - a.to);
  const chains = [];
  for (const { from, to, hit } of steps) {
    const chain = chains.find((path) => path.at(-1).at === from);
    if (chain) chain.push({ at: to, hit });
    else chains.push([{ at: from, hit: false }, { at: to, hit }]);
  }
  const groups = [];
  for (const chain of chains) {
    // Points passed on the way are named only where something was hit.
    const path = chain.filter(({ hit }, n) => n === 0 || n === chain.length - 1 || hit);
    const key = path.map(({ at }) => at).join('/');
    const group = groups.find((known) => known.key === key);
    if (!group) groups.push({ key, path: path.map((stop) => ({ ...stop })), count: 1 });
    else {
      group.count += 1;
      path.forEach(({ hit }, n) => { group.path[n].hit ||= hit; });
    }
  }
  return groups.map(({ path, count }) => path.map(({ at, hit }) => named(at) + (hit ? '*' : '')).join('/') + (count > 1 ? `(${count})` : '')).join(' ');
}

/** A whole turn: `31: 8/5 6/5`; without a play `31: –`. */
export function turnText(side, dice, moves) {
  const roll = [...dice].sort((a, b) => b - a).join('');
  return `${roll}: ${moves.length > 0 ? notation(side, moves) : '–'}`;
}

/** The same for ears: "8 to 5, 6 to 5 hitting". */
export function spokenMoves(side, moves) {
  const named = (number) => (number === 25 ? 'the bar' : number === 0 ? 'off' : String(number));
  const said = moves.map((made) => {
    const [from, to] = [own(side, made.from_point), own(side, made.to_point)];
    return `${named(from)} to ${named(to)}${made.is_hit ? ' hitting' : ''}`.replace('to off', 'off');
  });
  return said.join(', ');
}

// Where spots are -------------------------------------------------------------------------------------------------------------------

/** In the picture's own units. A point is 60 wide, so that it is 25 px on a screen of 360. */
export const SIZE = { point: 60, bar: 58, tray: 66, pad: 10, label: 34, half: 292, gap: 116, checker: 28 };
export const WIDTH = SIZE.pad * 3 + SIZE.point * 12 + SIZE.bar + SIZE.tray;
export const HEIGHT = (SIZE.label + SIZE.half) * 2 + SIZE.gap;

/** The spots of the two rows, left to right. `bottom` is the side whose home is below; it is on the right unless `homeLeft`. */
export function rows({ bottom, homeLeft }) {
  const point = (number) => String(own(bottom, number));
  const range = (from, to) => Array.from({ length: Math.abs(to - from) + 1 }, (_, n) => point(from + Math.sign(to - from) * n));
  const top = [...range(13, 18), `bar-${other(bottom)}`, ...range(19, 24), `off-${other(bottom)}`];
  const below = [...range(12, 7), `bar-${bottom}`, ...range(6, 1), `off-${bottom}`];
  return homeLeft ? [top.reverse(), below.reverse()] : [top, below];
}

/** For every spot: the middle of its column `x`, its `width`, whether it hangs from the `top`, and `base`, where its checkers begin. */
export function layout(view) {
  const places = new Map();
  rows(view).forEach((row, line) => {
    let x = SIZE.pad;
    row.forEach((spot, nth) => {
      const kind = spot.split('-')[0];
      const width = kind === 'bar' ? SIZE.bar : kind === 'off' ? SIZE.tray : SIZE.point;
      if (kind === 'off' && nth > 0) x += SIZE.pad;
      const top = line === 0;
      places.set(spot, { x: x + width / 2, width, top, base: top ? SIZE.label : HEIGHT - SIZE.label });
      x += width;
      if (kind === 'off' && nth === 0) x += SIZE.pad;
    });
  });
  return places;
}

/** The spot that an arrow key leads to from `spot`. */
export function neighbour(view, spot, key) {
  const table = rows(view);
  const line = table[0].includes(spot) ? 0 : 1;
  const at = table[line].indexOf(spot);
  const last = table[line].length - 1;
  if (key === 'ArrowLeft') return table[line][Math.max(0, at - 1)];
  if (key === 'ArrowRight') return table[line][Math.min(last, at + 1)];
  if (key === 'ArrowUp') return table[0][at];
  if (key === 'ArrowDown') return table[1][at];
  if (key === 'Home') return table[line][0];
  return key === 'End' ? table[line][last] : spot;
}
