/**
 * One process of the bench of the local recogniser, which should be bound to one processor. `node localSpeed.ts speed <rounds>`
 * compares both models and the peers on the speech of the samples. `node localSpeed.ts memory <tiny|base>` gives the peak
 * memory of a process with one model. Prints JSON.
 */
import { ListenerPool } from '../src/audio/detect/listenerPool.ts';
import { LOCAL_MODELS } from '../src/transcription/local/models.ts';
import { cutIntoPieces, MAX_PIECE_SAMPLES, toBatches } from '../src/transcription/local/pieces.ts';
import type { Piece } from '../src/transcription/local/pieces.ts';
import { loadRecogniser } from '../src/transcription/local/recogniser.ts';
import { prepareModel } from '../models/moonshine/prepare.ts';
import { publishedFiles, publishedLoop, sherpa } from './publishedMoonshine.ts';
import type { Peer } from './publishedMoonshine.ts';
import { recogniseRecordings } from './recognition.ts';
import { race } from './rounds.ts';
import type { Contestant } from './rounds.ts';
import { RATE, sampleBytes, samplePcm, SAMPLES } from './sound.ts';

/** The speech of one chunk, and the pieces in which it is recognised. */
interface Speech {
  readonly pcm: Float32Array;
  readonly pieces: readonly Piece[];
}

/** The speech of the samples, as the recogniser gets it from the worker. */
async function speechOfSamples(): Promise<Speech[]> {
  const found: Speech[] = [];
  const listener = new ListenerPool({ size: 1 });
  for (const sample of SAMPLES) {
    const { files, open } = sampleBytes(sample);
    await recogniseRecordings(files, open, listener, {
      async transcribe({ audio }) {
        const pcm = await audio.pcm();
        found.push({ pcm, pieces: cutIntoPieces(pcm, audio.pauses) });
        return { requestId: '', transcriber: '', billedSeconds: 0, language: null, words: [] };
      },
    });
  }
  await listener.close();
  return found;
}

async function engine(model: (typeof LOCAL_MODELS)[number], speech: readonly Speech[]): Promise<() => Promise<void>> {
  await prepareModel(model.name);
  const recogniser = await loadRecogniser(model);
  return async () => {
    for (const { pcm, pieces } of speech) {
      for (const batch of toBatches(pieces, 1)) {
        await recogniser.recognise(batch.map(({ start, end }) => pcm.subarray(start, end)));
      }
    }
  };
}

function onEach(peer: Peer, speech: readonly Speech[]): () => Promise<void> {
  return async () => {
    for (const { pcm, pieces } of speech) for (const { start, end } of pieces) await peer(pcm.slice(start, end));
  };
}

async function speed(rounds: number): Promise<unknown> {
  const speech = await speechOfSamples();
  const seconds = speech.reduce((sum, { pcm }) => sum + pcm.length / RATE, 0);
  const contestants: Contestant[] = [];
  for (const model of LOCAL_MODELS) {
    contestants.push({ name: `local ${model.size}`, seconds, run: await engine(model, speech) });
  }
  const files = await publishedFiles();
  contestants.push({ name: 'published loop, tiny', seconds, run: onEach(await publishedLoop(files), speech) });
  try {
    contestants.push({ name: 'sherpa-onnx, tiny', seconds, run: onEach(await sherpa(files), speech) });
  } catch (error) {
    console.error(`sherpa-onnx is left out: ${String(error)}`);
  }
  return { seconds, speeds: await race(contestants, rounds) };
}

/** The peak memory of a process with one model. It is reached by four pieces of the greatest length at once, several times. */
async function memory(size: string): Promise<unknown> {
  const model = LOCAL_MODELS.find((each) => each.size === size);
  if (model === undefined) throw new Error(`There is no model ${size}.`);
  const [sample = fail()] = SAMPLES;
  const [recording = fail()] = sample.recordings;
  const speech = await samplePcm(sample, recording);
  const pcm = Float32Array.from({ length: 4 * MAX_PIECE_SAMPLES }, (_, i) => speech[i % speech.length] ?? 0);
  const pieces = [0, 1, 2, 3].map((i) => ({ start: i * MAX_PIECE_SAMPLES, end: (i + 1) * MAX_PIECE_SAMPLES }));
  const run = await engine(model, [{ pcm, pieces }]);
  for (let round = 0; round < 4; round++) await run();
  return { size, peakMb: Math.round(process.resourceUsage().maxRSS / 1024) };
}

function fail(): never {
  throw new Error('There are no samples.');
}

const [what = 'speed', argument = ''] = process.argv.slice(2);
console.log(JSON.stringify(await (what === 'memory' ? memory(argument) : speed(Number(argument)))));
