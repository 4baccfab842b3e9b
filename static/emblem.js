/** How many emblems emblems.svg has. */
const EMBLEMS = 12;

/** The emblem and hue of a series, 0–11: its number modulo 12, else the sum of its UTF-16 units. The server's `view::emblem` is the same. */
export function emblemOf(id) {
  const text = String(id ?? '');
  if (/^\d{1,9}$/.test(text)) return Number(text) % EMBLEMS;
  let sum = 0;
  for (let i = 0; i < text.length; i += 1) sum = (sum + text.charCodeAt(i)) % EMBLEMS;
  return sum;
}
