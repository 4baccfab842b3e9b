/** The playground: one plain socket of socket.io-client, and everything that it says and hears. Text from others is only ever text. */
import { byId, el, toast } from './ui.js';

/** What stays in the log. */
const KEPT = 500;
/** A long payload is shown whole when it is opened. */
const BRIEF = 160;

/** Room events of every namespace, with a payload to begin with. */
const ROOM_EVENTS = {
  create_room: { nickname: 'Ada', options: {} },
  join_room: { room_code: '', nickname: 'Ben' },
  leave_room: {},
  start_game: {},
  reset_game: {},
  rematch: {},
  request_sync: { last_seq: 0 },
  chat_message: { message: 'Hello' },
  typing: { typing: true },
  request_presence: {},
  history: { limit: 20 },
  add_bot: { seat: 1 },
  remove_bot: { seat: 1 },
  queue_join: { game: 'draft', nickname: 'Ada' },
  queue_leave: {},
  queue_status: {},
  ping: { timestamp: 0 },
  refresh_token: { token: '' },
};

const root = byId('playground');
const payload = byId('payload');
const log = byId('log');
let socket = null;
/** `{ way, name, data, at, item }`, oldest first. */
const entries = [];

// The line ---------------------------------------------------------------------------------------------------------------------------

function transports() {
  const choice = byId('transport-choice').value;
  return choice === 'both' ? ['polling', 'websocket'] : [choice];
}

function auth() {
  const told = {};
  const token = byId('token').value.trim();
  const code = byId('room-code').value.trim();
  const seq = Number(byId('last-seq').value);
  if (token) told.token = token;
  if (code) Object.assign(told, { room_code: code, last_seq: Number.isInteger(seq) && seq > 0 ? seq : 0 });
  return told;
}

async function connect() {
  const { io } = await import('/socket.io/socket.io.esm.min.js');
  socket?.disconnect();
  const namespace = byId('namespace').value;
  const asked = auth();
  const made = io(namespace, { transports: transports(), withCredentials: true, forceNew: true, auth: (give) => give(auth()) });
  socket = made;
  const mine = (handler) => (...told) => { if (socket === made) handler(...told); };
  note('line', 'connecting', { namespace, transports: transports(), auth: { ...asked, ...(asked.token && { token: '…' }) } });
  show('connecting');
  made.on('connect', mine(() => {
    const { engine } = made.io;
    note('line', 'connected', { id: made.id, transport: engine.transport.name, recovered: made.recovered });
    engine.on('upgrade', mine((transport) => { note('line', 'upgraded', { transport: transport.name }); show('connected'); }));
    show('connected');
  }));
  made.on('disconnect', mine((reason) => { note('line', 'disconnected', { reason }); show(made.active ? 'connecting' : 'apart'); }));
  made.on('connect_error', mine((error) => { note('line', 'connect_error', { message: error.message, data: error.data }, true); show(made.active ? 'connecting' : 'apart'); }));
  made.onAny(mine((name, ...data) => { learn(name, data[0]); note('in', name, data.length > 1 ? data : data[0], name === 'error'); }));
}

/** What an event says about where one is, so that the next connection can come back there. */
function learn(name, data) {
  if (name === 'session' && data?.token && byId('token').value.trim()) byId('token').value = data.token;
  if (name === 'connection_established' && data?.room_code) byId('room-code').value = data.room_code;
  if (Number.isInteger(data?.seq)) byId('last-seq').value = Math.max(data.seq, Number(byId('last-seq').value) || 0);
}

function show(state) {
  root.dataset.state = state;
  const transport = socket?.io.engine?.transport?.name;
  byId('state-dot').className = `dot ${{ connected: 'on', connecting: 'wait' }[state] ?? ''}`;
  byId('state-text').textContent = { connected: `connected by ${transport}`, connecting: 'connecting…', apart: 'not connected' }[state];
  byId('connect').textContent = state === 'apart' ? 'Connect' : 'Connect anew';
  byId('disconnect').disabled = state === 'apart';
  byId('cut').disabled = state !== 'connected';
  byId('emit').disabled = state !== 'connected';
}

byId('connect-form').addEventListener('submit', (event) => {
  event.preventDefault();
  connect().catch((error) => note('line', 'connect_error', { message: error.message }, true));
});
byId('disconnect').addEventListener('click', () => {
  socket?.disconnect();
  show('apart');
});
// As a tunnel does: without a word to the server's Socket.IO, and the client comes back by itself.
byId('cut').addEventListener('click', () => socket?.io.engine.close());
byId('new-guest').addEventListener('click', async () => {
  try {
    const answer = await (await fetch('/api/auth/guest', { method: 'POST', credentials: 'omit', headers: { 'Content-Type': 'application/json' }, body: '{}' })).json();
    byId('token').value = answer.token ?? '';
    toast(answer.token ? 'A new guest’s token is filled in.' : answer.error?.message, answer.token ? 'good' : 'bad');
  } catch (error) {
    toast(error.message, 'bad');
  }
});

