/** static/parlor.js against a socket that does what a test says: order, gaps, resume, retries, backoff. No server, no network. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { connect } from '../../static/parlor.js';

/** Stands where socket.io-client's socket would; `emitted` is what was sent. */
class FakeSocket {
  constructor(options) {
    this.options = options;
    this.connected = false;
    this.attempts = 0;
    this.emitted = [];
    this.handlers = new Map();
    this.io = { opts: { transports: options.transports }, engine: { on() {}, transport: { name: 'websocket' } } };
    this.volatile = { emit: (name, payload) => this.emitted.push({ name, payload, volatile: true }) };
  }

  on(name, handler) { this.handlers.set(name, handler); }
  off(name) { this.handlers.delete(name); }
  onAny(handler) { this.any = handler; }
  connect() { this.attempts += 1; }
  disconnect() { this.connected = false; }
  emit(name, payload, ack) { this.emitted.push({ name, payload, ack }); }
  timeout() { return { emit: (name, payload, ack) => this.emitted.push({ name, payload, ack, timed: true }) }; }

  /** What the handshake would carry now. */
  auth() {
    let auth;
    this.options.auth((given) => { auth = given; });
    return auth;
  }

  /** The connection stands; the room lets us in with its state at `seq`. */
  enter(seq, more = {}) {
    this.connected = true;
    this.handlers.get('connect')();
    if (seq !== undefined) this.say('connection_established', { seq, room_code: 'BCDFGH', player_role: 'host', seat: 0, current_state: { seq }, ...more });
  }

  say(name, payload) { this.any(name, payload); }

  drop(reason = 'transport close') {
    this.connected = false;
    this.handlers.get('disconnect')(reason);
  }

  sent(name) { return this.emitted.filter((each) => each.name === name); }
}

