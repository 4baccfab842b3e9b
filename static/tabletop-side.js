/** Beside the map: who is here, character sheets, polls. */
import { bdi, byId, el, secondsUntil } from './ui.js';
import { number, offer, onSend, redraw } from './tabletop-forms.js';

const ROLES = { dm: 'DM', co_dm: 'co-DM' };

/** `table` as in tabletop-talk.js; also `presence(seat)`. Returns `{ render }`. */
export function side(table) {
  const state = () => table.state();

  function button(text, run, attributes = {}) {
    const made = el('button', { class: 'button small', type: 'button', ...attributes }, text);
    made.addEventListener('click', run);
    return made;
  }

  // People --------------------------------------------------------------------------------------------------------------------------

  function person(player) {
    const { seat, nickname, character_name: character, here } = player;
    const { online = here, graceEndsAt } = table.presence(seat) ?? {};
    const away = !online && (graceEndsAt && secondsUntil(graceEndsAt) > 0 ? `reconnecting… ${secondsUntil(graceEndsAt)} s` : 'away');
    const role = roleOf(seat);
    const lead = state().dm === table.seat() && seat !== table.seat() && !table.over();
    return el('li', { class: 'person', 'data-testid': `person-${seat}`, 'data-online': String(online) },
      el('span', { class: online ? 'dot on' : 'dot', role: 'img', 'aria-label': online ? 'online' : 'away' }),
      el('span', { class: 'seat-name' }, bdi(nickname), seat === table.seat() && ' (you)', character && el('span', { class: 'hint' }, ' as ', bdi(character))),
      role && el('span', { class: 'tag good' }, role), away && el('span', { class: 'hint' }, away),
      lead && el('div', { class: 'row wrap person-more' },
        button(role === 'co-DM' ? 'No longer co-DM' : 'Make co-DM', () => table.act('co_dm', { seat, on: role !== 'co-DM' }), { 'data-testid': `co-dm-${seat}` }),
        button('Hand over', () => table.act('dm_hand_over', { to: seat }), { 'data-testid': `hand-over-${seat}` })));
  }

  const roleOf = (seat) => (state().dm === seat ? ROLES.dm : state().co_dms.includes(seat) ? ROLES.co_dm : null);

  function people() {
    const { players, dm, co_dms: helpers } = state();
    const online = players.filter(({ seat, here }) => table.presence(seat)?.online ?? here).length;
    byId('people-count').textContent = `${online}/${players.length} online`;
    const seen = players.map((player) => [player.seat, player.nickname, player.character_name, player.here, table.presence(player.seat), table.presence(player.seat)?.graceEndsAt && secondsUntil(table.presence(player.seat).graceEndsAt)]);
    redraw('people', [seen, dm, helpers, table.seat(), table.over()], () => players.map(person));
    const claim = helpers.includes(table.seat()) && !(table.presence(dm)?.online ?? true) && !table.over();
    byId('dm-claim').hidden = !claim;
  }

  // Sheets --------------------------------------------------------------------------------------------------------------------------

  const chosen = () => Number(byId('sheet-seat').value);
  const sheetOf = (seat) => state().sheets.find((sheet) => sheet.seat === seat) ?? { seat, name: '', stats: {}, inventory: {}, notes: '' };

  function pair(name, value, { fixed, enabled, kind }) {
    const key = el('input', { class: 'pair-name', maxlength: 40, value: name, readonly: fixed, disabled: !enabled, placeholder: kind === 'stat' ? 'Strength' : 'Rope', 'aria-label': kind === 'stat' ? 'Stat' : 'Thing', autocomplete: 'off' });
    const input = el('input', { class: 'pair-value', type: 'number', step: 1, value, disabled: !enabled, 'aria-label': name ? `${name}, ${kind === 'stat' ? 'value' : 'how many'}` : kind === 'stat' ? 'Value' : 'How many', 'data-testid': name ? `${kind}-${name}` : `${kind}-new` });
    const off = enabled && button('×', () => { input.value = ''; line.classList.add('gone'); byId('sheet-form').dataset.dirty = 'true'; }, { 'aria-label': `Take ${name || 'this'} off`, class: 'button small quiet' });
    const line = el('div', { class: 'pair', 'data-was': value }, key, input, off);
    return line;
  }

  function sheets() {
    const { players } = state();
    if (byId('sheet-seat').options.length === 0 && table.seat() != null) {
      offer(byId('sheet-seat'), players.map(({ seat, nickname }) => [seat, nickname]));
      byId('sheet-seat').value = table.seat();
    }
    offer(byId('sheet-seat'), players.map(({ seat, nickname }) => [seat, nickname]));
    const sheet = sheetOf(chosen());
    const enabled = !table.over() && (table.isDm() || sheet.seat === table.seat());
    const form = byId('sheet-form');
    const key = JSON.stringify([sheet, enabled]);
    byId('sheet-private').hidden = sheet.stats !== null;
    form.hidden = sheet.stats === null;
    // What somebody is writing is not swept away by what another writes.
    if (form.dataset.key === key || (form.dataset.dirty === 'true' && form.dataset.seat === String(sheet.seat))) return;
    form.dataset.key = key;
    form.dataset.seat = sheet.seat;
    form.dataset.dirty = 'false';
    byId('sheet-name').value = sheet.name ?? '';
    byId('sheet-notes').value = sheet.notes ?? '';
    for (const id of ['sheet-name', 'sheet-notes', 'sheet-save']) byId(id).disabled = !enabled;
    for (const [id, kind, values] of [['sheet-stats', 'stat', sheet.stats], ['sheet-inventory', 'thing', sheet.inventory]]) {
      byId(id).querySelector('.pairs').replaceChildren(...Object.entries(values ?? {}).map(([name, value]) => pair(name, value, { fixed: true, enabled, kind })));
      byId(id).querySelector('[data-add]').hidden = !enabled;
    }
  }

  /** What differs from what is known: null or 0 takes something away. */
  function changed(id, nothing) {
    const changes = {};
    for (const line of byId(id).querySelectorAll('.pair')) {
      const name = line.querySelector('.pair-name').value.trim();
      const value = number(line.querySelector('.pair-value').value);
      const was = number(line.dataset.was);
      if (name && value !== was) changes[name] = value ?? nothing;
    }
    return Object.keys(changes).length > 0 ? changes : undefined;
  }

  byId('sheet-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const sheet = sheetOf(chosen());
    const [name, notes] = [byId('sheet-name').value.trim(), byId('sheet-notes').value];
    const payload = { stats: changed('sheet-stats', null), inventory: changed('sheet-inventory', 0), ...(name !== (sheet.name ?? '') && { name }), ...(notes !== (sheet.notes ?? '') && { notes }) };
    for (const key of ['stats', 'inventory']) if (!payload[key]) delete payload[key];
    if (Object.keys(payload).length === 0) return;
    if (await table.act('sheet_update', { ...(sheet.seat !== table.seat() && { seat: sheet.seat }), ...payload })) {
      byId('sheet-form').dataset.dirty = 'false';
      sheets();
    }
  });
  byId('sheet-form').addEventListener('input', ({ currentTarget }) => { currentTarget.dataset.dirty = 'true'; });
  byId('sheet-seat').addEventListener('change', () => {
    byId('sheet-form').dataset.key = '';
    sheets();
  });
  for (const add of document.querySelectorAll('[data-add]')) {
    add.addEventListener('click', () => {
      const line = pair('', '', { fixed: false, enabled: true, kind: add.dataset.add });
      add.parentElement.querySelector('.pairs').append(line);
      line.querySelector('input').focus();
    });
  }

  // Polls ---------------------------------------------------------------------------------------------------------------------------

  function poll(one) {
    const { poll_id: id, question, options, counts, voted, multiple, secret, open, my_choices: own, player } = one;
    const total = (counts ?? []).reduce((sum, count) => sum + count, 0);
    const may = open && table.seat() != null && !table.over();
    const choices = options.map((text, nth) => {
      const pressed = (own ?? []).includes(nth);
      const share = counts && total > 0 ? Math.round((100 * counts[nth]) / total) : 0;
      const choice = el('button', { type: 'button', class: 'button poll-choice', disabled: !may, 'aria-pressed': String(pressed), 'data-testid': `vote-${id}-${nth}` },
        el('span', { dir: 'auto' }, text), counts && el('span', { class: 'hint', 'data-testid': `count-${id}-${nth}` }, `${counts[nth]}${total > 0 ? ` · ${share} %` : ''}`), counts && el('progress', { max: 100, value: share, 'aria-hidden': 'true' }));
      choice.addEventListener('click', () => {
        const next = multiple ? (pressed ? own.filter((other) => other !== nth) : [...(own ?? []), nth]) : pressed ? [] : [nth];
        table.act('poll_vote', { poll_id: id, choices: next });
      });
      return choice;
    });
    const told = [`by ${player.nickname}`, `${voted.length} voted`, multiple && 'several may be chosen', secret && open && 'secret until the end', !open && 'closed'].filter(Boolean).join(' · ');
    const closable = open && !table.over() && (table.isDm() || player.seat === table.seat());
    return el('li', { class: 'poll', 'data-testid': `poll-${id}`, 'data-open': String(open) }, el('h3', { dir: 'auto' }, question), el('p', { class: 'hint' }, told),
      el('div', { class: 'poll-choices', role: 'group', 'aria-label': question }, ...choices), closable && button('Close', () => table.act('poll_close', { poll_id: id }), { 'data-testid': `close-${id}` }));
  }

  function polls() {
    const all = [...state().polls].sort((a, b) => b.poll_id - a.poll_id);
    byId('polls-none').hidden = all.length > 0;
    byId('poll-new').hidden = table.seat() == null || table.over() || !(table.isDm() || state().settings.players_may_poll);
    redraw('polls', [all, table.seat(), table.isDm(), table.over()], () => all.map(poll));
  }

  onSend('poll-form', ({ question, options = '', secret, multiple }) =>
    table.act('poll_create', { question, options: options.split('\n').map((line) => line.trim()).filter(Boolean), secret, multiple }), { clears: ['question', 'options'] });
  byId('dm-claim').addEventListener('click', () => table.act('dm_claim', {}));

  return {
    render() {
      people();
      sheets();
      polls();
    },
  };
}
