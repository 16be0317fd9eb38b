import assert from 'node:assert/strict';
import { Timestamp } from 'firebase-admin/firestore';
import { linesOf } from '../../../src/conversations/transcript.ts';

/** Segments of half a second each, after the given pauses. */
function said(...pieces: readonly [text: string, pauseMs: number, chunkId: string, speaker: number | null][]) {
  let now = 0;
  return pieces.map(([text, pauseMs, chunkId, speaker]) => {
    const startMs = now + pauseMs;
    now = startMs + 500;
    const [startedAt, endedAt] = [Timestamp.fromMillis(startMs), Timestamp.fromMillis(now)];
    return { text, chunkId, speaker, startedAt, endedAt };
  });
}

describe('lines of a transcript', () => {
  it('are apart where there is a pause, or another person speaks', () => {
    const segments = said(['One.', 0, 'a', 0], ['Two.', 800, 'a', 0], ['Three.', 0, 'a', 1]);
    assert.deepEqual(linesOf(segments), ['One.', 'Two.', 'Three.']);
  });

  it('go on where a long segment was cut', () => {
    assert.deepEqual(linesOf(said(['The ferry', 0, 'a', 0], ['leaves.', 799, 'a', 0])), ['The ferry leaves.']);
  });

  it('go on over the end of a chunk, whoever its speakers are', () => {
    assert.deepEqual(linesOf(said(['明日の', 0, 'a', 0], ['朝。', 10, 'b', 3])), ['明日の朝。']);
  });

  it('are none where nothing was said', () => {
    assert.deepEqual(linesOf([]), []);
  });
});
