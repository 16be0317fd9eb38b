import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KeptSpan } from 'offline-audio-sync-contract';
import { Playback } from '../../src/sync/playback.ts';
import { nextPlace, placeOfSentence, soundingAt, wordRanges, type PlayedSentence } from '../../src/domain/playback.ts';

const T0 = Date.UTC(2026, 6, 3, 10);

/** Two recordings, the second of which was moved to another day. One second of silence is left out of the first. */
const SPANS: readonly KeptSpan[] = [
  { recordingId: 'a', fromMs: 1000, audioMs: 0, durationMs: 2000 },
  { recordingId: 'a', fromMs: 4000, audioMs: 2000, durationMs: 1000 },
  { recordingId: 'b', fromMs: 0, audioMs: 3000, durationMs: 5000 },
];

const sentence = (recordingId: string, recordingStartedAt: number, fromMs: number, toMs: number): PlayedSentence => ({
  ...{ id: `${recordingId}${fromMs}`, recordingId, recordingStartedAt, chunkId: 'c', text: 'one two' },
  startedAt: recordingStartedAt + fromMs,
  endedAt: recordingStartedAt + toMs,
  words: [
    { text: 'one', fromMs: 0, toMs: 300 },
    { text: 'two', fromMs: 400, toMs: 700 },
  ],
});
const SENTENCES = [
  sentence('a', T0, 1200, 2200),
  sentence('a', T0, 4000, 5000),
  sentence('b', T0 + 86_400_000, 500, 2000),
];

describe('Playing kept audio', () => {
  it('begins at the sentence, even if its recording was moved to another time', () => {
    assert.deepEqual(
      SENTENCES.map((one) => placeOfSentence(SPANS, one)),
      [200, 2000, 3500],
    );
    assert.equal(placeOfSentence(SPANS, sentence('other', T0, 0, 100)), null);
  });

  it('finds the sentence and the word that sound, and neither in a pause', () => {
    assert.equal(soundingAt(SPANS, SENTENCES, 100), null);
    assert.deepEqual(soundingAt(SPANS, SENTENCES, 210), { sentence: SENTENCES[0], word: 0 });
    assert.deepEqual(soundingAt(SPANS, SENTENCES, 650), { sentence: SENTENCES[0], word: 1 });
    assert.equal(soundingAt(SPANS, SENTENCES, 1500), null);
    assert.equal(soundingAt(SPANS, SENTENCES, 4000)?.sentence, SENTENCES[2]);
    assert.equal(soundingAt(SPANS, SENTENCES, 99_000), null);
  });

  it('finds where the next sentence begins, if any', () => {
    assert.equal(nextPlace(SPANS, SENTENCES, 1500), 2000);
    assert.equal(nextPlace(SPANS, SENTENCES, 2000), 3500);
    assert.equal(nextPlace(SPANS, SENTENCES, 3500), null);
  });

  it('finds each word in the text, in order, even if it occurs several times', () => {
    assert.deepEqual(
      wordRanges('No, no no.', [{ text: 'No,' }, { text: 'no' }, { text: 'missing' }, { text: 'no.' }]),
      [
        { start: 0, end: 3 },
        { start: 4, end: 6 },
        { start: 6, end: 6 },
        { start: 7, end: 10 },
      ],
    );
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-c]{1,3}$/)), (words) => {
        const text = words.join(' ');
        const ranges = wordRanges(
          text,
          words.map((word) => ({ text: word })),
        );
        assert.deepEqual(
          ranges.map(({ start, end }) => text.slice(start, end)),
          words,
        );
      }),
    );
  });
});

/** The parts of the browser's player that are used. */
class FakePlayer extends EventTarget {
  paused = true;
  currentTime = 0;
  playbackRate = 1;
  defaultPlaybackRate = 1;
  src = '';

  play(): Promise<void> {
    this.paused = false;
    this.dispatchEvent(new Event('play'));
    return Promise.resolve();
  }

  pause(): void {
    this.paused = true;
    this.dispatchEvent(new Event('pause'));
  }
}

/** Three chunks, the first of which is not kept. Each has two sentences of one second, with a pause of one second between them. */
const LONG = ['lost', 'one', 'two'].flatMap((chunkId, chunk) =>
  [0, 2].map((second) => ({
    ...sentence('long', T0, chunk * 10_000 + second * 1000, chunk * 10_000 + second * 1000 + 1000),
    chunkId,
  })),
);

