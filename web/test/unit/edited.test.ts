import assert from 'node:assert/strict';
import { instantOf, type SegmentPageDoc } from 'offline-audio-sync-contract';
import { sentencesOf } from '../../src/domain/edited.ts';

const T0 = Date.UTC(2026, 6, 3, 10);

/** A page of one recording, with a sentence of one second at each of these times. */
function pageOf(...said: readonly (readonly [atMs: number, speaker: number])[]): SegmentPageDoc {
  const source = {
    deviceId: 'phone',
    recordingId: 'call',
    recordingStartedAt: instantOf(T0),
    jobId: 'j',
    chunkId: 'c',
  };
  const segments = said.map(([atMs, speaker]) => ({
    ...{ startedAt: instantOf(T0 + atMs), endedAt: instantOf(T0 + atMs + 1000), text: 'Yes.', speaker },
    ...{ confidence: 1, language: 'en', words: [{ text: 'Yes.', fromMs: 0, toMs: 1000 }] },
  }));
  return { ...source, startedAt: instantOf(T0), endedAt: instantOf(T0 + 60_000), segments, speakers: [1000, 1001] };
}

describe('The sentences of a conversation', () => {
  const conversation = { deviceId: 'phone', startedAt: T0, finishedAt: T0 + 3000 };

  it('have different ids even if two voices begin at the same moment', () => {
    const found = sentencesOf([pageOf([0, 1000], [2000, 1000], [2000, 1001])], conversation, []);
    assert.equal(new Set(found.map(({ id }) => id)).size, 3);
    assert.deepEqual(
      found.map(({ voice, speaker }) => [voice, speaker]),
      [
        [1000, 1],
        [1000, 1],
        [1001, 2],
      ],
    );
  });

  it('are those that begin in it, even if the pages have others since it was split', () => {
    const found = sentencesOf([pageOf([0, 1000], [2500, 1000], [20_000, 1000])], conversation, []);
    assert.deepEqual(
      found.map(({ startedAt }) => startedAt - T0),
      [0, 2500],
    );
  });
});
