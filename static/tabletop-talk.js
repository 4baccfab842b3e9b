/** What is said and rolled: the list, reactions, who has read it, who is typing, and the lines to write and roll in. */
import { bdi, byId, el } from './ui.js';
import { said } from './tabletop-state.js';
import { roll } from './tabletop-roll.js';

const EMOJI = ['👍', '❤️', '😂', '😮', '🎉', '👎'];
const QUICK = ['d4', 'd6', 'd8', 'd10', 'd12', 'd20', 'd%', 'adv', 'dis'];
/** How long "is typing" stands without word, and how often ours is said, in ms. */
const TYPING_FOR = 4000;
const TYPING_EVERY = 1500;
/** Reading is told when one stays a moment. */
const READ_AFTER = 2500;

/**
 * Ties the panel to a room. `table` has `state()`, `seat()`, `isDm()`, `act(event, payload)`, `upload(file)` and `visible()`, whether the
 * panel is looked at. Returns `{ render, heard }`.
 */
export function talk(room, table) {
  const log = byId('talk-log');
  const input = byId('say-text');
  const shown = new Map();
  const typers = new Map();
  let saidAt = 0;
  let readTo = 0;
  let reading = null;
  /** Whether the newest is looked at: then it stays so. */
  let atEnd = true;

  const nameOf = (seat) => table.state()?.players.find((player) => player.seat === seat)?.nickname ?? 'somebody';

  // The list ------------------------------------------------------------------------------------------------------------------------

  function body(entry) {
    switch (entry.kind) {
      case 'dice_roll': return roll(entry);
      case 'dm_narration': return el('p', { class: 'narration', dir: 'auto' }, entry.narration);
      case 'player_action': return el('p', { class: 'talk-text', dir: 'auto' }, el('strong', {}, entry.action_type.replaceAll('_', ' ')), ' ', details(entry.details));
      case 'image_shared': return picture(entry);
      default: return el('p', { class: 'talk-text', dir: 'auto' }, entry.message);
    }
  }

  function details(what) {
    if (what == null) return '';
    if (typeof what !== 'object') return String(what);
    if (typeof what.text === 'string' && Object.keys(what).length === 1) return what.text;
    return Object.entries(what).map(([key, value]) => `${key}: ${typeof value === 'object' ? JSON.stringify(value) : value}`).join(', ');
  }

  function picture({ image_id: id, caption }) {
    const url = `/api/rooms/${table.code}/images/${id}`;
    const image = el('img', { src: url, alt: caption || 'An image', loading: 'lazy', 'data-testid': 'shared-image' });
    image.addEventListener('load', () => atEnd && (log.scrollTop = log.scrollHeight));
    image.addEventListener('error', () => image.replaceWith(el('span', { class: 'hint' }, 'This image is not there.')));
    return el('figure', { class: 'shared' }, el('a', { href: url, target: '_blank', rel: 'noopener' }, image), caption && el('figcaption', { dir: 'auto' }, caption));
  }

  function aside(entry) {
    if (entry.kind === 'whisper') {
      const to = entry.to?.seat === table.seat() ? 'you' : entry.to?.nickname;
      return el('span', { class: 'tag mode' }, 'whispers to ', bdi(to ?? 'somebody'), entry.dm_reads && ' and the DM');
    }
    if (entry.kind === 'image_shared' && entry.to) return el('span', { class: 'tag mode' }, 'to ', entry.to.map(nameOf).join(', '));
    return null;
  }

  function line(entry) {
    const own = entry.player?.seat != null && entry.player.seat === table.seat();
    const time = el('time', { class: 'hint', datetime: entry.timestamp }, clock(entry.timestamp));
    const who = el('span', { class: 'chat-who' }, bdi(entry.player?.character_name || entry.player?.nickname || 'Somebody'), ' ', aside(entry), ' ', time);
    const { more, row } = reactions(entry);
    return el('li', { class: `talk-line ${entry.kind}${own ? ' own' : ''}`, 'data-testid': `talk-${entry.kind}`, 'data-seq': entry.seq },
      el('div', { class: 'talk-head' }, who, more), body(entry), row, own ? el('span', { class: 'hint seen', 'data-testid': 'seen' }) : null);
  }

  function reactions(entry) {
    const given = Object.entries(entry.reactions ?? {}).map(([emoji, seats]) => {
      const mine = seats.includes(table.seat());
      const chip = el('button', { type: 'button', class: 'chip', 'aria-pressed': String(mine), title: seats.map(nameOf).join(', '), disabled: table.seat() == null }, emoji, ' ', String(seats.length));
      chip.addEventListener('click', () => table.act('react', { to: entry.seq, emoji, on: !mine }));
      return chip;
    });
    if (table.seat() == null || table.over()) return { row: given.length > 0 && el('div', { class: 'reactions' }, ...given) };
    const more = el('button', { type: 'button', class: 'chip add', 'aria-label': 'React', 'aria-expanded': 'false', 'data-testid': 'react' }, '☺');
    const choices = el('span', { class: 'choices-inline', hidden: true }, ...EMOJI.map((emoji) => {
      const choice = el('button', { type: 'button', class: 'chip', 'aria-label': `React with ${emoji}`, 'data-emoji': emoji }, emoji);
      choice.addEventListener('click', () => {
        choices.hidden = true;
        more.setAttribute('aria-expanded', 'false');
        table.act('react', { to: entry.seq, emoji });
      });
      return choice;
    }));
    more.addEventListener('click', () => {
      choices.hidden = !choices.hidden;
      more.setAttribute('aria-expanded', String(!choices.hidden));
      if (!choices.hidden) choices.firstChild.focus();
    });
    return { more, row: el('div', { class: 'reactions' }, ...given, choices) };
  }

  /** Under one's last words: who has read them. */
  function seen() {
    const own = [...log.querySelectorAll('.talk-line.own .seen')];
    own.forEach((place) => { place.textContent = ''; });
    const last = own.at(-1);
    if (!last) return;
    const seq = Number(last.closest('[data-seq]').dataset.seq);
    const readers = table.state().players.filter(({ seat, read }) => seat !== table.seat() && read >= seq).map(({ nickname }) => nickname);
    last.textContent = readers.length > 0 ? `Seen by ${readers.join(', ')}` : '';
  }

  log.addEventListener('scroll', () => { atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 32; });

  function render() {
    const state = table.state();
    const entries = said(state);
    const keep = new Set(entries.map(({ seq }) => seq));
    for (const [seq, { item }] of shown) {
      if (keep.has(seq)) continue;
      item.remove();
      shown.delete(seq);
    }
    let before = null;
    for (const entry of entries) {
      const key = JSON.stringify([entry, table.over()]);
      const known = shown.get(entry.seq);
      let item = known?.item;
      if (known?.key !== key) {
        item = line(entry);
        if (known) known.item.replaceWith(item);
        shown.set(entry.seq, { key, item });
      }
      const place = before ? before.nextSibling : log.firstChild;
      if (place !== item) log.insertBefore(item, place);
      before = item;
    }
    if (atEnd) log.scrollTop = log.scrollHeight;
    seen();
    read(entries.at(-1)?.seq ?? 0);
    offer();
    byId('composer').hidden = table.over();
    for (const id of ['quick', 'roll-form']) byId(id).hidden = table.seat() == null;
    document.querySelector('label.file').hidden = table.seat() == null || !(table.isDm() || state.settings.players_may_share);
  }

  /** Tells the others how far one has read, when one looks. */
  function read(last) {
    const me = table.state().players.find(({ seat }) => seat === table.seat());
    readTo = Math.max(readTo, me?.read ?? 0);
    if (!me || table.over() || last <= readTo || reading || !table.visible()) return;
    reading = setTimeout(() => {
      reading = null;
      const now = said(table.state()).at(-1)?.seq ?? 0;
      if (now <= readTo || !table.visible() || !table.online()) return;
      readTo = now;
      room.send('mark_read', { seq: now }).catch(() => {});
    }, READ_AFTER);
  }

  // Writing -------------------------------------------------------------------------------------------------------------------------

  /** Ways to say something: to all, to one, as the DM. */
  function offer() {
    const others = table.state().players.filter(({ seat }) => seat !== table.seat());
    const ways = [['say', 'To all'], ...(table.isDm() ? [['narrate', 'Narrate']] : []), ...(table.seat() == null ? [] : [['act', 'Act'], ...others.map(({ seat, nickname }) => [`whisper:${seat}`, `Whisper to ${nickname}`])])];
    const select = byId('say-as');
    const key = JSON.stringify(ways);
    if (select.dataset.key === key) return;
    const chosen = select.value;
    select.dataset.key = key;
    select.replaceChildren(...ways.map(([value, text]) => el('option', { value }, text)));
    if (ways.some(([value]) => value === chosen)) select.value = chosen;
  }

  async function say(text, as) {
    const rolled = /^\/r(?:oll)?\s+(.+)$/s.exec(text);
    if (rolled) return throwDice(rolled[1]);
    const [way, to] = as.split(':');
    if (way === 'narrate') return table.act('dm_narration', { narration: text });
    if (way === 'act') return table.act('player_action', { action_type: 'acts', details: { text } });
    if (way === 'whisper') return table.act('whisper', { to: Number(to), message: text });
    return table.act('chat_message', { message: text });
  }

  /** "2d6+3 # sword": a formula, and what it is for. */
  function throwDice(text) {
    atEnd = true;
    const [formula, ...label] = text.split('#');
    const what = label.join('#').trim();
    return table.act('dice_roll', { formula: formula.trim(), mode: byId('roll-mode').value, ...(what && { label: what.slice(0, 80) }) });
  }

  byId('say-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = '';
    grow();
    saidAt = 0;
    atEnd = true;
    if (!(await say(text, byId('say-as').value)) && !input.value) input.value = text;
  });
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byId('say-form').requestSubmit();
  });
  input.addEventListener('input', () => {
    grow();
    if (Date.now() - saidAt < TYPING_EVERY || !byId('say-as').value.startsWith('say')) return;
    saidAt = Date.now();
    room.hint('typing', { typing: input.value !== '' });
  });
  function grow() {
    input.rows = Math.min(5, input.value.split('\n').length);
  }

  byId('roll-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const formula = byId('roll-formula');
    if (formula.value.trim()) await throwDice(formula.value);
    formula.select();
  });
  byId('quick').replaceChildren(...QUICK.map((die) => {
    const formula = { adv: 'adv', dis: 'dis' }[die] ?? `1${die}`;
    const button = el('button', { type: 'button', class: 'button small', 'data-testid': `quick-${die}`, 'aria-label': `Roll ${formula}` }, die);
    button.addEventListener('click', () => throwDice(formula));
    return button;
  }));
  byId('share-file').addEventListener('change', async ({ target }) => {
    const [file] = target.files;
    target.value = '';
    if (!file) return;
    const kept = await table.upload(file);
    if (!kept) return;
    const [way, to] = byId('say-as').value.split(':');
    const caption = input.value.trim().slice(0, 200);
    if (await table.act('share_image', { image_id: kept.image_id, ...(caption && { caption }), ...(way === 'whisper' && { to: [Number(to)] }) })) input.value = '';
  });

  // Typing --------------------------------------------------------------------------------------------------------------------------

  room.on('player_typing', ({ player_id: id, nickname, typing: busy }) => {
    if (id === room.session?.player_id) return;
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
    byId('typing').replaceChildren(...(names.length === 1 ? [bdi(names[0]), ' is typing…'] : [names.length > 1 ? `${names.length} people are typing…` : '']));
  }
  room.on('chat_message', ({ player }) => stopped(player?.player_id));
  document.addEventListener('visibilitychange', () => table.state() && read(said(table.state()).at(-1)?.seq ?? 0));

  return { render };
}

function clock(timestamp) {
  const at = new Date(timestamp);
  return Number.isNaN(at.getTime()) ? '' : at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
}
