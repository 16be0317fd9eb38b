import assert from 'node:assert/strict';
import fc from 'fast-check';
import { counted, grouped } from '../../src/domain/counted.ts';

describe('A number of things', () => {
  it('has its digits in groups of three, as the browser writes them', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (count) => {
        assert.equal(grouped(count), count.toLocaleString('en'));
      }),
    );
    for (const count of [0, 999, 1000, 999_999, 1_000_000]) assert.equal(grouped(count), count.toLocaleString('en'));
  });

  it('has its noun in the singular or the plural', () => {
    assert.equal(counted(1, 'conversation'), '1 conversation');
    assert.equal(counted(1200, 'conversation'), '1,200 conversations');
  });
});
