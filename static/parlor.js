/**
 * Parlor's client: a room over socket.io-client that survives lost networks, sleeping phones and server restarts.
 *
 *     import { connect } from '/static/parlor.js';
 *
 *     const room = connect({ namespace: '/draft', roomCode: 'BCDFGH' });
 *     room.on('character_drawn', (payload, { seq, replayed }) => { … });
 *     room.onStatus(({ state, attempt, transport }) => { … });
 *     const ack = await room.send('draw_character', {});      // rejects with a ParlorError { code, message, details }
 *
 * What it does for you
 * - Resumes: after a reconnect it re-enters the room with the last `seq` it has, and gets what it missed.
 * - Order: every logged event (one with a `seq`) reaches your handlers once and in order; a gap in `seq` is filled by `request_sync`.
 * - Retries: a command that was not answered is sent again after the reconnect with the same `command_id`; the server applies it once.
 * - Reconnects after 1 s, 2 s, 4 s, 8 s, then every 10 s (±20 %), and at once when the network or the page comes back.
 *
 * connect(options) → Room. Options, all optional except the namespace:
 *   namespace   '/draft' and so on
 *   roomCode    the room to enter. Without one the socket is only connected; send `create_room` or `join_room` yourself.
 *   lastSeq     the last event you have (default 0: all that you may see is sent)
 *   url         the server (default: where the page comes from)
 *   token       who you are. Browsers on the server's own pages need none: the cookie says it.
 *   storage     where to keep the token and the polling switch: something like localStorage. Default: localStorage for the switch only.
 *               Pass `storage` to keep the token too, so that a guest is the same player after a reload.
 *   polling     true: long-polling only. Default: what the switch was set to.
 *   io          the `io` function of socket.io-client. Default: the official client that the server itself serves.
 *   socket      more options for socket.io-client, such as `parser` or `extraHeaders`
 *
 * Room
 *   on(name, handler)  handler(payload, { name, seq, replayed }); `'*'` hears every event. Returns a function that removes it. Besides the
 *                      server's events there is `state`: the whole state, to be taken as it is, on entering and after every gap:
 *                      handler({ state, seq, players, player_role, seat, status, reason }). `replayed` is true for events that happened
 *                      while one was away: the state that was or is about to be given holds them already.
 *   onStatus(handler)  handler(status), now and at every change: { state, attempt, transport, retryAt, message }, where state is
 *                      'connecting' | 'online' | 'reconnecting' | 'offline' (the device says it has no network) | 'refused' | 'left'
 *   send(event, payload, { commandId })  a Promise of the answer; waits through reconnects. close() and leave() reject what is unanswered.
 *   hint(event, payload)  not answered, not repeated, dropped while away: for `typing`
 *   sync()             asks for the whole state
 *   retry()            reconnects now
 *   setPolling(bool)   switches the transport and remembers it
 *   leave()            leaves the room for good; resolves once the server knows or after 2 s
 *   close()            stops without leaving: the grace period begins
 *   status, seq, session, roomCode, role, seat, polling   what is known
 *
 * Nothing here touches the page, and everything from outside comes in through `options`: it runs in Node as well.
 */

/** Delays between attempts, in ms; the last one repeats. */
const BACKOFF = [1000, 2000, 4000, 8000, 10000];
/** How long one attempt may take, in ms. */
const CONNECT_WITHIN = 8000;
/** How long a room may take to let us in before we ask again, in ms. */
const ENTER_AFTER = 3000;
/** How long to wait for missed events that the state says there are, in ms. */
const CATCH_UP_WITHIN = 1500;
/** How long an answer to `request_sync` may take before the connection counts as dead, in ms, and when to ask again if it was refused. */
const SYNC_WITHIN = 5000;
const ASK_AGAIN_AFTER = 1000;
/** How long a connection may take to prove that it lives, when the page wakes up, in ms. */
const ALIVE_WITHIN = 2500;
/** More unanswered commands than anybody types while away; beyond it `send` refuses. */
const MAX_UNANSWERED = 100;
/** Events after a gap that are kept until it is filled. */
const MAX_EARLY = 1000;
const TOKEN_KEY = 'parlor.token';
const POLLING_KEY = 'parlor.polling';

/** Refusals of a room that mean "not now". */
const PASSING = new Set(['UNAVAILABLE', 'BUSY', 'RATE_LIMITED', 'INTERNAL_ERROR']);

