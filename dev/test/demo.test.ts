import assert from 'node:assert/strict';
import type { JobStatus } from 'offline-audio-sync-contract';
import { compareWords, firstDifference, unexplainedSeconds, type Word } from '../demo/compare.ts';
import type { Journey } from '../demo/journey.ts';
import { judge } from '../demo/verdict.ts';
import { loadSamples, type Sample } from '../samples/samples.ts';
import { relevantLines } from '../emulators/logs.ts';

const word = (text: string, startMs: number): Word => ({ text, startMs, endMs: startMs + 200 });

describe('Comparison of words', () => {
  const said = [word('one', 0), word('two', 1000), word('two', 1300)];

  it('matches each word with the nearest one of the same text', () => {
    const { matched, missing, invented, maxErrorMs, meanErrorMs } = compareWords(said, [
      word('two', 1310),
      word('one', 20),
      word('two', 1000),
    ]);
    assert.equal(matched, 3);
    assert.deepEqual([missing, invented], [[], []]);
    assert.equal(maxErrorMs, 20);
    assert.equal(meanErrorMs, 10);
  });

  it('finds missing words, words that were not said, and repeated words', () => {
    const { missing, invented } = compareWords(said, [
      word('one', 0),
      word('one', 10),
      word('two', 1000),
      word('six', 9),
    ]);
    assert.deepEqual(missing, [said[2]]);
    assert.deepEqual(invented, [word('one', 10), word('six', 9)]);
  });

  it('does not match a word with the same text at another time', () => {
    const { missing, invented } = compareWords([word('one', 0)], [word('one', 700)]);
    assert.equal(missing.length, 1);
    assert.equal(invented.length, 1);
  });

  it('names the first word that differs', () => {
    assert.equal(firstDifference(['a', 'b'], ['a', 'b']), null);
    assert.match(firstDifference(['a', 'b'], ['a', 'c'])!, /word 2 is "c" instead of "b"/);
    assert.match(firstDifference(['a'], ['a', 'x'])!, /word 2 is "x"/);
    assert.match(firstDifference(['a', 'b'], ['a'])!, /word 2 is "\(nothing\)"/);
  });

  it('counts the seconds that a ledger leaves out', () => {
    const ledger = {
      audio_seconds: 10,
      speech_seconds: 4,
      silent_seconds: 3,
      duplicate_seconds: 1,
      failed_seconds: 0.5,
    };
    assert.equal(unexplainedSeconds(ledger), 1.5);
  });
});

