// Chance that can be repeated: a failing run names its seed, PARLOR_TEST_SEED plays it again.
export const SEED = Number(process.env.PARLOR_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** `next()` is uniform in 0..1 (mulberry32). */
export function randomness(t, seed = SEED) {
  t?.diagnostic(`PARLOR_TEST_SEED=${seed}`);
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

/** After a random while of at most `ms`: when something is to happen at any moment. */
export const anyMoment = (next, ms) => new Promise((resolve) => setTimeout(resolve, next() * ms));
