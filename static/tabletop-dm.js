/** The game master's forms: map, fog, tokens, who is in the order, and the table's settings. */
import { bdi, byId, el, toast } from './ui.js';
import { offer, onSend, redraw } from './tabletop-forms.js';
import { dot } from './tabletop-map.js';

/** Colours that tokens begin with, one after the other. */
const COLOURS = ['#1f5f58', '#a2362a', '#3b5fa8', '#96540d', '#6a3f8f', '#2c6e42', '#8f2f63', '#4a4f57'];

/** `table` as in tabletop-talk.js. Returns `{ render }`. */
export function dm(table) {
  const state = () => table.state();

  /** Uploads what a form's file field holds; `undefined` when it is empty, `null` when it was refused. */
  async function picture(form) {
    const [file] = form.elements.picture.files;
    if (!file) return undefined;
    const kept = await table.upload(file);
    form.elements.picture.value = '';
    return kept?.image_id ?? null;
  }

  onSend('map-form', async ({ shown, keep, ...payload }, form) => {
    const background = await picture(form);
    if (background === null) return false;
    const old = keep ? state().map?.background : null;
    return table.act('map_set', { ...payload, ...(keep && { keep }), background: background ?? old ?? null, background_under_fog: shown ? 'shown' : 'hidden' });
  });

  onSend('token-form', async ({ owner, ...payload }, form) => {
    const image = await picture(form);
    if (image === null) return false;
    const done = await table.act('token_add', { ...payload, ...(owner !== undefined && { owner: Number(owner) }), ...(image && { image_id: image }) });
    if (done) form.elements.color.value = COLOURS[(COLOURS.indexOf(payload.color) + 1) % COLOURS.length];
    return done;
  }, { clears: ['name'] });

  onSend('fog-form', ({ x = 0, y = 0, w = 1, h = 1 }, form, button) =>
    table.act('fog_set', { areas: [{ x, y, w, h, revealed: button?.value !== 'false' }] }));
  byId('fog-form').elements.enabled.addEventListener('change', ({ target }) => table.act('fog_set', { enabled: target.checked }));
  byId('fog-clear').addEventListener('click', () => table.act('fog_set', { clear: true }));

  onSend('combatant-form', ({ owner, token_id: token, hp_max: points, hidden, ...payload }) =>
    table.act('combatant_add', {
      ...payload, hidden, ...(owner !== undefined && { owner: Number(owner) }), ...(token !== undefined && { token_id: Number(token) }), ...(points !== undefined && { hp: points, hp_max: points }),
    }), { clears: ['name', 'initiative', 'hp_max'] });

  onSend('settings-form', async (settings) => {
    const done = await table.act('settings_update', { title: '', ...settings });
    if (done) toast('Saved.', 'good');
    return done;
  });
  byId('end-session').addEventListener('click', ({ target }) => {
    // Asked once more in the same place: it cannot be taken back.
    if (target.dataset.sure) return table.act('end_session', {});
    target.dataset.sure = 'true';
    target.textContent = 'Really end it?';
    setTimeout(() => {
      delete target.dataset.sure;
      target.textContent = 'End the session';
    }, 4000);
  });

  function token(one) {
    const { token_id: id, name, x, y, owner, hidden, color } = one;
    const whose = state().players.find(({ seat }) => seat === owner)?.nickname;
    const hide = el('button', { type: 'button', class: 'button small', 'data-testid': `hide-${name}`, 'aria-pressed': String(hidden) }, hidden ? 'Show' : 'Hide');
    hide.addEventListener('click', () => table.act('token_update', { token_id: id, hidden: !hidden }));
    const off = el('button', { type: 'button', class: 'button small danger', 'aria-label': `Take ${name} off the map` }, '×');
    off.addEventListener('click', () => table.act('token_remove', { token_id: id }));
    return el('li', { class: 'row', 'data-testid': `listed-${name}` }, dot(color), el('span', { class: 'seat-name' }, bdi(name), el('span', { class: 'hint' }, ` ${x + 1}, ${y + 1}`, whose && ' · ', whose && bdi(whose))), hide, off);
  }

  function render() {
    if (!table.isDm()) return;
    const { players, tokens, fog, settings, map } = state();
    const whose = [['', 'the DM’s'], ...players.filter(({ seat }) => seat !== state().dm).map(({ seat, nickname }) => [seat, nickname])];
    for (const select of document.querySelectorAll('select.seats-or-dm')) offer(select, whose);
    for (const select of document.querySelectorAll('select.tokens')) offer(select, [['', 'none'], ...tokens.map(({ token_id: id, name }) => [id, name])]);
    byId('fog-form').elements.enabled.checked = fog.enabled;
    for (const part of ['fog-form', 'token-form']) byId(part).toggleAttribute('inert', !map);
    redraw('token-list', [tokens, players.map(({ seat, nickname }) => [seat, nickname])], () => tokens.map(token));
    const form = byId('settings-form');
    const key = JSON.stringify(settings);
    if (form.dataset.key === key) return;
    form.dataset.key = key;
    for (const [name, value] of Object.entries(settings)) {
      const field = form.elements[name];
      if (!field) continue;
      if (field.type === 'checkbox') field.checked = value;
      else field.value = value;
    }
  }

  return { render };
}
