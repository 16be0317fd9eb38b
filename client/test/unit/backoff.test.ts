import assert from 'node:assert/strict';
import { backOffMs, coolDownMs, parseRetryAfter } from '../../src/backoff.ts';

describe('The wait after a failure', () => {
  it('doubles up to five minutes, half of it random', () => {
    assert.deepEqual(
      [1, 2, 3, 4].map((failures) => backOffMs(failures, 1)),
      [1000, 2000, 4000, 8000],
    );
    assert.deepEqual(
      [1, 2, 3, 4].map((failures) => backOffMs(failures, 0)),
      [500, 1000, 2000, 4000],
    );
    assert.equal(backOffMs(1_000_000, 1), 300_000);
  });

  it('is never shorter than the server asks for, and not much longer', () => {
    assert.equal(coolDownMs(60_000, 0), 60_000);
    assert.equal(coolDownMs(60_000, 1), 66_000);
    assert.equal(coolDownMs(null, 0), 30_000);
    assert.equal(coolDownMs(365 * 24 * 3600_000, 0), 25 * 3600_000);
  });

  it('follows Retry-After as seconds or as a date, and in no other form', () => {
    const now = Date.UTC(2026, 0, 1);
    assert.equal(parseRetryAfter('120', now), 120_000);
    assert.equal(parseRetryAfter(' 0 ', now), 0);
    assert.equal(parseRetryAfter('Thu, 01 Jan 2026 00:02:00 GMT', now), 120_000);
    assert.equal(parseRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now), 0);
    for (const nothing of [null, '', 'soon', '-5', '1.5', '12345678901'])
      assert.equal(parseRetryAfter(nothing, now), null, String(nothing));
  });
});
