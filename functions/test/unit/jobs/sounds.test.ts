import assert from 'node:assert/strict';
import { levelByte, Sounds } from '../../../src/jobs/sounds.ts';
import type { LevelledStretch } from '../../../src/jobs/sounds.ts';

const START_MS = 946_684_800_000; // where a clock restarts: 2000-01-01

/** The loudness of speech from moment to moment: syllables of 50 to 150 ms, and pauses between them. */
function speech(seed: number): (ms: number) => number {
  let state = seed;
  const random = (): number => (state = (state * 48_271) % 0x7fffffff) / 0x7fffffff;
  const levels: number[] = [];
  while (levels.length < 4000) {
    const level = random() < 0.3 ? 0.001 : 0.01 + 0.2 * random();
    const length = 50 + Math.floor(100 * random());
    for (let i = 0; i < length; i++) levels.push(level);
  }
  return (ms) => levels[Math.max(0, Math.round(ms))] ?? 0;
}

interface Detection {
  readonly startMs?: number;
  readonly lengthMs?: number;
  readonly frameMs?: number;
  readonly lateMs?: number;
  readonly gain?: number;
}

function stretch(id: string, levelAt: (ms: number) => number, options: Detection = {}): LevelledStretch {
  const { startMs = 0, lengthMs = 3000, frameMs = 10, lateMs = 0, gain = 1 } = options;
  const frames = Math.floor(lengthMs / frameMs);
  const levels = Buffer.from(
    Array.from({ length: frames }, (_, i) => levelByte(gain * levelAt(startMs + i * frameMs - lateMs))),
  );
  return {
    recordingId: id,
    recordingStartMs: START_MS,
    startMs: START_MS + startMs,
    frameSamples: 16 * frameMs,
    levels,
  };
}

const place = (recordingId: string, startedAtMs = START_MS) => ({ recordingId, startedAtMs });

describe('Two recordings of one moment', () => {
  const areOne = (...[a, b]: LevelledStretch[]) => new Sounds([a!, b!]).areOne(place('a'), place('b'), START_MS + 1500);

  it('are of one sound if they are equally loud from moment to moment, in frames of any length', () => {
    assert.equal(areOne(stretch('a', speech(1)), stretch('b', speech(1), { frameMs: 20 })), true);
  });

  it('are still of one sound if one is an encoding that is later and quieter', () => {
    assert.equal(areOne(stretch('a', speech(1)), stretch('b', speech(1), { lateMs: 64, gain: 0.4 })), true);
  });

  it('are not of one sound if something else was said, however equal the words', () => {
    for (let seed = 2; seed < 40; seed++)
      assert.equal(areOne(stretch('a', speech(1)), stretch('b', speech(seed))), false);
  });

  it('are not known to be of one sound if too little is known of one of them', () => {
    const unknown = { ...stretch('b', speech(1)), levels: undefined };
    assert.equal(areOne(stretch('a', speech(1)), unknown as unknown as LevelledStretch), null);
    assert.equal(areOne(stretch('a', speech(1)), stretch('b', speech(1), { startMs: 10_000 })), null);
    assert.equal(new Sounds([]).areOne(place('a'), place('b'), START_MS), null);
  });

  it('are not known to differ if they have part of one word in common, whatever else each has', () => {
    const utterance = (ms: number): number => ((ms >= 670 && ms < 960) || (ms >= 1180 && ms < 1390) ? 0.03 : 0);
    const before = stretch('a', utterance, { startMs: 0, lengthMs: 1330 });
    const behind = stretch('b', utterance, { startMs: 990, lengthMs: 340 });
    const middleMs = START_MS + 1255;
    assert.equal(new Sounds([before, behind]).areOne(place('a'), place('b'), middleMs), null);
  });

  it('are compared at the places that their dates state, even if their coverage has not moved yet', () => {
    const sounds = new Sounds([stretch('a', speech(1)), stretch('b', speech(1)), stretch('c', speech(3))]);
    const movedMs = START_MS + 86_400_000;
    assert.equal(sounds.areOne(place('a', movedMs), place('b', movedMs), movedMs + 1500), true);
    assert.equal(sounds.areOne(place('a', movedMs), place('c', movedMs), movedMs + 1500), false);
  });
});