describe('Verdict on a journey', () => {
  const samples = loadSamples();

  /** A journey without a fault. */
  function perfect(): Journey {
    return {
      user: { uid: 'u', idToken: 't' },
      leftovers: [],
      requests: samples.filter(({ words }) => words.length > 0).map(() => ({ billedSeconds: 1 }) as never),
      results: samples.map((sample) => ({
        sample,
        job: job(sample),
        chunks: sample.words.length === 0 ? [] : [{ words: sample.words }],
        conversations: sample.conversations.map(({ startMs, endMs, from, to }, index) => ({
          id: String(index),
          deviceId: sample.deviceId,
          startedAt: startMs,
          finishedAt: endMs,
          segments: sample.words.slice(from, to).map(({ text, startMs: startedAt, endMs: endedAt }) => {
            return { deviceId: sample.deviceId, startedAt, endedAt, text, speaker: 0 };
          }),
        })),
      })),
    };
  }

  function job(sample: Sample) {
    const audio = sample.recordings.reduce((sum, { durationMs }) => sum + durationMs, 0) / 1000;
    return {
      job_id: 'j',
      status: 'completed' as JobStatus,
      percent: 100,
      ledger: {
        audio_seconds: audio,
        speech_seconds: 0,
        silent_seconds: audio,
        duplicate_seconds: 0,
        failed_seconds: 0,
      },
      new_conversation_ids: [],
      updated_conversation_ids: [],
      failures: [],
      waiting_for: null,
    };
  }

  /** The perfect journey, with the result of one sample changed. */
  function spoil(
    scenario: string,
    change: (result: Journey['results'][number]) => Partial<Journey['results'][number]>,
  ): Journey {
    const journey = perfect();
    const results = journey.results.map((result) =>
      result.sample.scenario === scenario ? { ...result, ...change(result) } : result,
    );
    return { ...journey, results };
  }

  it('has no complaint when all is well', () => {
    const verdict = judge(perfect());
    assert.deepEqual(verdict.complaints, []);
    assert.equal(verdict.words, samples.flatMap(({ words }) => words).length);
  });

  const faults: Record<string, [Journey, RegExp]> = {
    'a lost word': [
      spoil('train', ({ chunks }) => ({ chunks: [{ words: chunks[0]!.words.slice(1) }] })),
      /train: not transcribed/,
    ],
    'an invented word': [
      spoil('train', ({ chunks }) => ({ chunks: [...chunks, { words: [word('boo', chunks[0]!.words[0]!.startMs)] }] })),
      /train: never said: "boo"/,
    ],
    'a late word': [
      spoil('walk', ({ chunks }) => ({
        chunks: [{ words: chunks[0]!.words.map((one) => ({ ...one, startMs: one.startMs + 41 })) }],
      })),
      /walk: a word is 41 ms off/,
    ],
    'a request for silence': [
      spoil('night', () => ({ chunks: [{ words: [] }] })),
      /night: the transcriber was asked about silence/,
    ],
    'conversations that were joined': [
      spoil('garden', ({ conversations }) => ({ conversations: conversations.slice(1) })),
      /garden: 2 conversations instead of 3/,
    ],
    'a transcript that lacks a segment': [
      spoil('memo', ({ conversations }) => ({
        conversations: conversations.map((one) => ({ ...one, segments: one.segments.slice(0, -1) })),
      })),
      /memo: conversation 1: word \d+ is "\(nothing\)"/,
    ],
    'a ledger with a hole': [
      spoil('errand', ({ job: ended }) => ({ job: { ...ended, ledger: { ...ended.ledger, silent_seconds: 1 } } })),
      /errand: the ledger leaves/,
    ],
    'a failed job': [
      spoil('letter', ({ job: ended }) => ({ job: { ...ended, status: 'partial' } })),
      /letter: the job is partial/,
    ],
    'a staged file': [{ ...perfect(), leftovers: ['uploads/u/j/x.bin'] }, /staged files are left: uploads/],
    'a second request for the same audio': [
      { ...perfect(), requests: [...perfect().requests!, { billedSeconds: 1 } as never] },
      /asked \d+ times for \d+ chunks/,
    ],
    'silence on the bill': [
      { ...perfect(), requests: perfect().requests!.map(() => ({ billedSeconds: 60 }) as never) },
      /billed .* s for .* s of speech/,
    ],
  };
  for (const [fault, [journey, complaint]] of Object.entries(faults)) {
    it(`complains about ${fault}`, () => {
      assert(
        judge(journey).complaints.some((text) => complaint.test(text)),
        judge(journey).complaints.join('\n'),
      );
    });
  }

  describe('of a recogniser that makes mistakes', () => {
    const heardAs = (change: (word: Word, index: number) => Word) => {
      const journey = perfect();
      const results = journey.results.map((result) => ({
        ...result,
        chunks: result.chunks.map((chunk) => ({ ...chunk, words: chunk.words.map(change) })),
      }));
      return judge({ ...journey, requests: null, results }, 'bounded');
    };

    it('accepts one wrong word in fifteen, and says how many there are', () => {
      const { complaints, heard } = heardAs((said, index) => (index % 15 === 0 ? { ...said, text: 'wrong' } : said));
      assert.deepEqual(complaints, []);
      assert.ok(heard!.errors / heard!.words > 0.05 && heard!.errors / heard!.words < 0.08);
    });

    it('does not accept one wrong word in ten', () => {
      const { complaints } = heardAs((said, index) => (index % 10 === 0 ? { ...said, text: 'wrong' } : said));
      assert.match(complaints.join(), /\d+ of \d+ words are wrong/);
    });

    it('does not accept words that begin at another time', () => {
      const late = heardAs((said) => ({ ...said, startMs: said.startMs + 60 }));
      assert.match(late.complaints.join(), /60 ms off in the middle/);
      const some = heardAs((said, index) => (index % 10 === 0 ? { ...said, startMs: said.startMs - 300 } : said));
      assert.match(some.complaints.join(), /95 % within 300 ms/);
    });
  });
});

describe('Quotation of a log', () => {
  it('ends with what matters, without banners and notices', () => {
    const log = [
      'a',
      '',
      '   1.000',
      '  2.0  ⚠  Unable to fetch the CLI MOTD',
      '│ Auth │',
      '  3.0  i  auth: Stopping it',
      'b',
    ];
    assert.deepEqual(relevantLines(log.join('\n')), ['a', 'b']);
    assert.deepEqual(relevantLines('a\nb\nc', 2), ['b', 'c']);
  });
});