/** Events that are no entries of the log, even where they carry the room's `seq`. */
const UNLOGGED = new Set(['session', 'error', 'connection_established', 'state_sync', 'presence_update', 'player_typing', 'pong',
  'server_draining', 'token_expired', 'token_revoked', 'game_state', 'game_update', 'room_joined', 'player_list', 'room_left']);

/** A refusal. `code` is one of the codes in the protocol, or `GONE` when the room was left before an answer came. */
export class ParlorError extends Error {
  constructor({ code = 'INTERNAL_ERROR', message = 'the server gave no reason', details, retry_after_ms } = {}) {
    super(message);
    this.name = 'ParlorError';
    this.code = code;
    this.details = details;
    this.retryAfterMs = retry_after_ms ?? details?.retry_after_ms;
  }
}

/** Connects; see the top of this file. */
export function connect(options) {
  return new Room(options);
}

class Room {
  #options;
  #socket = null;
  #handlers = new Map();
  #statusHandlers = new Set();
  #unanswered = new Map();
  #early = new Map();
  #cleanups = [];
  #timers = {};
  #attempt = 0;
  /** Counts connections; a command knows over which one it went out. */
  #connection = 0;
  #entered = false;
  #everEntered = false;
  #closed = false;
  #syncing = false;
  /** The seq of the state that was given on entering, while the events that led to it are still on their way; else 0. */
  #ahead = 0;

  constructor(options) {
    if (!options?.namespace) throw new TypeError('connect() needs a namespace, such as "/draft"');
    this.#options = options;
    this.roomCode = options.roomCode ?? null;
    this.seq = options.lastSeq ?? 0;
    this.role = null;
    this.seat = null;
    this.session = null;
    this.polling = options.polling ?? this.#remembered(POLLING_KEY) === 'true';
    this.status = { state: 'connecting', attempt: 0, transport: null, retryAt: null, message: null };
    this.#open().catch((error) => this.#refused(`the client could not be loaded: ${error.message}`));
  }

