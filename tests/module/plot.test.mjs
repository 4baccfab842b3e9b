// The plots of docs/performance.md: what is given is shown, and what cannot be shown is refused.
import assert from "node:assert/strict";
import { test } from "node:test";
import { plot, short, ticks } from "../../loadtest/curves/plot.mjs";

const panel = (points, more = {}) => ({ x: { label: "rooms" }, y: { label: "answers a second" }, series: [{ name: "moves", points }], ...more });

/** Every element that is opened is closed, in its order, and no number is missing. */
function assertSvg(svg) {
  const open = [];
  for (const [, closing, name, rest] of svg.matchAll(/<(\/?)([a-z]+)([^<>]*)>/g)) {
    if (closing) assert.equal(open.pop(), name);
    else if (!rest.endsWith("/")) open.push(name);
  }
  assert.deepEqual(open, []);
  assert.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="\d+" height="\d+"/);
  assert.doesNotMatch(svg, /NaN|undefined|Infinity|null/);
}

test("a plot is an SVG that shows its title, its axes and every point", () => {
  const svg = plot({ title: "Moves & <rooms>", panels: [panel([[10, 1234], [1000, 2500]]), panel([[3, 0.25]], { limit: { name: "25 ms", value: 25 } })] });
  assertSvg(svg);
  for (const shown of ["Moves &amp; &lt;rooms&gt;", "rooms", "answers a second", "1,234", "2,500", "1,000", "0.25", "25 ms"]) assert.ok(svg.includes(`>${shown}<`), shown);
  assert.equal(svg.match(/<circle/g).length, 3);
});

test("greater values stand higher, and greater x further right", () => {
  const svg = plot({ title: "t", panels: [panel([[100, 30], [1, 10], [10, 20]])] });
  const circles = [...svg.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);
  for (const n of [1, 2]) assert.ok(circles[n][0] > circles[n - 1][0] && circles[n][1] < circles[n - 1][1], JSON.stringify(circles));
  const [a, b, c] = circles.map(([x]) => x);
  assert.ok(Math.abs(b - a - (c - b)) < 0.3, "ten times as much is always as far");
});

test("flat zeros can be shown", () => assertSvg(plot({ title: "t", panels: [panel([[1, 0], [2, 0]])] })));

test("numbers that cannot be shown are refused by name", () => {
  for (const points of [[], [[0, 1]], [[-1, 1]], [[1, NaN]], [[1, Infinity]], [[1, -1]], [[1, undefined]], [[NaN, 1]], [["x", 1]]]) {
    assert.throws(() => plot({ title: "Broken", panels: [panel(points)] }), /Broken/, JSON.stringify(points));
  }
  assert.throws(() => plot({ title: "Broken", panels: [] }), /panels/);
  assert.throws(() => plot({ panels: [panel([[1, 1]])] }), /title/);
  assert.throws(() => plot({ title: "Broken", panels: [{ ...panel([[1, 1]]), y: {} }] }), /label/);
});

test("ticks are round and reach what they have to", () => {
  for (const most of [1e-9, 0.07, 1, 3.9, 4, 99, 101, 18_513, 3e6]) {
    const all = ticks(most);
    assert.equal(all.length, 5);
    assert.ok(all.at(-1) >= most * 0.999 && all.at(-1) <= most * 2.6, `${most}: ${all}`);
  }
});

test("numbers are written as people do", () => {
  for (const [value, written] of [[0, "0"], [0.0123, "0.012"], [1.25, "1.3"], [12.34, "12.3"], [999.6, "1,000"], [1_000_000, "1,000,000"]]) assert.equal(short(value), written);
});
