/**
 * Waiting for an opponent, live. The socket keeps one's place; where one belongs is the server's to say, so whatever ends the wait loads
 * this page again.
 */
import { io } from '/socket.io/socket.io.esm.min.js';
import { byId } from './ui.js';

const state = byId('queue-state');
const waiting = state.textContent;
const socket = io('/', { transports: ['websocket', 'polling'] });
let over = false;

function move() {
  if (over) return;
  over = true;
  location.replace('/queue');
}

/** As the page says it. */
function said(ms) {
  if (ms === null || ms === undefined) return 'not known yet';
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= 1) return 'about a second';
  return seconds < 90 ? `about ${seconds} seconds` : `about ${Math.ceil(seconds / 60)} minutes`;
}

function show({ position, waiting: all, expected_wait_ms: expected }) {
  byId('queue-position').textContent = position;
  byId('queue-waiting').textContent = all;
  byId('queue-expected').textContent = said(expected);
}

socket.on('queue_update', show);
socket.on('match_found', () => {
  state.textContent = 'Found! Taking you to your room.';
  move();
});
socket.on('connect', () => {
  if (state.textContent !== waiting) state.textContent = waiting;
  socket.emit('queue_status', {}, (answer) => {
    if (!answer.ok) return;
    if (answer.status === 'waiting') show(answer);
    else move();
  });
});
socket.on('disconnect', () => {
  if (!over) state.textContent = 'The connection is away. Your place is kept for a few seconds.';
});