  on(name, handler) {
    if (!this.#handlers.has(name)) this.#handlers.set(name, new Set());
    this.#handlers.get(name).add(handler);
    return () => this.#handlers.get(name)?.delete(handler);
  }

  onStatus(handler) {
    this.#statusHandlers.add(handler);
    handler(this.status);
    return () => this.#statusHandlers.delete(handler);
  }

  send(event, payload = {}, { commandId = newId() } = {}) {
    if (this.#closed) return Promise.reject(new ParlorError({ code: 'GONE', message: 'the room was left' }));
    if (this.#unanswered.size >= MAX_UNANSWERED) {
      return Promise.reject(new ParlorError({ code: 'BUSY', message: 'too many commands wait for the connection' }));
    }
    return new Promise((resolve, reject) => {
      this.#unanswered.set(commandId, { event, payload: { ...payload, command_id: commandId }, resolve, reject });
      if (this.#ready()) this.#transmit(commandId);
    });
  }

  hint(event, payload = {}) {
    if (this.#ready()) this.#socket.volatile.emit(event, payload);
  }

  sync() {
    this.#ask({});
  }

  retry() {
    if (this.#closed) return;
    this.#attempt = 0;
    this.#restart(0);
  }

  setPolling(on) {
    this.polling = Boolean(on);
    this.#remember(POLLING_KEY, String(this.polling));
    if (!this.#socket) return;
    this.#socket.io.opts.transports = transports(this.polling);
    this.#restart(0);
  }

  async leave() {
    if (this.#closed) return;
    if (this.#socket?.connected) {
      await new Promise((resolve) => this.#socket.timeout(2000).emit('leave_room', {}, resolve));
    }
    this.close();
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    for (const timer of Object.keys(this.#timers)) this.#cancel(timer);
    for (const cleanup of this.#cleanups) cleanup();
    this.#socket?.disconnect();
    for (const { reject } of this.#unanswered.values()) reject(new ParlorError({ code: 'GONE', message: 'the room was left' }));
    this.#unanswered.clear();
    this.#say({ state: 'left', transport: null, retryAt: null });
  }

  // The connection ----------------------------------------------------------------------------------------------------------------

  async #open() {
    const io = this.#options.io ?? (await import('/socket.io/socket.io.esm.min.js')).io;
    if (this.#closed) return;
    const socket = io((this.#options.url ?? '') + this.#options.namespace, {
      transports: transports(this.polling),
      withCredentials: true,
      ...this.#options.socket,
      forceNew: true,
      // Attempts are timed here: at once when the network is back, and counted for the user.
      reconnection: false,
      timeout: CONNECT_WITHIN,
      autoConnect: false,
      auth: (give) => give(this.#auth()),
    });
    this.#socket = socket;
    socket.on('connect', () => this.#connected());
    socket.on('disconnect', (reason) => this.#lost(reason));
    socket.on('connect_error', (error) => this.#failed(error));
    socket.onAny((name, payload) => this.#receive(name, payload ?? {}));
    this.#watchDevice();
    socket.connect();
  }

  #auth() {
    const auth = {};
    const token = this.#options.token ?? (this.#options.storage ? this.#remembered(TOKEN_KEY) : null);
    if (token) auth.token = token;
    if (this.roomCode) Object.assign(auth, { room_code: this.roomCode, last_seq: this.seq });
    return auth;
  }

  #connected() {
    this.#connection += 1;
    this.#entered = false;
    this.#ahead = 0;
    const engine = this.#socket.io.engine;
    engine.on('upgrade', () => this.#say({ transport: engine.transport.name }));
    if (!this.roomCode) return this.#online();
    this.#after('enter', ENTER_AFTER, () => this.#enter());
  }

  /** Asks for the room by name, when the handshake did not get us in. */
  #enter() {
    if (this.#entered || !this.#socket.connected) return;
    this.#socket.timeout(ENTER_AFTER).emit('join_room', { room_code: this.roomCode, last_seq: this.seq }, (error, ack) => {
      if (this.#entered || this.#closed) return;
      if (error) return this.#restart();
      // Not about us: the store is away for a moment, or too many ask at once.
      if (PASSING.has(ack?.error?.code)) return this.#after('enter', ENTER_AFTER, () => this.#enter());
      if (!ack?.ok) return this.#refused(ack?.error?.message ?? 'the room does not let us in', ack?.error?.code);
      this.#replay(ack.events);
      if (ack.state !== undefined) this.#established({ ...ack, current_state: ack.state });
      else this.#online();
    });
  }

  #online() {
    this.#cancel('enter');
    this.#entered = true;
    this.#everEntered = true;
    this.#attempt = 0;
    this.#say({ state: 'online', attempt: 0, retryAt: null, message: null, transport: this.#socket.io.engine?.transport?.name ?? null });
    // The state may come again in one connection, as after `join_room`: what went out since it stands is being answered.
    for (const [id, { sentOver }] of this.#unanswered) {
      if (sentOver !== this.#connection) this.#transmit(id);
    }
  }

  #lost(reason) {
    if (this.#closed) return;
    this.#entered = false;
    this.#syncing = false;
    // The server put us out on purpose (kicked, token expired): it would do so again at once, so begin with a longer wait.
    if (reason === 'io server disconnect') this.#attempt = Math.max(this.#attempt, 1);
    this.#later();
  }

  #failed(error) {
    if (this.#closed) return;
    if (String(error?.message).startsWith('AUTH_REQUIRED')) {
      if (this.#options.storage && this.#remembered(TOKEN_KEY)) {
        this.#remember(TOKEN_KEY, null);
        return this.#restart(0);
      }
      return this.#refused(error.message, 'AUTH_REQUIRED');
    }
    this.#later();
  }

  #refused(message, code) {
    this.#emit('refused', { code, message });
    for (const timer of Object.keys(this.#timers)) this.#cancel(timer);
    this.#closed = true;
    for (const cleanup of this.#cleanups) cleanup();
    this.#socket?.disconnect();
    for (const { reject } of this.#unanswered.values()) reject(new ParlorError({ code: code ?? 'GONE', message }));
    this.#unanswered.clear();
    this.#say({ state: 'refused', message, transport: null, retryAt: null });
  }

  /** Tries again after the wait that is due. */
  #later(wait) {
    if (this.#closed) return;
    this.#cancel('enter');
    const base = BACKOFF[Math.min(this.#attempt, BACKOFF.length - 1)];
    // Spread out, so that a restarted server is not met by everybody in the same millisecond.
    const delay = wait ?? Math.round(base * (0.8 + Math.random() * 0.4));
    this.#attempt += 1;
    this.#say({ state: this.#away(), attempt: this.#attempt, retryAt: Date.now() + delay, transport: null });
    this.#after('retry', delay, () => this.#socket.connect());
  }

  /** Throws the connection away, which may be dead without knowing it, and makes a new one. */
  #restart(wait) {
    if (!this.#socket || this.#closed) return;
    this.#cancel('retry');
    this.#entered = false;
    this.#syncing = false;
    // Closes the engine as well, because the socket has its manager for itself.
    this.#socket.off('disconnect');
    this.#socket.disconnect();
    this.#socket.on('disconnect', (reason) => this.#lost(reason));
    this.#later(wait);
  }

  #away() {
    if (globalThis.navigator?.onLine === false) return 'offline';
    return this.#everEntered || this.#attempt > 1 ? 'reconnecting' : 'connecting';
  }

  /** Reacts to the network and to the page going to sleep and waking up, where there are such things. */
  #watchDevice() {
    const listen = (target, name, handler) => {
      if (!target?.addEventListener) return;
      target.addEventListener(name, handler);
      this.#cleanups.push(() => target.removeEventListener(name, handler));
    };
    listen(globalThis, 'offline', () => this.#restart());
    listen(globalThis, 'online', () => this.retry());
    listen(globalThis, 'pageshow', (event) => event.persisted && this.#wake());
    listen(globalThis.document, 'visibilitychange', () => globalThis.document.visibilityState === 'visible' && this.#wake());
  }

  /** The page may have slept for hours, and the connection may be gone without a word. */
  #wake() {
    if (this.#closed || !this.#socket) return;
    if (!this.#socket.connected) return this.retry();
    this.#socket.timeout(ALIVE_WITHIN).emit('ping', { timestamp: Date.now() }, (error) => error && this.retry());
  }

  // Commands ----------------------------------------------------------------------------------------------------------------------

  #ready() {
    return Boolean(this.#socket?.connected && this.#entered);
  }

  #transmit(id) {
    const command = this.#unanswered.get(id);
    command.sentOver = this.#connection;
    this.#socket.emit(command.event, command.payload, (ack) => {
      if (this.#unanswered.get(id) !== command) return;
      this.#unanswered.delete(id);
      if (ack?.ok === false) return command.reject(new ParlorError(ack.error));
      if (!this.roomCode && ack?.room_code) {
        this.roomCode = ack.room_code;
        this.#cancel('enter');
      }
      command.resolve(ack ?? { ok: true });
    });
  }

  // Events ------------------------------------------------------------------------------------------------------------------------

  #receive(name, payload) {
    if (this.#closed) return;
    if (name === 'session') {
      this.session = payload;
      if (this.#options.storage && payload.token) this.#remember(TOKEN_KEY, payload.token);
    }
    if (name === 'connection_established') return this.#established(payload);
    if (name === 'state_sync') return this.#adopt(payload);
    if (name === 'server_draining') {
      this.#emit(name, payload);
      return this.#restart((payload.reconnect_after_ms ?? 1000) * (1 + Math.random() * 0.5));
    }
    if (name === 'token_revoked') {
      // Signed out elsewhere. Going on as a new guest would only look like being here.
      if (this.#options.storage) this.#remember(TOKEN_KEY, null);
      this.#emit(name, payload);
      return this.#refused('You were signed out. Reload the page to sign in again, or to go on as a guest.', 'AUTH_REQUIRED');
    }
    if (UNLOGGED.has(name) || !Number.isInteger(payload.seq)) return this.#emit(name, payload);
    this.#logged(name, payload);
  }

  /** We are in the room. The state is of now; the events that we missed are on their way, or here already. */
  #established(payload) {
    if (this.roomCode && payload.room_code && payload.room_code !== this.roomCode) {
      // The server took us along into another room, as after a rematch: its log has numbers of its own.
      this.#early.clear();
      this.#settle();
      this.seq = payload.seq ?? 0;
    }
    this.roomCode = payload.room_code ?? this.roomCode;
    this.role = payload.player_role ?? this.role;
    this.seat = payload.seat ?? this.seat;
    this.#emit('connection_established', payload);
    const { current_state: state, ...rest } = payload;
    this.#emit('state', { ...rest, state, reason: 'entered' });
    if ((payload.seq ?? 0) > this.seq) {
      this.#ahead = payload.seq;
      this.#after('catchUp', CATCH_UP_WITHIN, () => this.#skipTo(this.#ahead));
    }
    this.#online();
  }

  /** Takes a whole state, unless it was overtaken: what came before it is in it. */
  #adopt(payload) {
    if ((payload.seq ?? this.seq) < this.seq) return;
    this.#emit('state', payload);
    this.#skipTo(payload.seq ?? this.seq);
  }

  #skipTo(seq) {
    this.seq = Math.max(this.seq, seq);
    this.#settle();
    this.#drain();
  }

  #settle() {
    if (this.seq < this.#ahead) return;
    this.#ahead = 0;
    this.#cancel('catchUp');
  }

  #logged(name, payload) {
    const { seq } = payload;
    if (seq <= this.seq) return;
    if (seq > this.seq + 1) {
      if (this.#early.size < MAX_EARLY) this.#early.set(seq, [name, payload]);
      // Newer than the state we were given, and what led to that was not sent: the state holds all of it.
      if (this.#ahead && seq > this.#ahead) return this.#skipTo(this.#ahead);
      return this.#ask({ last_seq: this.seq });
    }
    const replayed = Boolean(this.#ahead) || !this.#entered;
    this.seq = seq;
    this.#settle();
    if (name !== 'hidden') this.#emit(name, payload, replayed);
    this.#drain();
  }

  /** Asks for the state, one question at a time. */
  #ask(payload) {
    if (this.#syncing || !this.#socket?.connected) return;
    this.#syncing = true;
    this.#socket.timeout(SYNC_WITHIN).emit('request_sync', payload, (error, ack) => {
      this.#syncing = false;
      if (this.#closed) return;
      if (error) return this.#socket.connected && this.#restart();
      this.#replay(ack?.events);
      if (ack?.ok && ack.state !== undefined) this.#adopt({ ...ack, reason: ack.reason ?? 'sync' });
      // Refused (too many questions at once), and there is a gap still: ask again.
      else if (this.#early.size > 0) this.#after('ask', ASK_AGAIN_AFTER, () => this.#ask(payload));
    });
  }

  /** Events as an answer holds them. */
  #replay(events) {
    for (const { event, data, seq, timestamp } of events ?? []) this.#logged(event, { timestamp, ...data, seq });
  }

  /** Delivers what came early and is due now. */
  #drain() {
    for (const seq of this.#early.keys()) if (seq <= this.seq) this.#early.delete(seq);
    const next = this.#early.get(this.seq + 1);
    if (!next) return;
    this.#early.delete(this.seq + 1);
    this.#logged(...next);
  }

  #emit(name, payload, replayed = false) {
    const about = { name, seq: payload?.seq ?? null, replayed };
    for (const key of [name, '*']) {
      for (const handler of this.#handlers.get(key) ?? []) {
        // One handler's fault must not keep the others, or the order of events, from going on.
        try {
          handler(payload, about);
        } catch (error) {
          console.error(`a handler of ${name} failed`, error);
        }
      }
    }
  }

  #say(change) {
    this.status = { ...this.status, ...change };
    for (const handler of this.#statusHandlers) handler(this.status);
  }

  // Small things ------------------------------------------------------------------------------------------------------------------

  #after(timer, ms, then) {
    this.#cancel(timer);
    this.#timers[timer] = setTimeout(then, ms);
  }

  #cancel(timer) {
    clearTimeout(this.#timers[timer]);
    delete this.#timers[timer];
  }

  #remembered(key) {
    try {
      return (this.#options.storage ?? globalThis.localStorage)?.getItem(key) ?? null;
    } catch {
      return null; // Storage is forbidden in some private windows: then nothing is remembered.
    }
  }

  #remember(key, value) {
    try {
      const storage = this.#options.storage ?? globalThis.localStorage;
      if (value === null) storage?.removeItem(key);
      else storage?.setItem(key, value);
    } catch {
      // See #remembered.
    }
  }
}

function transports(pollingOnly) {
  return pollingOnly ? ['polling'] : ['polling', 'websocket'];
}

/** A command's id. `randomUUID` exists on secure origins only, and a phone in the living room is on plain HTTP. */
function newId() {
  if (globalThis.crypto?.randomUUID) return globalThis.crypto.randomUUID();
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
