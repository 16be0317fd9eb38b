import assert from 'node:assert/strict';
import fc from 'fast-check';
import { openAudio } from '../deepgram/containers.ts';
import type { HeardWord } from '../deepgram/hearing.ts';
import { SampleLibrary } from '../deepgram/library.ts';
import { recognise, UNRECOGNISED } from '../deepgram/recogniser.ts';
import { frameFile, wavFile } from '../samples/encode.ts';
import type { Sample, SampleWord, Sidecar } from '../samples/samples.ts';
import { assertTimes, availableMs, hasLargerPart, playedParts } from './expectedWords.ts';
import type { Range } from './expectedWords.ts';
import { oggPages, writePages } from './oggWriter.ts';
import { framesOf, isOpus, pcmOf, samples } from './sampleFrames.ts';
import type { Frame } from './sampleFrames.ts';

const library = new SampleLibrary();
library.addFolder();

describe('recognition', function () {
  for (const sample of samples) {
    it(`finds every word of ${sample.scenario} at its time, and no other`, async () => {
      const frames = framesOf(sample);
      const heard = await send(sample, frames);
      assert.deepEqual(texts(heard), texts(sample.words));
      assertTimes(heard, sample.words, frames);
    });
  }

  const opus = samples.filter((sample) => isOpus(sample) && sample.words.length > 0);

  it('finds a word in any cut of Opus packets exactly if the larger part of it is there', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...opus),
        cuts(),
        fc.integer({ min: 0, max: 3000 }),
        async (sample, cut, preSkip) => {
          const frames = pick(framesOf(sample), cut);
          fc.pre(frames.length > 10);
          const heard = await send(sample, frames, preSkip);
          const played: Range[] = playedParts(frames, preSkip / 48);
          const expected = sample.words.filter((word) => hasLargerPart(played, word, availableMs(sample, word)));
          assert.deepEqual(texts(heard), texts(expected));
          assertTimes(heard, expected, frames, preSkip / 48);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('gives a word that is cut in two to one of the two requests, whole if they are one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...opus), fraction(), async (sample, where) => {
        const frames = framesOf(sample);
        const middle = Math.max(1, Math.floor(where * (frames.length - 1)));
        const first = await send(sample, frames.slice(0, middle));
        const second = await send(sample, frames.slice(middle));
        assert.deepEqual([...texts(first), ...texts(second)], texts(sample.words));
      }),
      { numRuns: 30 },
    );
  });

  it('gives a word that falls into two equal halves to the first', async () => {
    const { sample, word } = evenWord();
    const frames = framesOf(sample);
    const middle = frames.findIndex(({ startMs }) => startMs === (word.startMs + word.endMs) / 2);
    assert.ok(middle > 0);
    assert.ok(texts(await send(sample, frames.slice(0, middle))).at(-1) === word.text);
    assert.ok(texts(await send(sample, frames.slice(middle)))[0] !== word.text);
  });

  it('finds words twice if they are sent twice', async () => {
    const sample = samples.find(({ scenario }) => scenario === 'market');
    assert.ok(sample);
    const frames = framesOf(sample);
    assert.deepEqual(texts(await send(sample, [...frames, ...frames])), [
      ...texts(sample.words),
      ...texts(sample.words),
    ]);
  });

  it('finds PCM wherever the pieces are cut, to the sample', async () => {
    const pcm = samples.filter((sample) => !isOpus(sample));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...pcm), cuts(), async (sample, cut) => {
        const all = pcmOf(sample);
        const parts = cut.map(([from, to]): Range => [Math.floor(from * all.length), Math.floor(to * all.length)]);
        const kept = parts.filter(([from, to]) => to - from > 2000);
        fc.pre(kept.length > 0);
        // A word around a gap of a few samples has a half on each side: which one is larger is within the matcher's error.
        fc.pre(kept.every(([from], k) => k === 0 || from - (kept[k - 1]?.[1] ?? 0) > 2000));
        const heard = await hear(wav(kept.map(([from, to]) => all.subarray(from, to))));
        const startMs = sample.recordings[0]?.startedAtMs ?? 0;
        const played = kept.map(([from, to]): Range => [startMs + from / 16, startMs + to / 16]);
        const expected = sample.words.filter((word) => hasLargerPart(played, word, word.endMs - word.startMs));
        assert.deepEqual(texts(heard), texts(expected));
      }),
      { numRuns: 40 },
    );
  });

  it('assigns no received sample to two known ones', () => {
    const errand = pcmOf(samples.find(({ scenario }) => scenario === 'errand'));
    fc.assert(
      fc.property(cuts(), (cut) => {
        const parts = cut.map(([from, to]) => [...errand.subarray(from * errand.length, to * errand.length)]);
        let endMs = 0;
        for (const { atMs, durationMs } of library.pcm.match(Int16Array.from(parts.flat()))) {
          assert.ok(atMs >= endMs);
          endMs = atMs + durationMs;
        }
      }),
      { numRuns: 20 },
    );
  });

  it('marks speech that it does not know, with its place', async () => {
    const tone = (seconds: number) => Int16Array.from({ length: seconds * 16_000 }, (_, i) => 3000 * Math.sin(i / 6));
    const silence = new Int16Array(2 * 16_000);
    const heard = await hear(wav([silence, tone(0.5), silence, tone(1)]));
    assert.deepEqual(texts(heard), [UNRECOGNISED, UNRECOGNISED]);
    assert.deepEqual(
      heard.map(({ startMs, endMs }) => [startMs, endMs]),
      [
        [2000, 2500],
        [4500, 5500],
      ],
    );
  });

  it('marks unknown Opus packets among known ones', async () => {
    const sample = opus[0];
    assert.ok(sample);
    const foreign = new SampleLibrary();
    const words = await recognise(foreign, await openAudio(ogg(framesOf(sample), 9600)));
    assert.ok(words.length > 0 && words.every(({ text }) => text === UNRECOGNISED));
    const first = sample.words[0]?.startMs ?? 0;
    const start = sample.recordings[0]?.startedAtMs ?? 0;
    assert.ok(Math.abs((words[0]?.startMs ?? 0) - (first - start - 200)) < 40, 'the pre-skip of 200 ms is taken off');
  });

  it('places equal silence by its neighbours', async () => {
    const silence = Uint8Array.from([8 << 3, 0]);
    const spoken = (word: number): Uint8Array[] =>
      Array.from({ length: 20 }, (_, i) => Uint8Array.from([8 << 3, 1, word, i >> 1]));
    const pause = new Array<Uint8Array>(150).fill(silence);
    const all = Array.from({ length: 10 }, (_, word) => [...pause, ...spoken(word)]).flat();
    const words = Array.from({ length: 10 }, (_, word) => wordAt(1500 + word * 1700, 200, `word${word}`));
    const known = new SampleLibrary();
    known.add(syntheticSidecar(all.length, words), () => frameFile(all));
    await fc.assert(
      fc.asyncProperty(cuts(), async (cut) => {
        const frames = pick(
          all.map((bytes, index) => ({ bytes, startMs: index * 10, endMs: index * 10 + 10 })),
          cut,
        );
        fc.pre(frames.length > 0);
        const heard = await recognise(known, await openAudio(ogg(frames)));
        const played = frames.map(({ startMs, endMs }): Range => [startMs, endMs]);
        const expected = words.filter((word) => hasLargerPart(played, word, 200));
        assert.deepEqual(texts(heard), texts(expected));
        assertTimes(heard, expected, frames);
      }),
      { numRuns: 100 },
    );
  });

  it('finds nothing in unknown silence', async () => {
    const noise = Int16Array.from({ length: 80_000 }, (_, i) => (i * 7919) % 41);
    assert.deepEqual(await hear(wav([noise])), []);
  });
});

