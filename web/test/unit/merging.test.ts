import assert from 'node:assert/strict';
import { beganAt, mergeable } from '../../src/domain/merging.ts';
import { clock, shortDay } from '../../src/domain/time.ts';

const HOUR_MS = 3600_000;
const at = (deviceId: string, hours: number) => ({
  deviceId,
  startedAt: new Date(2026, 4, 4, hours).getTime(),
  finishedAt: new Date(2026, 4, 4, hours).getTime() + HOUR_MS,
});

describe('A conversation that is merged', () => {
  it('is merged with the previous one of its device within a day, because the service merges no others', () => {
    const [other, near, older] = [at('glasses', 9), at('pendant', 8), at('pendant', 6)];
    assert.equal(mergeable(at('pendant', 10), [other, near, older]), near);
    assert.equal(mergeable(at('phone', 10), [other, near, older]), null);
    assert.equal(mergeable(at('pendant', 8 + 24), [near]), near);
    assert.equal(mergeable(at('pendant', 9 + 24), [near]), null);
  });

  it('is offered the other one with its day if that is a different one', () => {
    const [morning, lastNight, seenFrom] = [at('pendant', 8), at('pendant', -1), at('pendant', 10)];
    assert.equal(beganAt(morning, seenFrom), clock(morning.startedAt));
    assert.equal(beganAt(lastNight, seenFrom), `${shortDay(lastNight.startedAt)}, ${clock(lastNight.startedAt)}`);
  });
});
