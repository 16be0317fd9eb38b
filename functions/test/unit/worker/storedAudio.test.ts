import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ScanEvent } from '../../../src/worker/scanEvent.ts';
import { MemoryCoverage } from '../../support/memoryCoverage.ts';
import { BEAT_FRAMES, BEAT_SAMPLES, chunksIn, loud, quiet, record, scan, spansOf } from './beats.ts';
import type { ChunkEvent, Recorded } from './beats.ts';

describe('Audio whose result is stored', () => {
  const stretch = fc.record({ speech: fc.integer({ min: 1, max: 4 }), silence: fc.integer({ min: 1, max: 25 }) });
  /** The beats of a day, and two ways of cutting it into recordings. */
  const day = fc
    .array(stretch, { minLength: 1, maxLength: 8 })
    .map((stretches) => stretches.flatMap(({ speech, silence }) => [...quiet(silence), ...loud(speech)]));
  const cuts = fc.array(fc.nat(80), { maxLength: 4 });

  function recordings(beats: readonly boolean[], at: readonly number[], prefix: string): Recorded[] {
    const places = [...new Set(at.map((place) => place % beats.length))].filter((place) => place > 0);
    const ends = [...places.sort((a, b) => a - b), beats.length];
    return ends.map((end, i) => record(`${prefix}${i}`, ends[i - 1] ?? 0, beats.slice(ends[i - 1] ?? 0, end)));
  }

  async function cover(covered: MemoryCoverage, jobId: string, chunks: readonly ChunkEvent[]): Promise<void> {
    for (const { chunk, file } of chunks) {
      const places = new Map(chunk.spans.map(({ fileName }) => [fileName, { recordingId: fileName, startedAtMs: 0 }]));
      await covered.cover(jobId, { deviceId: file.deviceId, ...chunk, places });
    }
  }

  const framesIn = (events: readonly ScanEvent[]): string[] =>
    spansOf(events)
      .flat()
      .flatMap(({ startMs, firstFrame, endFrame }) =>
        Array.from({ length: endFrame - firstFrame }, (_, i) => String(startMs + 10 * i)),
      );

  it('is not planned again, however it is cut into files, and all other audio is', async function () {
    await fc.assert(
      fc.asyncProperty(
        day,
        cuts,
        cuts,
        fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
        async (beats, ...rest) => {
          const [first, second, done] = rest;
          const covered = new MemoryCoverage();
          const before = chunksIn(await scan(recordings(beats, first, 'a'), { jobId: 'one', covered }));
          const stored = before.filter((_, i) => done[i % done.length]);
          await cover(covered, 'one', stored);
          const after = await scan(recordings(beats, second, 'b'), { jobId: 'two', covered });
          const [all, known, planned] = [before, stored, chunksIn(after)].map((events) => new Set(framesIn(events)));
          for (const frame of planned!) assert.ok(!known!.has(frame), 'asked for again');
          // What only the second cut plans is padding at the edges of its recordings.
          for (const frame of all!) assert.ok(known!.has(frame) || planned!.has(frame), 'lost');
          const duplicates = after.flatMap((event) => (event.kind === 'decoded' ? event.duplicateSamples : []));
          assert.equal(
            duplicates.reduce((sum, samples) => sum + samples, 0),
            160 * known!.size,
          );
        },
      ),
      { numRuns: 25 },
    );
  });

  it('counts as the recording’s own if the same job stored it, and otherwise as a duplicate', async () => {
    const covered = new MemoryCoverage();
    const recorded = [record('a', 0, loud(3))];
    await cover(covered, 'one', chunksIn(await scan(recorded, { jobId: 'one' })));
    const duplicates = async (jobId: string): Promise<number[]> =>
      (await scan(recorded, { jobId, covered })).flatMap((event) =>
        event.kind === 'decoded' ? event.duplicateSamples : [],
      );
    assert.deepEqual(await duplicates('one'), [0]);
    assert.deepEqual(await duplicates('two'), [3 * BEAT_SAMPLES]);
  });

  it('does not replace other content that claims the same moment, nor that of another device', async () => {
    const covered = new MemoryCoverage();
    await cover(covered, 'one', chunksIn(await scan([record('a', 0, loud(3))])));
    const other = record('b', 0, loud(3));
    for (let at = 4; at < other.bytes.length; at += 324) other.bytes[at]! ^= 1;
    assert.equal(framesIn(await scan([other], { covered })).length, 3 * BEAT_FRAMES);
    assert.equal(framesIn(await scan([record('c', 0, loud(3), 'phone')], { covered })).length, 3 * BEAT_FRAMES);
    assert.equal(framesIn(await scan([record('d', 0, loud(3))], { covered })).length, 0);
  });
});
