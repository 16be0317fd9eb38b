import assert from 'node:assert/strict';
import fc from 'fast-check';
import { editedSegments, instantOf } from 'offline-audio-sync-contract';
import type { SegmentDoc, StoredEdit } from 'offline-audio-sync-contract';

const RECORDING = { recordingId: 'r1', recordingStartedAt: instantOf(0) };

/** A segment of the recording whose words last 100 ms each. */
function segment(startMs: number, ...texts: string[]): SegmentDoc {
  const words = texts.map((text, i) => ({ text, fromMs: i * 100, toMs: i * 100 + 90 }));
  const source = { ...RECORDING, deviceId: 'omi', jobId: 'j', chunkId: 'c', transcriber: 'exact' };
  const times = { startedAt: instantOf(startMs), endedAt: instantOf(startMs + texts.length * 100) };
  return { ...source, ...times, text: texts.join(' '), words, speaker: null, language: 'en', confidence: 1 };
}

function corrected(id: string, startMs: number, endMs: number, text: string): StoredEdit {
  const place = { ...RECORDING, startedAt: instantOf(startMs), endedAt: instantOf(endMs), deviceId: 'omi' };
  const made = { editedAt: instantOf(1), undoneAt: null, updatedAt: instantOf(1) };
  return { id, kind: 'text', text, heard: '', ...place, ...made };
}

/** The words of a voice, each in its own segment. */
const said = (speaker: number) =>
  fc
    .array(fc.record({ startMs: fc.nat(2000), words: fc.integer({ min: 1, max: 6 }) }), { minLength: 1, maxLength: 4 })
    .map((all) =>
      all.map(({ startMs, words }) => ({
        ...segment(startMs, ...Array.from({ length: words }, (_, i) => `${speaker}/${startMs}/${i}`)),
        speaker,
      })),
    );

const conversation = (startMs: number, endMs: number) => ({
  deviceId: 'omi',
  startedAt: instantOf(startMs),
  finishedAt: instantOf(endMs),
});

describe('a corrected sentence', () => {
  const first = segment(1000, 'a', 'b');
  const second = segment(1200, 'c', 'd');
  const edit = corrected('e', 1100, 1290, 'X');
  const textsOf = (segments: readonly SegmentDoc[], startMs: number, endMs: number): string[] =>
    editedSegments(segments, conversation(startMs, endMs), [edit]).map(({ text }) => text);

  it('is in the first of the segments that it covers', () => {
    assert.deepEqual(textsOf([first, second], 1000, 1400), ['a X', 'd']);
  });

  it('appears once if a split divides it: in the conversation that has its first word', () => {
    assert.deepEqual(textsOf([first], 1000, 1190), ['a X']);
    assert.deepEqual(textsOf([second], 1200, 1400), ['d']);
  });

  it('is compared with the words of the segments that it meets, and of no others', () => {
    let looks = 0;
    const counted = (each: SegmentDoc): SegmentDoc => ({
      ...each,
      words: new Proxy([...each.words], {
        get: (target, key, receiver): unknown => {
          if (key === 'some') looks++;
          return Reflect.get(target, key, receiver);
        },
      }),
    });
    const segments = Array.from({ length: 100 }, (_, i) => counted(segment(10_000 * i, 'a', 'b')));
    const edits = segments.map(({ startedAt }, i) =>
      corrected(`e${i}`, startedAt.toMillis(), startedAt.toMillis() + 99, 'X'),
    );
    const read = editedSegments(segments, conversation(0, 1e6), edits);
    assert.deepEqual(new Set(read.map(({ text }) => text)), new Set(['X b']));
    assert.equal(looks, segments.length);
  });
});

describe('a correction of one of two voices that speak at once', () => {
  const all = conversation(0, 1e6);

  it('changes neither the text nor the name of the other', () => {
    const stretch = fc.record({ startMs: fc.nat(2000), lengthMs: fc.nat(1000) });
    fc.assert(
      fc.property(said(1), said(2), stretch, (mine, others, { startMs, lengthMs }) => {
        const text = { ...corrected('t', startMs, startMs + lengthMs, 'X'), speaker: 1 };
        const name = { ...text, id: 'n', kind: 'speaker', name: 'Ada', scope: 'sentence' } as const;
        const read = editedSegments([...mine, ...others], all, [text, name]);
        assert.deepEqual(
          read.filter(({ speaker }) => speaker === 2),
          others.map((each) => ({ ...each, heard: null, speakerName: null })),
        );
      }),
    );
  });

  it('is shown beside a correction of the other, whichever was made first', () => {
    const [mine, other] = [1, 2].map((speaker) => ({ ...segment(1000, 'a', 'b'), speaker }));
    const [ofMine, ofOther] = [1, 2].map((speaker) => ({
      ...corrected(`${speaker}`, 1000, 1200, `X${speaker}`),
      speaker,
    }));
    for (const edits of [
      [ofMine!, { ...ofOther!, editedAt: instantOf(2) }],
      [{ ...ofMine!, editedAt: instantOf(2) }, ofOther!],
    ])
      assert.deepEqual(
        editedSegments([mine!, other!], all, edits).map(({ text }) => text),
        ['X1', 'X2'],
      );
  });

  it('is shown once if it corrects both of them', () => {
    const [mine, other] = [1, 2].map((speaker) => ({ ...segment(1000, 'a', 'b'), speaker }));
    const texts = editedSegments([mine!, other!], all, [corrected('t', 1000, 1200, 'X')]).map(({ text }) => text);
    assert.deepEqual(texts, ['X']);
  });
});
