/** Draws the story: scenes, choices, the party, what came of a turn. State in, elements out. */
import { bdi, el } from './ui.js';

/** Text with blank lines as paragraphs. */
export const prose = (text) => text.trim().split(/\n\s*\n/).map((part) => el('p', { dir: 'auto' }, part.trim()));

/** The choices of a scene that this seat may take; `chosen` is pressed. */
export function choices(scenario, { seat, chosen, talents, choose, enabled }) {
  return scenario.choices.filter(({ open_to: seats }) => seat == null || seats.includes(seat)).map((choice) => {
    const talent = talents ? `${choice.talent} ${'●'.repeat(talents[choice.talent])}${'○'.repeat(3 - talents[choice.talent])}` : choice.talent;
    const spoken = talents ? `${choice.talent}: ${talents[choice.talent]} of 3` : choice.talent;
    const hint = el('span', { class: 'hint' }, el('span', { 'aria-hidden': 'true' }, talent), el('span', { class: 'visually-hidden' }, `(${spoken})`), choice.needs && ` · ${choice.needs}`);
    const inside = [el('span', { class: 'mark', 'aria-hidden': 'true' }), el('span', { dir: 'auto' }, choice.text), hint];
    const pressed = choice.choice_id === chosen;
    const button = el('button', {
      type: 'button', class: 'button', 'aria-pressed': String(pressed), disabled: !enabled,
      'data-testid': `choice-${choice.choice_id}`, 'data-choice': choice.choice_id,
    }, ...inside);
    button.addEventListener('click', () => choose(choice.choice_id));
    return button;
  });
}

/** A member of the party, with whether they are here and have chosen. */
export function member(shown, { online, graceLeft, me, bot }) {
  const state = [];
  if (shown.health === 0) state.push('fallen');
  else if (!shown.takes_part) state.push('watches until the next turn');
  else if (shown.has_chosen) state.push('has chosen');
  if (!online) state.push(graceLeft > 0 ? `reconnecting… ${graceLeft} s` : 'away');
  if (bot) state.push('bot');
  const items = shown.items.map(({ name }) => name).join(', ');
  const other = shown.character_name !== shown.player_name && [' ', el('span', { class: 'hint' }, '(', bdi(shown.player_name), ')')];
  return el('li', { class: shown.health === 0 ? 'member fallen' : 'member', 'data-seat': shown.seat, 'data-testid': `member-${shown.seat}`, 'data-online': String(online) },
    el('span', { class: online ? 'dot on' : 'dot', role: 'img', 'aria-label': online ? 'online' : 'offline' }),
    el('span', { class: 'member-name' }, bdi(shown.character_name), me && ' (you)', ...(other || [])),
    el('span', { class: 'tag' }, el('span', { 'aria-hidden': 'true' }, '♥ '), el('span', { class: 'visually-hidden' }, 'Health '), `${shown.health}/${shown.health_max}`),
    el('span', { class: 'member-more hint' }, [shown.class_name, items, ...state].filter(Boolean).join(' · ')));
}

/** What a turn changed, in tags. */
export function changes(resolution, name) {
  const signed = (by) => (by > 0 ? `+${by}` : `−${-by}`);
  const words = {
    trust: ({ by }) => [`Trust ${signed(by)}`, by > 0 ? 'good' : 'bad'],
    health: ({ seat, by }) => [`${name(seat)}: health ${signed(by)}`, by > 0 ? 'good' : 'bad'],
    gained: ({ seat, item }) => [`${name(seat)} has: ${item}`, 'good'],
    lost: ({ seat, item }) => [`${name(seat)} lost: ${item}`, 'bad'],
    fell: ({ seat }) => [`${name(seat)} has fallen`, 'bad'],
  };
  return resolution.changes.map((change) => {
    const [text, kind] = words[change.what](change);
    return el('li', { class: `tag ${kind}` }, text);
  });
}

/** Who chose what, in a sentence. */
export function votes({ choices: chosen, choice_id: done, timed_out: late, score, difficulty }) {
  if (chosen.length === 0) return 'Nobody chose in time.';
  const by = new Map();
  for (const { text, player_name: name } of chosen) by.set(text, [...(by.get(text) ?? []), name]);
  const others = [...by].filter(([text]) => text !== chosen.find(({ choice_id: id }) => id === done)?.text);
  const list = others.map(([text, names]) => `${names.join(', ')}: “${text}”`).join(' ');
  const agreed = chosen.filter(({ choice_id: id }) => id === done).length;
  return [
    `${agreed} of ${chosen.length} chose this${difficulty > 0 ? `; it came to ${score}, and took ${difficulty}` : ''}.`, list, late && 'The time was up.',
  ].filter(Boolean).join(' ');
}

/** A turn as it stands in the history and the recap. */
export function turn(resolution) {
  return el('li', {},
    el('p', {}, el('strong', {}, `${resolution.turn_number}. ${resolution.title}`)),
    el('p', { class: 'hint' }, `${resolution.choice_text ?? resolution.choice} ${resolution.success ? '' : '(It went wrong.)'}`.trim()),
    el('p', { dir: 'auto' }, resolution.text));
}
