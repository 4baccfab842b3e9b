/** The order of a combat: whose turn it is, hit points, conditions, and what one may do about them. */
import { bdi, byId, el } from './ui.js';
import { number, redraw } from './tabletop-forms.js';

const STATES = { unhurt: 'unhurt', hurt: 'hurt', bloodied: 'bloodied', down: 'down' };

/** `table` as in tabletop-talk.js. Returns `{ render }`. */
export function order(table) {
  const state = () => table.state();
  const mine = ({ owner }) => owner != null && owner === table.seat();
  const may = (one) => !table.over() && (table.isDm() || mine(one));

  function hp(one) {
    const exact = one.hp != null;
    if (!exact && one.state == null) return null;
    const text = exact ? `${one.hp}${one.hp_max != null ? `/${one.hp_max}` : ''}` : STATES[one.state];
    const share = exact && one.hp_max ? Math.round((100 * one.hp) / one.hp_max) : { unhurt: 100, hurt: 75, bloodied: 40, down: 0 }[one.state];
    return el('span', { class: `hp ${one.state ?? ''}` },
      share !== undefined && el('progress', { max: 100, value: share, 'aria-hidden': 'true' }), el('span', { class: 'visually-hidden' }, 'Hit points: '), el('span', { 'data-testid': `hp-${one.name}` }, text));
  }

  function effect(one, { effect_id: id, name, rounds_left: left, concentration }) {
    const told = [name, left != null && `${left} ${left === 1 ? 'round' : 'rounds'}`, concentration && 'concentration'].filter(Boolean).join(' · ');
    const off = may(one) && el('button', { type: 'button', class: 'chip-off', 'aria-label': `Take ${name} off` }, '×');
    if (off) off.addEventListener('click', () => table.act('effect_remove', { combatant_id: one.combatant_id, effect_id: id }));
    return el('li', { class: 'chip' }, told, off);
  }

  /** A small form of one line. */
  function small(label, input, ...buttons) {
    const form = el('form', { class: 'row small-form' }, el('label', { class: 'visually-hidden', for: input.id }, label), input, ...buttons);
    form.addEventListener('submit', (event) => event.preventDefault());
    return form;
  }

  function button(text, run, attributes = {}) {
    const made = el('button', { class: 'button small', type: 'button', ...attributes }, text);
    made.addEventListener('click', run);
    return made;
  }

  function controls(one) {
    const { combatant_id: id, name } = one;
    const points = el('input', { id: `hp-by-${id}`, type: 'number', min: 1, max: 100000, step: 1, placeholder: '5', 'data-testid': `hp-by-${name}` });
    const by = (sign) => number(points.value) && table.act('hp_change', { combatant_id: id, by: sign * number(points.value) });
    const condition = el('input', { id: `effect-${id}`, maxlength: 60, placeholder: 'poisoned', autocomplete: 'off', 'data-testid': `effect-${name}` });
    const rounds = el('input', { type: 'number', min: 1, max: 1000, step: 1, placeholder: '∞', 'aria-label': 'for how many rounds', class: 'tiny' });
    const add = async () => {
      const rounds_ = number(rounds.value);
      if (condition.value.trim()) await table.act('effect_add', { combatant_id: id, name: condition.value.trim(), ...(rounds_ && { rounds: rounds_ }) });
    };
    return el('details', { class: 'form-details', 'data-keep': `combatant-${id}` }, el('summary', { 'data-testid': `more-${name}` }, 'Change'),
      (one.hp != null || one.state != null) && small(`Hit points of ${name} by`, points, button('Damage', () => by(-1), { 'data-testid': `damage-${name}` }), button('Heal', () => by(1))),
      small(`Condition of ${name}`, condition, rounds, button('Add', add, { 'data-testid': `add-effect-${name}` })),
      el('div', { class: 'row wrap' },
        button('Roll initiative', () => table.act('roll_initiative', { combatant_id: id })),
        table.isDm() && button('Turn', () => table.act('turn_change', { turn: { combatant_id: id } })),
        table.isDm() && button(one.hidden ? 'Show' : 'Hide', () => table.act('combatant_update', { combatant_id: id, hidden: !one.hidden })),
        table.isDm() && button('Remove', () => table.act('combatant_remove', { combatant_id: id }), { class: 'button small danger' })));
  }

  function row(one) {
    const current = state().turn?.combatant_id === one.combatant_id;
    return el('li', { class: `combatant${current ? ' current' : ''}`, 'aria-current': current ? 'true' : null, 'data-testid': `combatant-${one.name}` },
      el('span', { class: 'initiative', title: 'Initiative' }, one.initiative == null ? '–' : String(one.initiative)),
      el('span', { class: 'seat-name' }, bdi(one.name), mine(one) && ' (you)', one.hidden && el('span', { class: 'tag' }, 'hidden'), current && el('span', { class: 'visually-hidden' }, ', whose turn it is')),
      hp(one),
      one.effects.length > 0 && el('ul', { class: 'effects' }, ...one.effects.map((laid) => effect(one, laid))),
      may(one) && controls(one));
  }

  function render() {
    const { combat, turn } = state();
    const { combatants } = combat;
    byId('order-title').textContent = combat.name || 'Initiative';
    byId('order-round').hidden = !combat.active;
    byId('order-round').textContent = `Round ${combat.round}`;
    byId('order-none').hidden = combatants.length > 0;
    byId('order-dm').hidden = !table.isDm() || table.over();
    byId('combat-toggle').textContent = combat.active ? 'End combat' : 'Begin combat';
    byId('order-mine').hidden = table.seat() == null || table.over();
    byId('end-turn').hidden = !(combat.active && turn?.owner != null && turn.owner === table.seat());
    redraw('order', [combatants, turn, table.seat(), table.isDm(), table.over()], () => combatants.map(row));
  }

  byId('roll-initiative').addEventListener('click', () => table.act('roll_initiative', {}));
  byId('end-turn').addEventListener('click', () => table.act('end_turn', {}));
  byId('combat-toggle').addEventListener('click', () => table.act('combat_update', { combat: { active: !state().combat.active } }));
  byId('combat-clear').addEventListener('click', () => table.act('combat_update', { combat: { clear: true } }));
  byId('turn-next').addEventListener('click', () => table.act('turn_change', { turn: 'next' }));
  byId('turn-previous').addEventListener('click', () => table.act('turn_change', { turn: 'previous' }));

  return { render };
}