// Sending ----------------------------------------------------------------------------------------------------------------------------

function offer() {
  const own = (byId('namespace').selectedOptions[0]?.dataset.commands ?? '').split(' ').filter(Boolean);
  const names = [...own, ...(byId('namespace').value === '/' ? [] : Object.keys(ROOM_EVENTS))];
  byId('events').replaceChildren(...[...new Set(names)].map((value) => el('option', { value })));
}

/** The payload to begin with, unless something was written already. */
let offered = '';
function suggest() {
  if (payload.value.trim() !== offered) return;
  offered = JSON.stringify(ROOM_EVENTS[byId('event').value.trim()] ?? {}, null, 2);
  payload.value = offered;
}

function emit() {
  const name = byId('event').value.trim();
  let data;
  try {
    data = payload.value.trim() ? JSON.parse(payload.value) : {};
  } catch (error) {
    byId('payload-problem').textContent = `This is not JSON: ${error.message}`;
    payload.setAttribute('aria-invalid', 'true');
    payload.focus();
    return;
  }
  byId('payload-problem').textContent = '';
  payload.removeAttribute('aria-invalid');
  if (!name || !socket?.connected) return;
  if (name === 'ping' && data.timestamp === 0) data.timestamp = Date.now();
  note('out', name, data);
  if (!byId('with-ack').checked) return void socket.emit(name, data);
  const sent = performance.now();
  socket.emit(name, data, (...answer) => {
    learn('', answer[0]);
    if (answer[0]?.room_code) byId('room-code').value = answer[0].room_code;
    note('ack', `${name} (${Math.round(performance.now() - sent)} ms)`, answer.length > 1 ? answer : answer[0], answer[0]?.ok === false);
  });
}

byId('namespace').addEventListener('change', offer);
byId('event').addEventListener('input', suggest);
byId('emit-form').addEventListener('submit', (event) => {
  event.preventDefault();
  emit();
});
payload.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    emit();
  }
});

// The log ----------------------------------------------------------------------------------------------------------------------------

const WAYS = { out: ['↑', 'sent'], in: ['↓', 'received'], ack: ['↩', 'answer to'], line: ['·', 'the line'] };

function note(way, name, data, bad = false) {
  const at = new Date();
  const text = JSON.stringify(data, null, 2) ?? '';
  const brief = JSON.stringify(data) ?? '';
  const copy = el('button', { class: 'button small', type: 'button' }, 'Copy');
  const entry = { way, name, data, at, find: `${name} ${brief}`.toLowerCase() };
  copy.addEventListener('click', () => clip([entry]));
  const [sign, told] = WAYS[way];
  entry.item = el('li', { class: `${way}${bad ? ' bad' : ''}`, 'data-testid': `log-${way}`, 'data-name': name },
    el('details', {},
      el('summary', {}, el('span', { class: 'way', 'aria-hidden': 'true' }, sign), el('span', { class: 'visually-hidden' }, told),
        el('span', { class: 'name' }, name), el('span', { class: 'brief' }, brief.length > BRIEF ? `${brief.slice(0, BRIEF)}…` : brief),
        el('time', { datetime: at.toISOString() }, at.toLocaleTimeString([], { hour12: false }))),
      el('pre', { tabindex: '0' }, text), copy));
  entries.push(entry);
  while (entries.length > KEPT) entries.shift().item.remove();
  const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 32;
  entry.item.hidden = !fits(entry);
  log.append(entry.item);
  if (atEnd) log.scrollTop = log.scrollHeight;
  count();
}

function fits({ way, find }) {
  const ways = [...document.querySelectorAll('input[name=show]:checked')].map((box) => box.value);
  return ways.includes(way) && find.includes(byId('filter').value.trim().toLowerCase());
}

function refilter() {
  for (const entry of entries) entry.item.hidden = !fits(entry);
  count();
}

function count() {
  const shown = entries.filter(({ item }) => !item.hidden).length;
  byId('log-count').textContent = shown === entries.length ? `${shown}` : `${shown} of ${entries.length}`;
}

async function clip(some) {
  const lines = some.map(({ way, name, data, at }) => JSON.stringify({ at: at.toISOString(), way: WAYS[way][1], name, data }));
  const text = lines.join('\n');
  try {
    if (!navigator.clipboard) throw new Error('the clipboard is for secure origins only');
    await navigator.clipboard.writeText(text);
    toast('Copied.', 'good');
  } catch {
    const field = el('textarea', { class: 'visually-hidden', readonly: true }, text);
    document.body.append(field);
    field.select();
    toast(document.execCommand('copy') ? 'Copied.' : 'Copying is not allowed here.');
    field.remove();
  }
}

for (const box of document.querySelectorAll('input[name=show]')) box.addEventListener('change', refilter);
byId('filter').addEventListener('input', refilter);
byId('copy-all').addEventListener('click', () => clip(entries.filter(({ item }) => !item.hidden)));
byId('clear').addEventListener('click', () => {
  for (const { item } of entries.splice(0)) item.remove();
  count();
});

offer();
suggest();
count();