describe('The button that plays and pauses', () => {
  const frames: (() => void)[] = [];
  const nextFrame = (): void => frames.splice(0).at(-1)?.();
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  before(() => {
    Object.assign(globalThis, {
      requestAnimationFrame: (look: () => void) => frames.push(look),
      cancelAnimationFrame: () => undefined,
    });
  });
  after(() => {
    Reflect.deleteProperty(globalThis, 'requestAnimationFrame');
    Reflect.deleteProperty(globalThis, 'cancelAnimationFrame');
  });

  const sounding = (playback: Playback): number =>
    LONG.findIndex((one) => one === playback.state.value.sounding?.sentence);

  function listenTo(player: FakePlayer, problems: unknown[]): Playback {
    return new Playback({
      sentences: () => LONG,
      read: (chunkId) => {
        const chunk = ['lost', 'one', 'two'].indexOf(chunkId);
        const spans = [{ recordingId: 'long', fromMs: chunk * 10_000, audioMs: 0, durationMs: 3000 }];
        return Promise.resolve(chunk === 0 ? null : { spans, durationMs: 3000, blob: new Blob(['x']) });
      },
      onProblem: (problem) => problems.push(problem),
      listening: { rate: 1, skipsPauses: false },
      audio: player as unknown as HTMLAudioElement,
    });
  }

  it('begins with the first sentence that is kept, also after the end', async () => {
    const [player, problems]: [FakePlayer, unknown[]] = [new FakePlayer(), []];
    const playback = listenTo(player, problems);
    const heard: number[] = [];
    for (const round of [1, 2]) {
      playback.toggle();
      await turn();
      assert.equal(player.paused, false, `round ${round}: it plays`);
      heard.push(sounding(playback));
      player.pause();
      player.dispatchEvent(new Event('ended'));
      await turn();
      heard.push(sounding(playback));
      player.pause();
      player.dispatchEvent(new Event('ended'));
      await turn();
      assert.deepEqual([player.paused, playback.state.value.kind], [true, 'idle'], `round ${round}: the end`);
    }
    assert.deepEqual(heard, [2, 4, 2, 4]);
    assert.deepEqual(problems, []);
    await playback.playFrom(LONG[0]?.startedAt ?? 0);
    assert.match(String(problems), /not kept/);
    playback.close();
  });

  it('goes from the last sentence to the next one while a pause sounds', async () => {
    const player = new FakePlayer();
    const playback = listenTo(player, []);
    await playback.playFrom(LONG[2]?.startedAt ?? 0);
    player.currentTime = 1.5;
    nextFrame();
    assert.equal(sounding(playback), -1, 'a pause');
    playback.move('next');
    await turn();
    assert.equal(sounding(playback), 3);
    playback.close();
  });

  it('steps over two voices that begin at the same time at once, forward and back, and keeps the speed', async () => {
    const starts = [0, 1000, 1000, 2000];
    const said = starts.map((start, i) => ({ ...sentence('call', T0, start, start + 900), id: `${start}-${i % 2}` }));
    const player = new FakePlayer();
    const playback = new Playback({
      sentences: () => said,
      read: () => {
        const spans = [{ recordingId: 'call', fromMs: 0, audioMs: 0, durationMs: 3000 }];
        return Promise.resolve({ spans, durationMs: 3000, blob: new Blob(['x']) });
      },
      onProblem: (error) => {
        throw error;
      },
      audio: player as unknown as HTMLAudioElement,
      listening: { rate: 1.5, skipsPauses: true },
    });
    const places: number[] = [];
    for (const to of ['next', 'next', 'next', 'next', 'before', 'before', 'before'] as const) {
      playback.move(to);
      await turn();
      places.push(player.currentTime);
    }
    assert.deepEqual(places, [0, 1, 2, 2, 1, 0, 0]);
    assert.deepEqual([player.playbackRate, playback.skipsPauses], [1.5, true]);
    playback.close();
  });

  it('can stop a slow loading, and audio that arrives later does not play', async () => {
    let arrive = (): void => undefined;
    const player = new FakePlayer();
    const playback = new Playback({
      sentences: () => SENTENCES,
      read: () =>
        new Promise((resolve) => {
          arrive = () => {
            resolve({ spans: SPANS, durationMs: 8000, blob: new Blob(['x']) });
          };
        }),
      onProblem: (error) => {
        throw error;
      },
      audio: player as unknown as HTMLAudioElement,
      listening: { rate: 1, skipsPauses: false },
    });
    playback.toggle();
    assert.equal(playback.state.value.kind, 'loading');
    playback.toggle();
    assert.equal(playback.state.value.kind, 'idle');
    arrive();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([player.paused, playback.state.value.kind], [true, 'idle']);

    playback.toggle();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([player.paused, playback.state.value.kind], [false, 'playing']);
    playback.close();
  });
});
