/** What the table's panels share: drawing again only what has changed, and reading forms. */
import { byId, el } from './ui.js';

/** The whole number in a field; `undefined` when it is empty. */
export const number = (text) => (String(text).trim() === '' || Number.isNaN(Number(text)) ? undefined : Math.trunc(Number(text)));

/**
 * Draws a part again only when what it shows has changed. Focus stays on the element with the same test id, `data-keep` details stay open,
 * and what is being typed stays typed.
 */
export function redraw(id, shows, draw) {
  const place = typeof id === 'string' ? byId(id) : id;
  const key = JSON.stringify(shows);
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  const open = new Set([...place.querySelectorAll('details[data-keep][open]')].map(({ dataset }) => dataset.keep));
  const typed = new Map([...place.querySelectorAll('input[id]')].map((input) => [input.id, input.value]));
  const active = place.contains(document.activeElement) ? document.activeElement : null;
  const focused = active && (active.id ? `#${CSS.escape(active.id)}` : active.dataset.testid && `[data-testid="${CSS.escape(active.dataset.testid)}"]`);
  place.replaceChildren(...draw().filter(Boolean));
  for (const details of place.querySelectorAll('details[data-keep]')) details.open = open.has(details.dataset.keep);
  for (const [input, value] of typed) {
    const again = place.querySelector(`#${CSS.escape(input)}`);
    if (again && !again.dataset.given) again.value = value;
  }
  if (focused) place.querySelector(focused)?.focus();
}

/** Fills a choice, and keeps what was chosen if it is still there. `choices` are `[value, text]`. */
export function offer(select, choices) {
  const key = JSON.stringify(choices);
  if (select.dataset.key === key) return;
  const chosen = select.value;
  select.dataset.key = key;
  select.replaceChildren(...choices.map(([value, text]) => el('option', { value }, text)));
  if (choices.some(([value]) => String(value) === chosen)) select.value = chosen;
}

/** The fields of a form as a payload: numbers as numbers, boxes as booleans, nothing for what is empty. Files are left out. */
export function fields(form) {
  const read = {};
  for (const field of form.elements) {
    if (!field.name || field.type === 'file' || field.tagName === 'BUTTON') continue;
    if (field.type === 'checkbox') read[field.name] = field.checked;
    else if (field.type === 'number' || field.dataset.number) Object.assign(read, number(field.value) !== undefined && { [field.name]: number(field.value) });
    else if (field.value.trim() !== '') read[field.name] = field.value.trim();
  }
  return read;
}

/** Runs `send(fields, form)` when a form is sent; when that comes to something, the fields that `clears` names are emptied. */
export function onSend(id, send, { clears = [] } = {}) {
  const form = byId(id);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const done = await send(fields(form), form, event.submitter);
    if (done) for (const name of clears) form.elements[name].value = '';
  });
}
