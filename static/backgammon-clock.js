/** Thinking time, counted between two words of the server. */

/** Milliseconds as a clock shows them; tenths in the last ten seconds. */
export function clockText(ms) {
  const left = Math.max(0, ms);
  if (left < 10_000) return `0:0${(Math.floor(left / 100) / 10).toFixed(1)}`;
  const seconds = Math.floor(left / 1000);
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (n) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** What each side has at `at`: its bank, and for the running one what is left of the free delay. */
export function timeLeft(clock, side, at) {
  const bank = clock[`${side}_ms`];
  if (clock.running !== side) return { bank, delay: 0 };
  const gone = Math.max(0, at - Date.parse(clock.since));
  return { bank: Math.max(0, bank - Math.max(0, gone - clock.delay_ms)), delay: Math.max(0, clock.delay_ms - gone) };
}
