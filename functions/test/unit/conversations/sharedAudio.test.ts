import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Timestamp } from 'firebase-admin/firestore';
import type { KeptSpan } from 'offline-audio-sync-contract';
import { audibleStretches, placedSpans, timeMap } from '../../../src/conversations/sharedAudio.ts';
import type { PlacedSpan } from '../../../src/conversations/sharedAudio.ts';
import type { Interval } from '../../../src/conversations/interval.ts';

const BEGAN = Date.UTC(2026, 4, 4);

/** Pauses and durations one after the other, as intervals. */
const pieces = fc.array(fc.tuple(fc.nat(5000), fc.integer({ min: 1, max: 5000 })), { minLength: 1, maxLength: 10 });

const times = pieces.map((list): Interval[] => {
  let at = BEGAN;
  return list.map(([pause, length]) => ({ startMs: (at += pause), endMs: (at += length) }));
});

/** Spans of two recordings. The second lies before the first if its date was corrected. */
const spans = fc.tuple(pieces, fc.integer({ min: -60_000, max: 60_000 })).map(([list, moved]): PlacedSpan[] => {
  let [at, audioMs] = [BEGAN, 0];
  return list.map(([pause, durationMs], i) => {
    at += pause;
    const span = { startMs: at + (i < list.length / 2 ? 0 : moved), audioMs, durationMs };
    at += durationMs;
    audioMs += durationMs;
    return span;
  });
});

/** The time at which a moment of the audio was said. */
function saidAt(map: readonly PlacedSpan[], audioMs: number): number {
  const span = map.find((one) => audioMs >= one.audioMs && audioMs < one.audioMs + one.durationMs);
  assert.ok(span !== undefined, `nothing is at ${String(audioMs)}`);
  return span.startMs + audioMs - span.audioMs;
}

describe('the audio that a link plays', () => {
  it('has each shared moment and no other, and each is where the time map says', () => {
    fc.assert(
      fc.property(spans, times, (placed, wanted) => {
        const stretches = audibleStretches(placed, wanted);
        const map = timeMap(placed, stretches, 0).map(({ fromMs, ...rest }) => ({ startMs: fromMs, ...rest }));
        // The cut audio: for each millisecond, its original time.
        const cut = stretches.flatMap(({ fromMs, toMs }) =>
          Array.from({ length: toMs - fromMs }, (_, ms) => saidAt(placed, fromMs + ms)),
        );
        for (const [ms, said] of cut.entries()) if (saidAt(map, ms) !== said) assert.fail(`${String(ms)} is misplaced`);
        const isWanted = (ms: number): boolean => wanted.some(({ startMs, endMs }) => ms >= startMs && ms < endMs);
        const expected = placed.flatMap(({ startMs, durationMs }) =>
          Array.from({ length: durationMs }, (_, ms) => startMs + ms).filter(isWanted),
        );
        assert.deepEqual(cut, expected);
      }),
      { numRuns: 100 },
    );
  });

  it('is taken only from recordings with shared speech, at their current times', () => {
    const span = (recordingId: string): KeptSpan => ({ recordingId, fromMs: 100, audioMs: 0, durationMs: 50 });
    const said = [{ recordingId: 'a', recordingStartedAt: Timestamp.fromMillis(BEGAN) }];
    assert.deepEqual(placedSpans([span('a'), span('b')], said), [{ startMs: BEGAN + 100, audioMs: 0, durationMs: 50 }]);
  });
});
