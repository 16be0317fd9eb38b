import assert from 'node:assert/strict';
import type { CoveredAudio } from '../../../src/jobs/coverage.ts';
import { MemoryCoverage } from '../../support/memoryCoverage.ts';

const START_MS = Date.UTC(2026, 0, 5);

/** A recording in which each frame has another length than the one before, so each is a separate stretch. */
function changing(count: number): CoveredAudio {
  const frames = Array.from({ length: count }, (_, i) => ({
    payload: Buffer.from(String(i)),
    samples: i % 2 ? 40 : 80,
  }));
  const durationMs = frames.reduce((sum, { samples }) => sum + samples / 16, 0);
  const span = { fileName: 'f', firstFrame: 0, endFrame: count, chunkStartMs: 0, startMs: START_MS, durationMs };
  const places = new Map([['f', { recordingId: 'r', startedAtMs: START_MS }]]);
  return { deviceId: 'd', spans: [span], frames, places };
}

/** How many elements of lists are copied or visited while `work` runs. */
async function steps(work: () => Promise<void>): Promise<number> {
  const original = Array.prototype[Symbol.iterator];
  let count = 0;
  Array.prototype[Symbol.iterator] = function* <T>(this: T[]) {
    for (let i = 0; i < this.length; i++) {
      count++;
      yield this[i] as T;
    }
  } as typeof original;
  try {
    await work();
  } finally {
    Array.prototype[Symbol.iterator] = original;
  }
  return count;
}

describe('coverage of frames whose length changes each time', () => {
  it('covers the last of them, as many as a document holds', async () => {
    const covered = new MemoryCoverage();
    const audio = changing(10_000);
    await covered.cover('j', audio);
    const coverage = covered.of('k');
    await coverage.load('d', START_MS, START_MS + 60_000);
    let atMs = START_MS;
    const found = audio.frames.map((frame) => {
      const stored = coverage.find('d', atMs, frame);
      atMs += frame.samples / 16;
      return stored !== null;
    });
    assert.deepEqual([found[0], found.at(-1)], [false, true]);
    assert.equal(found.indexOf(true), found.lastIndexOf(false) + 1);
  });

  it('copies no list for each of them', async () => {
    const audio = changing(4000);
    const count = await steps(() => new MemoryCoverage().cover('j', audio));
    assert.ok(count < 20 * audio.frames.length, `${count} steps`);
  });
});
