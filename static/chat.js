/** A room's chat: what was said, who is typing, and the line to write in. The same for every game. */
import { bdi, byId, el, toast } from './ui.js';

/** What stays on the page; the log has all of it. */
const MAX_LINES = 200;
/** How long "is typing" stands without word, and how often ours is said, in ms. */
const TYPING_FOR = 4000;
const TYPING_EVERY = 1500;

/** Ties the chat panel to a room. `me()` gives one's own player id. */
export function chat(room, { me }) {
  const log = byId('chat-log');
  const input = byId('chat-input');
  const typing = byId('typing');
  const typers = new Map();
  let saidAt = 0;

  room.on('chat_message', ({ player, message, timestamp }) => {
    const atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 24;
    const own = player?.player_id && player.player_id === me();
    const time = el('time', { class: 'hint', datetime: timestamp }, clock(timestamp));
    log.append(el('li', { class: own ? 'chat-line own' : 'chat-line' },
      el('span', { class: 'chat-who' }, bdi(player?.nickname ?? 'Somebody'), ' ', time), el('span', { class: 'chat-text', dir: 'auto' }, message)));
    while (log.children.length > MAX_LINES) log.firstChild.remove();
    if (atEnd || own) log.scrollTop = log.scrollHeight;
    stopped(player?.player_id);
  });

  room.on('player_typing', ({ player_id: id, nickname, typing: busy }) => {
    if (id === me()) return;
    stopped(id);
    if (busy) typers.set(id, { nickname, timer: setTimeout(() => stopped(id), TYPING_FOR) });
    showTyping();
  });

  function stopped(id) {
    clearTimeout(typers.get(id)?.timer);
    if (typers.delete(id)) showTyping();
  }

  function showTyping() {
    const names = [...typers.values()].map((typer) => typer.nickname);
    typing.replaceChildren();
    if (names.length === 1) typing.append(bdi(names[0]), ' is typing…');
    else if (names.length > 1) typing.append(`${names.length} people are typing…`);
  }

  input.addEventListener('input', () => {
    if (Date.now() - saidAt < TYPING_EVERY) return;
    saidAt = Date.now();
    room.hint('typing', { typing: input.value !== '' });
  });

  byId('chat-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const message = input.value.trim();
    if (!message) return;
    input.value = '';
    saidAt = 0;
    try {
      await room.send('chat_message', { message });
    } catch (refusal) {
      toast(refusal.message, 'bad');
      if (!input.value) input.value = message;
    }
  });
}

function clock(timestamp) {
  const at = new Date(timestamp);
  return Number.isNaN(at.getTime()) ? '' : at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}
