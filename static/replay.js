/** Makes the replay's slider live: fetches the page of another move and takes over its stage. Without this it works by links. */
import { byId } from './ui.js';

/** How long a move is shown while playing by itself, in ms. */
const STEP_MS = 1200;
const base = `/replay/${byId('replay').dataset.code}`;
const slider = byId('at');
const playButton = byId('play-button');
let shown = Number(slider.value);
let wanted = shown;
let busy = false;
let timer = null;

async function show(at) {
  wanted = Math.min(Math.max(0, at), Number(slider.max));
  slider.value = String(wanted);
  byId('at-text').textContent = String(wanted);
  if (busy) return;
  busy = true;
  try {
    while (shown !== wanted) {
      const next = wanted;
      const answer = await fetch(`${base}?at=${next}`, { headers: { accept: 'text/html' } });
      if (!answer.ok) return location.assign(`${base}?at=${next}`);
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const focused = document.activeElement?.dataset?.testid;
      for (const id of ['replay-stage', 'moves']) byId(id).replaceWith(document.adoptNode(page.getElementById(id)));
      document.dispatchEvent(new CustomEvent('replay-shown', { detail: { at: next } }));
      showCurrent();
      takeSteps(page);
      document.title = page.title;
      history.replaceState(null, '', `${base}?at=${next}`);
      if (focused) document.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
      shown = next;
    }
  } catch {
    location.assign(`${base}?at=${wanted}`);
  } finally {
    busy = false;
  }
}

/** Scrolls the list of events, and not the page, to the one that is shown. */
function showCurrent() {
  const list = byId('moves');
  const current = list.querySelector('[aria-current]');
  if (current) list.scrollTop = current.offsetTop - (list.clientHeight - current.offsetHeight) / 2;
}

/** Takes over the step links; the play button stays, it has our handler. */
function takeSteps(page) {
  const fresh = document.adoptNode(page.getElementById('replay-steps'));
  fresh.querySelector('#play-button').replaceWith(playButton);
  byId('replay-steps').replaceWith(fresh);
}

function stop() {
  clearInterval(timer);
  timer = null;
  playButton.textContent = 'Play';
}

function play() {
  if (timer) return stop();
  playButton.textContent = 'Pause';
  if (wanted >= Number(slider.max)) show(0);
  timer = setInterval(() => (wanted < Number(slider.max) ? show(wanted + 1) : stop()), STEP_MS);
}

slider.addEventListener('input', () => {
  stop();
  show(Number(slider.value));
});
playButton.addEventListener('click', play);
document.addEventListener('click', (event) => {
  const link = event.target.closest('a[data-at]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  stop();
  show(Number(link.dataset.at));
});
showCurrent();
byId('scrub-form').addEventListener('submit', (event) => event.preventDefault());
