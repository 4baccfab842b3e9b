/** What is said of a replay: the analysis of a position and of every turn, and remarks. All of it comes from the API. */
import { byId, el, toast } from './ui.js';

/** The worst turns that are listed. */
const WORST = 8;
const MARKS = { doubtful: 'doubtful', error: 'error', blunder: 'blunder' };
const equity = (value) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
const counted = (count, one) => `${count} ${one}${count === 1 ? '' : 's'}`;
const percent = (value) => `${(value * 100).toFixed(1)} %`;

async function ask(method, address, body) {
  const answer = await fetch(address, {
    method,
    headers: { accept: 'application/json', ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.error?.message ?? `the server answered ${answer.status}`);
  return data;
}

/** Runs what a button stands for; it says so while it runs, and what went wrong. */
async function during(button, run) {
  button.setAttribute('aria-busy', 'true');
  button.disabled = true;
  try {
    await run();
  } catch (error) {
    toast(error.message, 'bad');
  } finally {
    button.disabled = false;
    button.removeAttribute('aria-busy');
  }
}

const at = () => Number(byId('replay-stage').dataset.at);
const link = (code, seq, text) => el('a', { href: `/replay/${code}?at=${seq}`, 'data-at': seq }, text);

/** One replay's analysis and remarks. They outlive the stage, which is put in anew for each move. */
export class Notes {
  #code;
  #turns = null;
  #notes = null;
  #names = {};

  constructor(code) {
    this.#code = code;
  }

  /** Ties a stage that has just been put in; `names` by side. */
  tie({ state, names }) {
    this.#names = names;
    const open = Boolean(state.current_player);
    byId('analyze-button').hidden = !open;
    byId('analyze-button').addEventListener('click', ({ target }) => during(target, () => this.#best()));
    byId('judge-button').addEventListener('click', ({ target }) => during(target, () => this.#judge()));
    byId('bot-form')?.addEventListener('submit', (event) => {
      event.preventDefault();
      during(event.submitter, () => playOn(state.position_id, byId('bot-level').value));
    });
    byId('note-form').addEventListener('submit', (event) => {
      event.preventDefault();
      during(event.submitter, () => this.#add());
    });
    byId('search-form').addEventListener('submit', (event) => {
      event.preventDefault();
      during(event.submitter, () => this.#search());
    });
    this.#showTurns();
    this.#showNotes();
    if (!this.#notes) this.#load();
  }

  async #best() {
    const { best_moves: plays, equity: value, odds } = await ask('POST', '/api/backgammon/analyze', { room_code: this.#code, at: at() });
    const head = el('p', { class: 'hint' }, `Equity ${equity(value)}, wins ${percent(odds.win)}, gammons ${percent(odds.win_gammon)}.`);
    const rows = (plays ?? []).map((play) => el('tr', {}, el('td', {}, play.notation), el('td', {}, equity(play.equity)), el('td', {}, play.loss > 0 ? equity(-play.loss) : 'best')));
    const table = rows.length > 0 && el('table', { class: 'bg-plays' }, el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Play'), el('th', { scope: 'col' }, 'Equity'), el('th', { scope: 'col' }, 'Loss'))), el('tbody', {}, ...rows));
    byId('best-plays').replaceChildren(head, ...[table].filter(Boolean));
  }

  async #judge() {
    this.#turns = await ask('POST', '/api/backgammon/analyze', { room_code: this.#code, moves: true });
    this.#showTurns();
  }

  #showTurns() {
    if (!this.#turns) return;
    byId('judge-button').hidden = true;
    const { turns, summary } = this.#turns;
    const here = turns.find((turn) => turn.seq === at());
    byId('turn-verdict').textContent = here
      ? `${here.notation || 'No play'}: ${here.forced ? 'forced.' : here.loss < 0.0005 ? 'the best play.' : `${MARKS[here.mark] ? `${MARKS[here.mark]}, ` : ''}${equity(-here.loss)}. Best: ${here.best.notation}.`}`
      : summary.filter((side) => side.player).map((side) => `${this.#names[side.player]}: ${side.loss.toFixed(3)} given away, ${counted(side.decisions, 'decision')}, ${counted(side.blunders, 'blunder')}.`).join(' ');
    const worst = turns.filter((turn) => turn.loss > 0.0005).sort((a, b) => b.loss - a.loss).slice(0, WORST);
    byId('worst-turns').replaceChildren(...worst.map((turn) => el('li', { class: 'bg-note' }, link(this.#code, turn.seq, `${this.#names[turn.player]}, ${[...turn.dice].sort((a, b) => b - a).join('')}: ${turn.notation}`), ` ${equity(-turn.loss)}${MARKS[turn.mark] ? `, ${MARKS[turn.mark]}` : ''}`)));
  }

  async #load() {
    this.#notes = [];
    try {
      let after = 0;
      do {
        const { annotations, next } = await ask('GET', `/api/rooms/${this.#code}/annotations?limit=200&after=${after}`);
        this.#notes.push(...annotations);
        after = next;
      } while (after);
    } catch (error) {
      toast(error.message, 'bad');
    }
    this.#showNotes();
  }

  async #add() {
    const text = byId('note-text').value.trim();
    if (!text) return;
    const { annotation } = await ask('POST', `/api/rooms/${this.#code}/annotations`, { seq: at(), text });
    this.#notes = [...(this.#notes ?? []), annotation];
    byId('note-text').value = '';
    this.#showNotes();
    toast('Remark added.', 'good');
  }

  async #remove(note) {
    await ask('DELETE', `/api/rooms/${this.#code}/annotations/${note.id}`);
    this.#notes = this.#notes.filter(({ id }) => id !== note.id);
    this.#showNotes();
  }

  async #search() {
    const words = byId('note-search').value.trim();
    if (!words) return;
    const { annotations } = await ask('GET', `/api/annotations?limit=20&q=${encodeURIComponent(words)}`);
    byId('found-notes').replaceChildren(...(annotations.length === 0 ? [el('li', { class: 'muted' }, 'Nothing found.')] : annotations.map((note) => this.#line(note, { elsewhere: true }))));
  }

  #showNotes() {
    const here = at();
    const notes = [...(this.#notes ?? [])].sort((a, b) => a.seq - b.seq || a.id - b.id);
    byId('notes').replaceChildren(...(notes.length === 0 ? [el('li', { class: 'muted' }, 'None yet.')] : notes.map((note) => this.#line(note, { here: note.seq === here }))));
  }

  #line(note, { here = false, elsewhere = false } = {}) {
    const place = elsewhere && note.room_code !== this.#code
      ? el('a', { href: `/replay/${note.room_code}?at=${note.seq}` }, `${note.room_code}, move ${note.seq}`)
      : link(this.#code, note.seq, `Move ${note.seq}`);
    const remove = note.mine && !elsewhere && el('button', { class: 'button quiet small', type: 'button', 'aria-label': `Delete the remark on move ${note.seq}` }, 'Delete');
    if (remove) remove.addEventListener('click', () => during(remove, () => this.#remove(note)));
    return el('li', { class: here ? 'bg-note here' : 'bg-note', 'data-testid': 'note' }, el('p', { class: 'hint' }, place, ' · ', el('bdi', {}, note.nickname), ' ', remove), el('p', { dir: 'auto' }, note.text));
  }
}

/** A room from this position with a bot in the other seat: its lobby, where the host starts. */
async function playOn(position, level) {
  const { room_code: code } = await ask('POST', '/api/rooms', { game: 'backgammon', options: { position_id: position } });
  await ask('POST', `/api/rooms/${code}/commands`, { event: 'add_bot', data: { seat: 1, level }, command_id: `bot-${code}` });
  location.assign(`/room/${code}`);
}
