import assert from 'node:assert/strict';
import fc from 'fast-check';
import { planBatch, SERVER_LIMITS } from '../../src/batches.ts';
import type { BatchLimits } from '../../src/batches.ts';
import { multipartBody } from '../../src/multipart.ts';
import type { RecordingDoc } from '../../src/recording.ts';

const targets = fc.record(
  {
    deviceId: fc.constantFrom(null, 'omi'),
    conversationId: fc.constantFrom(null, 'talk'),
    clockOffsetMs: fc.constantFrom(0, -5000),
  },
  { noNullPrototype: true },
);

/** A recording that was just added. */
function waiting(added: Pick<RecordingDoc, 'id' | 'name' | 'size' | 'addedAt' | 'target'>): RecordingDoc {
  return {
    ...added,
    state: 'waiting',
    changedAt: 0,
    jobId: null,
    failure: null,
    md5: null,
    batchId: null,
    session: null,
    mishaps: 0,
    givenUp: 0,
  };
}

const recordings = fc
  .array(
    fc.record({
      name: fc.stringMatching(/^[a-zäß😀]{1,3}$/u),
      size: fc.integer({ min: 1, max: 40_000 }),
      addedAt: fc.nat(20),
      target: targets,
    }),
    { maxLength: 60 },
  )
  .map((all) => all.map((some, i) => waiting({ ...some, id: `id${i}` })));

const limits = fc.record<BatchLimits>({
  maxRequestBytes: fc.integer({ min: 1, max: 300_000 }),
  maxFilesPerRequest: fc.nat(30),
  maxFilesPerJob: fc.integer({ min: 1, max: 40 }),
});

describe('Planning batches', () => {
  it('includes every recording once, within the limits, and never two with one name or of two targets in one batch', () => {
    fc.assert(
      fc.property(recordings, limits, (all, limit) => {
        const left = new Map(all.map((recording) => [recording.id, recording]));
        for (
          let plan = planBatch([...left.values()], limit);
          plan !== null;
          plan = planBatch([...left.values()], limit)
        ) {
          const { way, target, recordings: some } = plan;
          assert.ok(some.length >= 1 && some.length <= limit.maxFilesPerJob);
          assert.equal(new Set(some.map(({ name }) => name)).size, some.length);
          for (const recording of some) {
            assert.deepEqual(recording.target, target);
            assert.ok(left.delete(recording.id));
          }
          const files = some.map(({ name, size }) => ({ name, bytes: new Uint8Array(size) }));
          const { length } = multipartBody(
            { device_id: 'x'.repeat(64), conversation_id: 'y'.repeat(128), clock_offset_ms: '-315360000000' },
            files,
          ).body;
          if (way === 'multipart')
            assert.ok(length <= limit.maxRequestBytes && some.length <= limit.maxFilesPerRequest);
        }
        assert.equal(left.size, 0);
      }),
    );
  });

  it('begins with the recording that has waited longest', () => {
    fc.assert(
      fc.property(recordings, (all) => {
        const oldest = Math.min(...all.map(({ addedAt }) => addedAt));
        const plan = planBatch(all, SERVER_LIMITS);
        if (plan !== null) assert.equal(plan.recordings[0]?.addedAt, oldest);
      }),
    );
  });

  it('sends small batches as one request, and larger ones to Storage', () => {
    const target = { deviceId: null, conversationId: null, clockOffsetMs: 0 };
    const doc = (id: string, size: number) => waiting({ id, name: `${id}.bin`, size, addedAt: 0, target });
    const many = (count: number) => Array.from({ length: count }, (_, i) => doc(String(i).padStart(4, '0'), 10));
    assert.equal(planBatch([doc('a', 29 * 1024 * 1024)], SERVER_LIMITS)?.way, 'multipart');
    assert.equal(planBatch([doc('a', 30 * 1024 * 1024)], SERVER_LIMITS)?.way, 'direct');
    assert.equal(planBatch(many(200), SERVER_LIMITS)?.way, 'multipart');
    const large = Array.from({ length: 1500 }, (_, i) => doc(String(i).padStart(4, '0'), 1024 * 1024));
    assert.equal(planBatch(large, SERVER_LIMITS)?.way, 'direct');
    assert.equal(planBatch(large, SERVER_LIMITS)?.recordings.length, 1000);
  });

  it('sends small recordings in as many requests as they need', () => {
    const target = { deviceId: null, conversationId: null, clockOffsetMs: 0 };
    const small = Array.from({ length: 201 }, (_, i) =>
      waiting({ id: String(i).padStart(4, '0'), name: `${i}.bin`, size: 2000, addedAt: i, target }),
    );
    const first = planBatch(small, SERVER_LIMITS);
    assert.equal(first?.way, 'multipart');
    assert.equal(first.recordings.length, 200);
    const second = planBatch(small.slice(200), SERVER_LIMITS);
    assert.equal(second?.way, 'multipart');
  });

  it('separates recordings that failed before from the others', () => {
    const target = { deviceId: null, conversationId: null, clockOffsetMs: 0 };
    const doc = (id: string, givenUp: number) => ({
      ...waiting({ id, name: `${id}.bin`, size: 10, addedAt: 0, target }),
      givenUp,
    });
    const plan = planBatch([doc('a', 0), doc('b', 1), doc('c', 0), doc('d', 2)], SERVER_LIMITS);
    assert.deepEqual(
      plan?.recordings.map(({ id }) => id),
      ['a', 'c'],
    );
  });
});
