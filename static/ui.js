/**
 * What all pages share: toasts, announcements, copy and share buttons, the connection's state, the offline bar. Text from others is
 * only ever set as textContent.
 */

const TOAST_MS = 5000;
/** More than these at once is noise. */
const MAX_TOASTS = 3;

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/** An element: `el('p', { class: 'hint', 'data-testid': 'x' }, 'text', child, …)`. Strings become text, never markup. */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null && child !== false));
  return element;
}

/** A name in isolation: one written from right to left does not turn the sentence around it. */
export const bdi = (name) => el('bdi', {}, name);

let going = null;

/** Goes to another page. When several reasons to go there come at once, as the answer and the event of a rematch do, the first one counts. */
export function goTo(path) {
  if (going === path) return;
  going = path;
  location.assign(path);
}
// Whoever comes back to this page may leave it again.
window.addEventListener('pageshow', () => (going = null));

/** Shows a message for a few seconds; it is read out as well. */
export function toast(message, kind = '') {
  const list = byId('toasts');
  while (list.children.length >= MAX_TOASTS) list.firstChild.remove();
  const item = el('p', { class: `toast ${kind}`, 'data-testid': 'toast' }, message);
  list.append(item);
  setTimeout(() => item.remove(), TOAST_MS);
}

/** Tells a screen reader. The same text twice is told twice. */
export function announce(message) {
  const announcer = byId('announcer');
  if (announcer) announcer.textContent = announcer.textContent === message ? `${message}\u00a0` : message;
}

/** "7 s" until `at` (a timestamp or milliseconds), never negative. */
export function secondsUntil(at) {
  const end = typeof at === 'number' ? at : Date.parse(at);
  return Math.max(0, Math.ceil((end - Date.now()) / 1000));
}

/** Ties a room's connection to the page: chip, transport, polling switch, offline bar. `left` runs when the user gives up. */
export function showConnection(room, { left }) {
  const bar = byId('offline-bar');
  const text = byId('offline-text');
  const polling = byId('use-polling');
  const words = { connecting: 'connecting…', online: 'connected', reconnecting: 'reconnecting…', offline: 'no network', refused: 'refused', left: 'left' };
  let wasAway = false;

  const barText = ({ state, attempt, message }) => {
    if (state === 'refused') return message || 'The server does not let you in.';
    return `${state === 'offline' ? 'No network.' : 'Connection lost.'} Reconnecting, attempt ${Math.max(1, attempt)}…`;
  };
  // Beside the text, because that is read out at each change, and seconds would be too much.
  const showWait = () => {
    const { retryAt } = room.status;
    const wait = retryAt ? secondsUntil(retryAt) : 0;
    byId('offline-wait').textContent = wait > 0 ? `in ${wait} s` : '';
  };
  const show = (status) => {
    const { state, transport } = status;
    document.body.dataset.connection = state;
    byId('connection-text').textContent = words[state];
    byId('connection-dot').className = `dot ${state === 'online' ? 'on' : state === 'connecting' ? 'wait' : 'off'}`;
    const chip = byId('transport');
    chip.hidden = !transport;
    chip.textContent = transport === 'polling' ? 'polling' : 'WebSocket';
    const away = state === 'reconnecting' || state === 'offline' || state === 'refused';
    bar.hidden = !away;
    byId('offline-retry').hidden = state === 'refused';
    const said = away ? barText(status) : '';
    if (text.textContent !== said) text.textContent = said;
    showWait();
    if (wasAway && state === 'online') toast('You are back.', 'good');
    wasAway = away || (wasAway && state !== 'online');
  };
  room.onStatus(show);
  setInterval(showWait, 250);
  byId('offline-retry').addEventListener('click', () => room.retry());
  byId('offline-leave').addEventListener('click', left);
  if (polling) {
    polling.checked = room.polling;
    polling.addEventListener('change', () => room.setPolling(polling.checked));
  }
}

/** Leaves for good, also when the server cannot be reached: it notices by itself when the grace period is over. */
export async function leaveFor(room, address) {
  const reachable = room.status.state === 'online';
  await room.leave();
  if (reachable || navigator.onLine !== false) location.assign(address);
  else {
    byId('main').replaceChildren(
      el('div', { class: 'narrow error-page' }, el('h1', {}, 'You left'),
        el('p', { class: 'lead' }, 'The others will see it when your time to come back is over.'),
        el('a', { class: 'button primary', href: address }, 'Back to the start')),
    );
  }
}

async function copy(button) {
  const text = button.dataset.copy;
  const said = button.textContent;
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyOldWay(text);
    button.textContent = 'Copied';
    toast('Copied.', 'good');
  } catch {
    toast(`Copying is not allowed here: ${text}`);
  }
  setTimeout(() => { button.textContent = said; }, 2000);
}

/** The clipboard's interface exists on secure origins only, and a room in the living room is on plain HTTP. */
function copyOldWay(text) {
  const field = el('textarea', { class: 'visually-hidden', readonly: true }, text);
  document.body.append(field);
  field.select();
  const done = document.execCommand('copy');
  field.remove();
  if (!done) throw new Error('copying was refused');
}

document.documentElement.classList.add('js');
for (const button of document.querySelectorAll('[data-copy]')) button.addEventListener('click', () => copy(button));
for (const button of document.querySelectorAll('[data-share]')) {
  button.hidden = !navigator.share;
  button.addEventListener('click', () => navigator.share({ title: document.title, url: button.dataset.share }).catch(() => {}));
}
