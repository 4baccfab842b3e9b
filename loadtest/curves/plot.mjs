// Curves as SVG: one picture of panels side by side, on a light background of its own, so that it reads on any page.
//
// Both axes say what they show and in which unit, x is logarithmic with a tick at each measured point, and every point carries its value.

const [PANEL, HEIGHT, TOP, BOTTOM, LEFT, RIGHT] = [410, 340, 84, 56, 64, 20];
const COLOURS = ["#1d5fa8", "#b3541e", "#2f7d4f", "#7a3f98"];
const TEXT = "#24292f";

/** A number as people write it: three digits that count, thousands apart. */
export function short(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(size >= 10 ? 3 : 2)));
}

const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);
const round = (value) => Number(value.toFixed(1));

/** Ticks from 0 to at least `most`, by a round step. */
export function ticks(most) {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].map((one) => one * power).find((one) => one * 4 >= most * 0.999_999);
  return [0, 1, 2, 3, 4].map((n) => Number((n * step).toPrecision(12)));
}

function checked({ title, panels }) {
  if (!title || !panels?.length) throw new Error("a plot needs a title and panels");
  for (const { x, y, series } of panels) {
    if (!x?.label || !y?.label) throw new Error(`${title}: an axis without a label`);
    if (!series?.length) throw new Error(`${title}: nothing to show of ${y.label}`);
    for (const { name, points } of series) {
      if (!points?.length) throw new Error(`${title}: no points of ${name}`);
      for (const [at, value] of points) {
        if (!(at > 0) || !Number.isFinite(at)) throw new Error(`${title}: ${name} has x = ${at}; x is logarithmic`);
        if (!(value >= 0) || !Number.isFinite(value)) throw new Error(`${title}: ${name} at ${at} is ${value}`);
      }
    }
  }
}

const text = (x, y, size, words, more = "") => `<text x="${round(x)}" y="${round(y)}" font-size="${size}" ${more}>${escaped(words)}</text>`;

function panel({ x, y, series, limit }, left) {
  const [x0, x1, y0, y1] = [left + LEFT, left + PANEL - RIGHT, HEIGHT - BOTTOM, TOP];
  const all = series.flatMap(({ points }) => points);
  const places = [...new Set(all.map(([at]) => at))].sort((a, b) => a - b);
  const [least, most] = [Math.log(places[0]), Math.log(places.at(-1))];
  const xOf = (at) => (most === least ? (x0 + x1) / 2 : x0 + 14 + ((Math.log(at) - least) / (most - least)) * (x1 - x0 - 28));
  const steps = ticks(Math.max(...all.map(([, value]) => value), limit?.value ?? 0, 1e-9) * 1.08);
  const yOf = (value) => y0 - (value / steps.at(-1)) * (y0 - y1);
  const out = [];
  for (const step of steps) {
    out.push(`<line x1="${x0}" x2="${x1}" y1="${round(yOf(step))}" y2="${round(yOf(step))}" stroke="#d8dee4"/>`);
    out.push(text(x0 - 7, yOf(step) + 4, 12, short(step), 'text-anchor="end"'));
  }
  for (const at of places) {
    out.push(`<line x1="${round(xOf(at))}" x2="${round(xOf(at))}" y1="${y0}" y2="${y0 + 5}" stroke="${TEXT}"/>`);
    out.push(text(xOf(at), y0 + 19, 12, short(at), 'text-anchor="middle"'));
  }
  out.push(`<line x1="${x0}" x2="${x1}" y1="${y0}" y2="${y0}" stroke="${TEXT}"/>`);
  out.push(text((x0 + x1) / 2, HEIGHT - 14, 13, x.label, 'text-anchor="middle"'));
  out.push(text(left + 12, TOP - 34, 13, y.label, 'font-weight="600"'));
  if (limit) {
    out.push(`<line x1="${x0}" x2="${x1}" y1="${round(yOf(limit.value))}" y2="${round(yOf(limit.value))}" stroke="#a40e26" stroke-dasharray="5 4"/>`);
    out.push(text(x1, yOf(limit.value) - 5, 12, limit.name, 'text-anchor="end" fill="#a40e26"'));
  }
  series.forEach(({ name, points }, n) => {
    const colour = COLOURS[n % COLOURS.length];
    const sorted = points.toSorted(([a], [b]) => a - b);
    out.push(`<polyline fill="none" stroke="${colour}" stroke-width="2" points="${sorted.map(([at, value]) => `${round(xOf(at))},${round(yOf(value))}`).join(" ")}"/>`);
    for (const [at, value] of sorted) {
      out.push(`<circle cx="${round(xOf(at))}" cy="${round(yOf(value))}" r="3.5" fill="${colour}"/>`);
      // Beneath its point where another series has its own above, unless that would be in the axis.
      const beneath = all.some(([place, other]) => place === at && other > value) && yOf(value) + 17 < y0;
      out.push(text(xOf(at), yOf(value) + (beneath ? 17 : -8), 12, short(value), `text-anchor="middle" fill="${colour}"`));
    }
    if (series.length > 1) out.push(text(x0 + n * 150, TOP - 14, 12, `● ${name}`, `fill="${colour}"`));
  });
  return out.join("\n");
}

/**
 * The picture.
 * @param {{ title: string, panels: { x: { label: string }, y: { label: string }, series: { name: string, points: [number, number][] }[],
 *   limit?: { name: string, value: number } }[] }} what
 */
export function plot(what) {
  checked(what);
  const width = PANEL * what.panels.length;
  const [font, size] = ["font-family=\"system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif\"", `width="${width}" height="${HEIGHT}"`];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} viewBox="0 0 ${width} ${HEIGHT}" role="img" ${font} fill="${TEXT}">`,
    `<title>${escaped(what.title)}</title>`,
    `<rect ${size} fill="#ffffff"/>`,
    text(12, 26, 15, what.title, 'font-weight="600"'),
    ...what.panels.map((one, n) => panel(one, n * PANEL)),
    "</svg>\n",
  ].join("\n");
}
