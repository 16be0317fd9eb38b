import assert from 'node:assert/strict';
import { endedJobs } from '../../src/domain/endedJobs.ts';

describe('Watched jobs', () => {
  const watched = new Map([
    ['a', 100],
    ['b', 200],
  ]);
  const [a, b] = [
    { id: 'a', createdAt: 100, finishedAt: 150 },
    { id: 'b', createdAt: 200, finishedAt: 250 },
  ];
  const other = { id: 'c', createdAt: 50, finishedAt: 60 };

  it('have ended when the list of all jobs shows the end of each', () => {
    assert.deepEqual(endedJobs(watched, [b, a, other]), [b, a]);
  });

  it('are awaited while that list is older than their end or their creation', () => {
    assert.equal(endedJobs(watched, [{ ...b, finishedAt: null }, a]), null);
    assert.equal(endedJobs(watched, [a, other]), null);
    assert.equal(endedJobs(watched, []), null);
  });

  it('are not awaited if that list does not reach back to them, or they were deleted', () => {
    assert.deepEqual(endedJobs(watched, [b]), [b]);
    assert.deepEqual(endedJobs(watched, [{ id: 'd', createdAt: 300, finishedAt: null }]), []);
  });
});
