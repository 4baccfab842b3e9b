// Choices by chance that can be repeated: everything that a connection sends follows from its own seed and from what it was told.
import { randomness } from "../support/random.mjs";

export class Chance {
  constructor(seed) {
    this.next = randomness(undefined, seed);
  }

  /** A whole number from 0, less than `count`. */
  below(count) {
    return Math.floor(this.next() * count);
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  oneIn(count) {
    return this.below(count) === 0;
  }

  /** A new source that goes its own way from here. */
  fork() {
    return new Chance(this.below(2 ** 31));
  }
}

/** `[[weight, item], …]` as a list from which `pick` takes each as often as it weighs. */
export const weighted = (pairs) => pairs.flatMap(([weight, item]) => Array(weight).fill(item));
