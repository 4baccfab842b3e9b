/** Shows a roll: every die, those that do not count struck through, the total, and who may see it. */
import { bdi, el } from './ui.js';

/** More dice than anybody looks at one by one. */
const SHOWN = 40;
const MODES = { gm: 'to the DM', blind: 'blind', self: 'to oneself' };

function die({ value, dropped, rerolled, exploded }, sides) {
  const out = dropped || rerolled;
  const best = !out && value === sides && sides > 1;
  const worst = !out && value === 1 && sides > 1;
  const spoken = [out && (rerolled ? 'rerolled' : 'dropped'), exploded && 'explodes'].filter(Boolean).join(', ');
  const face = out ? el('s', {}, String(value)) : String(value);
  return el('span', { class: `die${out ? ' out' : ''}${best ? ' best' : ''}${worst ? ' worst' : ''}`, title: `d${sides}${spoken && `, ${spoken}`}` },
    face, exploded && el('span', { 'aria-hidden': 'true' }, '!'), spoken && el('span', { class: 'visually-hidden' }, ` (${spoken})`));
}

function dice({ dice: pools, rolls, verified }) {
  if (pools?.length > 0) {
    const all = pools.flatMap(({ sides, dice: thrown }) => thrown.map((one) => die(one, sides)));
    const more = all.length - SHOWN;
    return [...all.slice(0, SHOWN), more > 0 && el('span', { class: 'hint' }, `and ${more} more`)];
  }
  return verified === false ? (rolls ?? []).slice(0, SHOWN).map((value) => el('span', { class: 'die' }, String(value))) : [];
}

const signed = (number) => (number < 0 ? `− ${-number}` : `+ ${number}`);

/** The body of a roll in the talk. */
export function roll(entry) {
  const { formula, label, mode, result, modifier, verified } = entry;
  const tags = [
    MODES[mode] && el('span', { class: 'tag mode', 'data-testid': 'roll-mode-tag' }, MODES[mode]),
    verified === false && el('span', { class: 'tag bad', title: 'The player’s own program rolled this.' }, 'not rolled here'),
  ];
  const what = el('p', { class: 'roll-what' }, label && el('strong', {}, bdi(label), ' '), el('span', { class: 'formula' }, formula), ...tags);
  if (result == null) {
    return el('div', { class: 'roll secret' }, what, el('p', { class: 'hint' }, 'Only the DM sees how it fell.'));
  }
  const faces = dice(entry);
  return el('div', { class: 'roll' }, what, el('div', { class: 'roll-line' },
    el('span', { class: 'dice' }, ...faces, faces.length > 0 && modifier ? el('span', { class: 'modifier' }, signed(modifier)) : null),
    el('span', { class: 'equals', 'aria-hidden': 'true' }, '='), el('strong', { class: 'total', 'data-testid': 'roll-total' }, String(result))));
}

/** A roll in one sentence, for those who listen. */
export function spoken({ player, formula, label, result }, name = player.nickname) {
  const what = label ? `${label}, ${formula}` : formula;
  return result == null ? `${name} rolled ${what}. Only the DM sees it.` : `${name} rolled ${what}: ${result}.`;
}