function storage(entries = {}) {
  const kept = new Map(Object.entries(entries));
  return { kept, getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
}

/** A room over a fake socket, with everything it heard. */
async function open(options = {}) {
  let socket;
  const io = (url, given) => {
    socket = new FakeSocket(given);
    socket.url = url;
    return socket;
  };
  const room = connect({ namespace: '/draft', roomCode: 'BCDFGH', io, storage: storage(), ...options });
  const heard = [];
  room.on('*', (payload, { name, replayed }) => heard.push(`${name} ${payload.seq ?? '-'}${replayed ? ' replayed' : ''}`));
  const states = [];
  room.onStatus(({ state, attempt }) => states.push(`${state} ${attempt}`));
  await Promise.resolve();
  return { room, socket, heard, states, logged: () => heard.filter((line) => line.startsWith('moved')) };
}

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  mock.method(Math, 'random', () => 0.5);
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

test('the handshake names the room and the last event that is known', async () => {
  const { room, socket } = await open({ lastSeq: 4 });
  assert.equal(socket.url, '/draft');
  assert.deepEqual(socket.auth(), { room_code: 'BCDFGH', last_seq: 4 });
  socket.enter(4);
  socket.say('moved', { seq: 5 });
  assert.deepEqual(socket.auth(), { room_code: 'BCDFGH', last_seq: 5 });
  room.close();
});

test('events arrive once and in order, whatever the order and number of their deliveries', async () => {
  const { room, socket, logged } = await open();
  socket.enter(0);
  for (const seq of [1, 1, 2, 4, 5, 4, 3, 6, 2]) socket.say('moved', { seq });
  assert.deepEqual(logged(), [1, 2, 3, 4, 5, 6].map((seq) => `moved ${seq}`));
  room.close();
});

test('who was signed out elsewhere is not somebody new a moment later', async () => {
  const kept = storage();
  const { room, socket, states } = await open({ storage: kept });
  socket.enter(0);
  socket.say('session', { token: 'a.b.c' });
  assert.equal(kept.getItem('parlor.token'), 'a.b.c');
  socket.say('token_revoked', { message: 'you were signed out' });
  assert.equal(kept.getItem('parlor.token'), null);
  assert.match(room.status.message, /signed out/);
  assert.equal(states.at(-1).split(' ')[0], 'refused');
  assert.equal(socket.connected, false);
});

test('a gap asks for a sync once, and the state given for it fills it', async () => {
  const { room, socket, heard } = await open();
  socket.enter(0);
  socket.say('moved', { seq: 3 });
  socket.say('moved', { seq: 5 });
  assert.deepEqual(socket.sent('request_sync').map(({ payload }) => payload), [{ last_seq: 0 }]);
  socket.sent('request_sync')[0].ack(null, { ok: true, state: {}, seq: 4 });
  assert.deepEqual(heard.slice(-2), ['state 4', 'moved 5']);
  assert.equal(room.seq, 5);
  room.close();
});

test('a gap may be answered with the events themselves', async () => {
  const { room, socket, logged } = await open();
  socket.enter(0);
  socket.say('moved', { seq: 3 });
  const events = [1, 2].map((seq) => ({ seq, event: 'moved', data: {}, timestamp: 't' }));
  socket.sent('request_sync')[0].ack(null, { ok: true, events });
  assert.deepEqual(logged(), ['moved 1', 'moved 2', 'moved 3']);
  room.close();
});

test('a refused sync is asked again while there is a gap', async () => {
  const { room, socket } = await open();
  socket.enter(0);
  socket.say('moved', { seq: 3 });
  socket.sent('request_sync')[0].ack(null, { ok: false, error: { code: 'RATE_LIMITED', message: 'slower' } });
  mock.timers.tick(1000);
  assert.equal(socket.sent('request_sync').length, 2);
  room.close();
});

test('hidden events count and are not told', async () => {
  const { room, socket, heard } = await open();
  socket.enter(0);
  socket.say('hidden', { seq: 1 });
  socket.say('moved', { seq: 2 });
  assert.deepEqual(heard.slice(2), ['moved 2']);
  assert.equal(socket.sent('request_sync').length, 0);
  room.close();
});

for (const order of ['before', 'after']) {
  test(`what was missed comes as replayed when it is sent ${order} the state`, async () => {
    const { room, socket, heard, logged } = await open({ lastSeq: 1 });
    const missed = () => [2, 3].forEach((seq) => socket.say('moved', { seq }));
    socket.connected = true;
    socket.handlers.get('connect')();
    if (order === 'before') missed();
    socket.say('connection_established', { seq: 3, current_state: {} });
    if (order === 'after') missed();
    socket.say('moved', { seq: 4 });
    assert.deepEqual(logged(), ['moved 2 replayed', 'moved 3 replayed', 'moved 4']);
    assert.ok(heard.includes('state 3'));
    room.close();
  });
}

test('a state whose events are never sent is taken for them', async () => {
  const { room, socket, logged } = await open();
  socket.enter(7);
  socket.say('moved', { seq: 8 });
  assert.deepEqual(logged(), ['moved 8']);
  room.close();
  const other = await open();
  other.socket.enter(7);
  mock.timers.tick(1500);
  assert.equal(other.room.seq, 7);
  other.room.close();
});

test('an unanswered command is sent again after the reconnect with its id, and answered once', async () => {
  const { room, socket } = await open();
  socket.enter(0);
  const answer = room.send('draw_character', { a: 1 });
  const [first] = socket.sent('draw_character');
  socket.drop();
  mock.timers.tick(1000);
  socket.enter(0);
  const [, second] = socket.sent('draw_character');
  assert.deepEqual(second.payload, first.payload);
  assert.match(first.payload.command_id, /^[\w-]{1,64}$/);
  second.ack({ ok: true, seq: 1, duplicate: true });
  first.ack({ ok: false, error: { code: 'ILLEGAL_MOVE', message: 'late' } });
  assert.deepEqual(await answer, { ok: true, seq: 1, duplicate: true });
  socket.drop();
  mock.timers.tick(1000);
  socket.enter(0);
  assert.equal(socket.sent('draw_character').length, 2);
  room.close();
});

test('a command that lets us in is sent once, though the state comes before its answer', async () => {
  const { room, socket } = await open({ roomCode: undefined });
  socket.enter();
  const joined = room.send('join_room', { room_code: 'BCDFGH', nickname: 'Ben' });
  socket.say('connection_established', { seq: 3, room_code: 'BCDFGH', player_role: 'guest', seat: 1, current_state: {} });
  assert.equal(socket.sent('join_room').length, 1);
  socket.sent('join_room')[0].ack({ ok: true, room_code: 'BCDFGH' });
  assert.deepEqual(await joined, { ok: true, room_code: 'BCDFGH' });
});

test('commands given while away wait, in order, until the room lets us in', async () => {
  const { room, socket } = await open();
  const answers = ['one', 'two'].map((name) => room.send(name));
  socket.connected = true;
  socket.handlers.get('connect')();
  assert.equal(socket.emitted.length, 0);
  socket.say('connection_established', { seq: 0, current_state: {} });
  assert.deepEqual(socket.emitted.map(({ name }) => name), ['one', 'two']);
  room.close();
  for (const answer of answers) await assert.rejects(answer, { code: 'GONE' });
});

test('a refusal rejects with its code', async () => {
  const { room, socket } = await open();
  socket.enter(0);
  const answer = room.send('draw_character');
  socket.sent('draw_character')[0].ack({ ok: false, error: { code: 'RATE_LIMITED', message: 'slower', retry_after_ms: 40 } });
  await assert.rejects(answer, { name: 'ParlorError', code: 'RATE_LIMITED', message: 'slower', retryAfterMs: 40 });
  room.close();
});

test('attempts come after 1, 2, 4, 8 and 10 seconds and are counted', async () => {
  const { room, socket, states } = await open();
  socket.enter(0);
  socket.drop();
  for (const [n, wait] of [1000, 2000, 4000, 8000, 10000, 10000].entries()) {
    assert.equal(states.at(-1), `reconnecting ${n + 1}`);
    const before = socket.attempts;
    mock.timers.tick(wait - 1);
    assert.equal(socket.attempts, before);
    mock.timers.tick(1);
    assert.equal(socket.attempts, before + 1);
    socket.handlers.get('connect_error')(new Error('xhr poll error'));
  }
  mock.timers.tick(10000);
  socket.enter(0);
  assert.equal(states.at(-1), 'online 0');
  room.close();
});

test('retry() tries at once and counts from one again', async () => {
  const { room, socket, states } = await open();
  socket.enter(0);
  socket.drop();
  const before = socket.attempts;
  room.retry();
  mock.timers.tick(0);
  assert.equal(socket.attempts, before + 1);
  assert.equal(states.at(-1), 'reconnecting 1');
  room.close();
});

test('a draining server says when to come back', async () => {
  const { room, socket } = await open();
  socket.enter(0);
  socket.say('server_draining', { reconnect_after_ms: 3000 });
  assert.equal(socket.connected, false);
  mock.timers.tick(3749);
  assert.equal(socket.attempts, 1);
  mock.timers.tick(1);
  assert.equal(socket.attempts, 2);
  room.close();
});

test('a room that says nothing is asked by name, and its refusal ends it', async () => {
  const { room, socket, states } = await open();
  socket.enter();
  mock.timers.tick(3000);
  const [join] = socket.sent('join_room');
  assert.deepEqual(join.payload, { room_code: 'BCDFGH', last_seq: 0 });
  const waiting = room.send('draw_character');
  join.ack(null, { ok: false, error: { code: 'ROOM_UNAVAILABLE', message: 'This room has closed.' } });
  await assert.rejects(waiting, { code: 'ROOM_UNAVAILABLE' });
  assert.equal(states.at(-1), 'refused 0');
  assert.equal(room.status.message, 'This room has closed.');
});

test('a room that cannot let anybody in for a moment is asked again', async () => {
  const { room, socket, states } = await open();
  socket.enter();
  for (const code of ['UNAVAILABLE', 'BUSY', 'RATE_LIMITED', 'INTERNAL_ERROR']) {
    mock.timers.tick(3000);
    socket.sent('join_room').at(-1).ack(null, { ok: false, error: { code, message: 'not now' } });
    assert.notEqual(room.status.state, 'refused', code);
  }
  mock.timers.tick(3000);
  assert.equal(socket.sent('join_room').length, 5);
  socket.sent('join_room').at(-1).ack(null, { ok: true, events: [], seq: 0 });
  assert.equal(states.at(-1), 'online 0');
});

test('a token that is kept is used, and thrown away when it is refused', async () => {
  const kept = storage({ 'parlor.token': 'old' });
  const { room, socket } = await open({ storage: kept });
  assert.equal(socket.auth().token, 'old');
  socket.handlers.get('connect_error')(new Error('AUTH_REQUIRED: the token has expired'));
  assert.equal(socket.auth().token, undefined);
  mock.timers.tick(0);
  assert.equal(socket.attempts, 2);
  socket.say('session', { player_id: 'p', token: 'new' });
  assert.equal(kept.kept.get('parlor.token'), 'new');
  socket.handlers.get('connect_error')(new Error('AUTH_REQUIRED: no'));
  assert.notEqual(room.status.state, 'refused');
  socket.handlers.get('connect_error')(new Error('AUTH_REQUIRED: no'));
  assert.equal(room.status.state, 'refused');
});

test('the polling switch changes the transports, reconnects and is remembered', async () => {
  const kept = storage();
  const { room, socket } = await open({ storage: kept });
  assert.deepEqual(socket.options.transports, ['polling', 'websocket']);
  socket.enter(0);
  room.setPolling(true);
  mock.timers.tick(0);
  assert.deepEqual(socket.io.opts.transports, ['polling']);
  assert.equal(socket.attempts, 2);
  room.close();
  const again = await open({ storage: kept });
  assert.deepEqual(again.socket.options.transports, ['polling']);
  again.room.close();
});

test('leaving tells the server, and after it nothing is sent or heard', async () => {
  const { room, socket, heard, states } = await open();
  socket.enter(0);
  const left = room.leave();
  socket.sent('leave_room')[0].ack(null, { ok: true });
  await left;
  const before = heard.length;
  socket.say('moved', { seq: 1 });
  assert.equal(heard.length, before);
  assert.equal(states.at(-1), 'left 0');
  await assert.rejects(room.send('draw_character'), { code: 'GONE' });
});

test('a failing handler does not stop the others or the order', async () => {
  const { room, socket, logged } = await open();
  mock.method(console, 'error', () => {});
  room.on('moved', () => { throw new Error('mine'); });
  socket.enter(0);
  [1, 2].forEach((seq) => socket.say('moved', { seq }));
  assert.deepEqual(logged(), ['moved 1', 'moved 2']);
  room.close();
});

test('payloads that are no objects do no harm', async () => {
  const { room, socket } = await open();
  socket.enter(0);
  for (const payload of [undefined, null, 7, 'text', [], { seq: 'x' }, { seq: -1 }, { seq: 1.5 }]) socket.say('moved', payload);
  assert.equal(room.seq, 0);
  room.close();
});
