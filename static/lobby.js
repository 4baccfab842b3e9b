/**
 * The waiting room, live: whenever something happens in the room the page is fetched again and its roster taken over, so that there is
 * one template for it. Forms become commands, answered at once.
 */
import { connect } from './parlor.js';
import { announce, byId, leaveFor, showConnection, toast } from './ui.js';

const lobby = byId('lobby');
const { code, namespace } = lobby.dataset;
const room = connect({ namespace, roomCode: code });
const CHANGES = ['connection_established', 'presence_update', 'player_joined', 'player_left', 'player_disconnected', 'player_reconnected',
  'game_reset', 'state'];

/** The parts that change. */
const LIVE = ['roster', 'presence-count', 'watchers', 'start-hint', 'start-button'];
let fetching = false;
let again = false;

async function refresh() {
  if (fetching) {
    again = true;
    return;
  }
  fetching = true;
  try {
    do {
      again = false;
      const answer = await fetch(location.pathname + location.search, { headers: { accept: 'text/html' }, cache: 'no-store' });
      // Started, closed, or not ours any more: the server knows where one belongs.
      if (answer.redirected) return location.replace(answer.url);
      if (!answer.ok) return location.reload();
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const focused = document.activeElement?.dataset?.testid;
      for (const id of LIVE) {
        const [now, next] = [byId(id), page.getElementById(id)];
        if (now && next && !now.isEqualNode(next)) now.replaceWith(document.adoptNode(next));
      }
      if (focused) document.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
    } while (again);
  } catch {
    // The network is away: the offline bar says so, and coming back refreshes.
  } finally {
    fetching = false;
  }
}

function play() {
  location.replace(`/play/${code}`);
}

for (const name of CHANGES) room.on(name, refresh);
room.on('connection_established', ({ status }) => {
  if (status === 'in_progress') play();
});
room.on('game_started', (_, { replayed }) => replayed || play());
room.on('player_joined', ({ player }, { replayed }) => {
  if (replayed || player?.player_id === lobby.dataset.me) return;
  toast(`${player?.nickname ?? 'Somebody'} is here.`, 'good');
});
room.on('player_left', ({ player }, { replayed }) => replayed || toast(`${player?.nickname ?? 'Somebody'} left.`));
room.on('error', ({ message }) => toast(message, 'bad'));

/** Sends a form as a command; the page shows what came of it. */
async function command(form, event, payload) {
  const button = form.querySelector('button');
  if (button.getAttribute('aria-disabled') === 'true') return toast(byId('start-hint').textContent);
  button.disabled = true;
  try {
    await room.send(event, payload);
    announce('Done.');
  } catch (refusal) {
    toast(refusal.message, 'bad');
  } finally {
    button.disabled = false;
  }
}

lobby.addEventListener('submit', (event) => {
  const form = event.target;
  const seat = Number(form.elements.seat?.value);
  if (form.id === 'start-form') command(form, 'start_game', {});
  else if (form.dataset.bot === 'add') command(form, 'add_bot', { seat, level: form.elements.level.value });
  else if (form.dataset.bot === 'remove') command(form, 'remove_bot', { seat });
  else if (form.id === 'leave-form') leaveFor(room, '/');
  else return;
  event.preventDefault();
});

showConnection(room, { left: () => leaveFor(room, '/') });
