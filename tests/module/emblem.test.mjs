import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emblemOf } from '../../static/emblem.js';

test('emblems are the same on page and server', () => {
  // The same pairs are in src/web/view/tests.rs.
  for (const [id, number] of [['0', 0], ['1', 1], ['13', 1], ['draft', 1], ['', 0], ['界', 4], [13, 1], [null, 0]]) {
    assert.equal(emblemOf(id), number, String(id));
  }
});