/** Parts of a whole, as fractions, in order and apart. */
function cuts(): fc.Arbitrary<Range[]> {
  return fc.uniqueArray(fraction(), { minLength: 2, maxLength: 12 }).map((points) => {
    const sorted = points.toSorted((a, b) => a - b);
    return sorted.flatMap((from, i): Range[] => (i % 2 === 0 ? [[from, sorted[i + 1] ?? 1]] : []));
  });
}

/** Evenly distributed over 0 to 1; `fc.double` prefers values near 0. */
function fraction(): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: 100_000 }).map((value) => value / 100_000);
}

function pick(frames: readonly Frame[], parts: readonly Range[]): Frame[] {
  return parts.flatMap(([from, to]) => frames.slice(Math.floor(from * frames.length), Math.floor(to * frames.length)));
}

/** A word of an even number of whole frames. */
function evenWord(): { sample: Sample; word: SampleWord } {
  for (const sample of samples.filter(isOpus)) {
    const starts = new Set(framesOf(sample).map(({ startMs }) => startMs));
    const word = sample.words.find(({ startMs, endMs }) => starts.has((startMs + endMs) / 2));
    if (word !== undefined) return { sample, word };
  }
  throw new Error('no such word');
}

function wordAt(startMs: number, length: number, text: string): SampleWord {
  return { text, startMs, endMs: startMs + length, speaker: 'x' };
}

/** One recording of `frames` Opus frames of 10 ms, from time 0. */
function syntheticSidecar(frames: number, words: SampleWord[]): Sidecar {
  const recording = { name: 'x.bin', codec: 'opus', sampleRate: 16_000, channels: 1, frameSize: 160 } as const;
  return {
    scenario: 'synthetic',
    about: '',
    deviceId: 'x',
    language: 'en',
    recordings: [{ ...recording, startedAtMs: 0, durationMs: frames * 10, tornBytes: 0, lostFrames: [] }],
    words,
    conversations: [],
  };
}

function ogg(frames: readonly Frame[], preSkip = 0): Buffer {
  const packets = frames.map(({ bytes, startMs, endMs }) => ({ bytes, samples: (endMs - startMs) * 48 }));
  return writePages(oggPages(packets, { preSkip }));
}

function send(sample: Sample, frames: readonly Frame[], preSkip = 0): Promise<HeardWord[]> {
  return hear(isOpus(sample) ? ogg(frames, preSkip) : wav([pcmOf(sample)]));
}

async function hear(bytes: Buffer): Promise<HeardWord[]> {
  return recognise(library, await openAudio(bytes));
}

function wav(parts: readonly Int16Array[]): Buffer {
  return wavFile(parts.map((part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength)));
}

function texts(words: readonly { readonly text: string }[]): string[] {
  return words.map(({ text }) => text);
}
