import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LONGEST_PAGE_MS } from 'offline-audio-sync-contract';
import { pageId } from '../../../src/conversations/conversation.ts';
import type { RecordedWord } from '../../../src/conversations/conversation.ts';
import { cutSegment, LARGEST_PAGE, pageSegments, segmentWords } from '../../../src/conversations/segments.ts';

const RECORDING = { recordingId: 'recording', startedAtMs: 0 };

function words(...specs: readonly [text: string, startMs: number, endMs: number, speaker?: number][]): RecordedWord[] {
  return specs.map(([text, startMs, endMs, speaker = 0]) => ({
    text,
    startMs,
    endMs,
    speaker,
    confidence: 0.5,
    language: 'en',
    recording: RECORDING,
  }));
}

describe('segments', () => {
  it('join the words of one speaker', () => {
    const spoken = words(['Good', 0, 300], ['morning.', 350, 800]);
    const [segment] = segmentWords(spoken);
    assert.deepEqual(segment, {
      recording: RECORDING,
      text: 'Good morning.',
      startMs: 0,
      endMs: 800,
      speaker: 0,
      confidence: 0.5,
      language: 'en',
      words: spoken,
    });
  });

  it('end at a pause of 0.8 s', () => {
    assert.equal(segmentWords(words(['a', 0, 100], ['b', 899, 950])).length, 1);
    assert.equal(segmentWords(words(['a', 0, 100], ['b', 900, 950])).length, 2);
  });

  it('end where the speaker changes', () => {
    assert.deepEqual(
      segmentWords(words(['Yes.', 0, 100, 0], ['No.', 150, 300, 1])).map(({ text }) => text),
      ['Yes.', 'No.'],
    );
  });

  it('keep the sentence of each speaker whole where two speak at once', () => {
    const call = words(
      ['I', 0, 300, 0],
      ['think', 300, 600, 0],
      ['Yes', 500, 750, 1],
      ['that', 620, 900, 0],
      ['right.', 800, 1100, 1],
      ['works.', 950, 1300, 0],
    );
    assert.deepEqual(
      segmentWords(call).map(({ text, speaker }) => [speaker, text]),
      [
        [0, 'I think that works.'],
        [1, 'Yes right.'],
      ],
    );
  });

  it('end where the speaker changes, even if the words of both overlap a little, as recognisers report them', () => {
    const turns = words(['What?', 0, 300, 0], ['Nothing.', 280, 600, 1], ['Fine.', 590, 800, 0]);
    assert.deepEqual(
      segmentWords(turns).map(({ text }) => text),
      ['What?', 'Nothing.', 'Fine.'],
    );
  });

  it('end after a sentence once they are long, and only then', () => {
    const long = words(['First.', 0, 14_000], ['Second.', 14_100, 15_500], ['Third', 15_600, 16_000]);
    assert.deepEqual(
      segmentWords(long).map(({ text }) => text),
      ['First. Second.', 'Third'],
    );
  });

  it('keep every word once and in order', () => {
    const word = fc.record({
      text: fc.stringMatching(/^[a-z]{1,5}[.,]?$/),
      gap: fc.integer({ min: 0, max: 2000 }),
      length: fc.integer({ min: 1, max: 3000 }),
      speaker: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(word), (drafts) => {
        let now = 0;
        const spoken = drafts.map(({ text, gap, length, speaker }) => {
          const startMs = now + gap;
          now = startMs + length;
          return { text, startMs, endMs: now, speaker, confidence: 1, language: null, recording: RECORDING };
        });
        const segments = segmentWords(spoken);
        assert.equal(segments.map(({ text }) => text).join(' '), spoken.map(({ text }) => text).join(' '));
        for (const segment of segments) assert.ok(segment.startMs < segment.endMs);
      }),
    );
  });

  it('keep every word of each speaker once and in order where they speak at once', () => {
    const word = fc.record({
      text: fc.stringMatching(/^[a-z]{1,5}[.,]?$/),
      startMs: fc.integer({ min: 0, max: 20_000 }),
      length: fc.integer({ min: 1, max: 3000 }),
      speaker: fc.integer({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(word), (drafts) => {
        const spoken = drafts
          .map((draft) => ({ ...draft, endMs: draft.startMs + draft.length, confidence: 1, language: null }))
          .map((said) => ({ ...said, recording: RECORDING }))
          .sort((a, b) => a.startMs - b.startMs);
        const segments = segmentWords(spoken);
        for (const speaker of [0, 1, 2])
          assert.deepEqual(
            segments.filter((segment) => segment.speaker === speaker).flatMap((segment) => segment.words),
            spoken.filter((said) => said.speaker === speaker),
          );
        assert.deepEqual(
          segments.map(({ startMs }) => startMs),
          segments.map(({ startMs }) => startMs).sort((a, b) => a - b),
        );
      }),
    );
  });

  it('are stored in pages: each of one recording, in order, and at most five minutes long', () => {
    const other = { ...RECORDING, recordingId: 'other' };
    const said = Array.from({ length: 40 }, (_, i) => ({
      text: `word${i}`,
      startMs: 15_000 * i,
      endMs: 15_000 * i + 400,
      speaker: null,
      confidence: 1,
      language: null,
      recording: i % 4 === 3 ? other : RECORDING,
    }));
    const pages = pageSegments(segmentWords(said));
    assert.deepEqual(
      pages.flat().sort((a, b) => a.startMs - b.startMs),
      segmentWords(said),
    );
    assert.deepEqual(
      pages.map((page) => new Set(page.map(({ recording }) => recording.recordingId)).size),
      pages.map(() => 1),
    );
    for (const page of pages) assert.ok(page.at(-1)!.endMs - page[0].startMs <= LONGEST_PAGE_MS);
    assert.equal(pages.length, 4);
  });

  it('fit into documents, as segments and as pages, however dense imported words are', () => {
    const dense = Array.from({ length: 5000 }, (_, i) => ['語'.repeat(195), i, i + 1] as const);
    const short = Array.from({ length: 5000 }, (_, i) => ['a', i, i + 1, i % 2] as const);
    for (const spoken of [dense, short]) {
      const segments = segmentWords(words(...spoken.map((each) => [...each] as [string, number, number, number?])));
      assert.equal(
        segments.reduce((sum, segment) => sum + segment.words.length, 0),
        5000,
      );
      for (const page of pageSegments(segments)) {
        assert.ok(page.reduce((sum, segment) => sum + segment.words.length, 0) <= LARGEST_PAGE.words);
        assert.ok(page.reduce((sum, { text }) => sum + text.length, 0) <= LARGEST_PAGE.characters);
      }
    }
  });

  it('are cut in a time that does not grow with the number of cuts times the number of words', () => {
    const [spoken] = segmentWords(
      words(...Array.from({ length: 2000 }, (_, i) => ['a', i, i + 1] as [string, number, number])),
    );
    let reads = 0;
    const cuts = new Proxy(
      [...Array(20_000).keys()].map((i) => 5000 + i),
      {
        get: (target, key, receiver): unknown => {
          reads++;
          return Reflect.get(target, key, receiver);
        },
      },
    );
    assert.deepEqual(cutSegment(spoken!, cuts), [spoken]);
    assert.ok(reads < 50 * 2000, `${reads} reads of the list of cuts`);
  });

  it('have pages whose id depends on device, recording, times and texts alone', () => {
    const [segment] = segmentWords(words(['Hello.', 10, 400, 1]));
    const id = pageId('omi', [segment!]);
    assert.equal(pageId('omi', [{ ...segment!, speaker: 5, confidence: 0.1 }]), id);
    assert.notEqual(pageId('phone', [segment!]), id);
    assert.notEqual(pageId('omi', [{ ...segment!, startMs: 11 }]), id);
    assert.notEqual(pageId('omi', [{ ...segment!, text: 'Hallo.' }]), id);
    assert.notEqual(pageId('omi', [segment!, segment!]), id);
  });
});
