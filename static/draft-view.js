/** Draws the draft: a character's card and the two boards. State in, elements out. */
import { emblemOf } from './emblem.js';
import { el } from './ui.js';

const SVG = 'http://www.w3.org/2000/svg';

export function emblem(id) {
  const number = emblemOf(id);
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', `emblem hue-${number}`);
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('focusable', 'false');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `/static/emblems.svg#e${number}`);
  svg.append(use);
  return svg;
}

/** The card in hand, with a rating for every role; roles in `free` stand out. */
export function card(character, roles, free) {
  const rows = roles.map((role) => {
    const rating = character.ratings?.[role];
    const taken = !free.includes(role);
    return el('li', { class: taken ? 'rating taken' : 'rating' },
      el('span', { class: 'rating-role' }, role, taken && el('span', { class: 'visually-hidden' }, ' (taken)')),
      el('progress', { max: 100, value: rating ?? 0, 'aria-hidden': 'true' }),
      el('span', { class: 'rating-value' }, rating === undefined ? '–' : String(rating)));
  });
  return el('article', { class: `card hue-${emblemOf(character.anime_id)}`, 'data-character': character.id },
    el('header', { class: 'card-face' }, emblem(character.anime_id), el('p', { class: 'card-series' }, character.anime ?? '')),
    el('div', { class: 'card-body' },
      el('h3', { class: 'card-name' }, character.name),
      character.about && el('p', { class: 'card-about' }, character.about),
      el('ul', { class: 'ratings' }, ...rows)));
}

/** The back of a card, with what to do or wait for. */
export function cardBack(text) {
  return el('div', { class: 'card card-back' }, emblem(0), el('p', {}, text));
}

/**
 * One board's places. `placed(role)` gives the character there, `hand` is the character that may be placed (or null), `place(role)` is
 * called when a free role is chosen.
 */
export function slots(roles, { placed, hand, place, fresh, testid }) {
  return roles.map((role) => {
    const character = placed(role);
    const inside = character
      ? [emblem(character.anime_id),
        el('span', { class: 'slot-who' }, el('span', { class: 'slot-name' }, character.name), ' ', el('span', { class: 'hint' }, character.anime ?? '')),
        el('span', { class: 'slot-rating' }, String(character.ratings?.[role] ?? ''))]
      : [el('span', { class: 'slot-who muted' }, hand ? 'Place here' : 'free'), hand && el('span', { class: 'slot-rating' }, String(hand.ratings?.[role] ?? ''))];
    const attributes = { class: `slot${character ? ' filled' : ''}${role === fresh ? ' fresh' : ''}`, 'data-role': role, 'data-testid': `${testid}-${role}` };
    if (character) attributes['data-character'] = character.id;
    const body = [el('span', { class: 'slot-role' }, role), ...inside];
    if (character || !hand) return el('li', attributes, ...body);
    const button = el('button', {
      type: 'button', class: 'slot-button', 'data-testid': `place-${role}`,
      'aria-label': `Place ${hand.name} as ${role}, rating ${hand.ratings?.[role] ?? 'unknown'}`,
    }, ...body);
    button.addEventListener('click', () => place(role));
    return el('li', { ...attributes, class: `${attributes.class} open` }, button);
  });
}
