/** Runs one model on onnxruntime: turns pieces of speech into words with their times. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { SAMPLE_RATE } from '../../audio/read/pcm.ts';
import { modelFile } from '../../modelFiles.ts';
import { alignTokens } from './alignment.ts';
import { doubtOf } from './guards.ts';
import { joinPieces } from './joinPieces.ts';
import { MODEL_FILE, TOKENS_FILE } from './models.ts';
import type { LocalModel } from './models.ts';
import { halvesOf, MIN_PIECE_SAMPLES } from './pieces.ts';
import { quietAt, quietStretches } from './quiet.ts';
import type { Quiet } from './quiet.ts';
import { wordsOfPieces } from './tokens.ts';

export interface RecognisedWord {
  /** With the model's punctuation. */
  readonly text: string;
  /** Seconds from the start of the piece. */
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** 0 to 1: the geometric mean of the probabilities of its tokens. */
  readonly confidence: number;
}

export interface Recogniser {
  /**
   * Recognises the words of each piece, in order of time; none if there is no speech, or the output is not credible.
   * @param pieces 16 kHz, mono, 1 to 20 s each; shorter ones are padded with silence. Pieces of similar length together cost least.
   */
  recognise(pieces: readonly Float32Array[]): Promise<RecognisedWord[][]>;
}

/** The model's output for one piece. */
interface Written {
  readonly tokens: readonly number[];
  readonly logProbabilities: Float32Array;
  /** A row of `frames` for each token, the end token included. */
  readonly attention: Float32Array;
  readonly frames: number;
  readonly isCutOff: boolean;
}

type Write = (pieces: readonly Float32Array[]) => Promise<Written[]>;

/** Duration of one column of the attention: the encoder's convolutions step by 64 × 3 × 2 samples. */
const FRAME_SECONDS = 384 / SAMPLE_RATE;

/** Tokens that a piece may have in addition: a short piece may begin within quick speech. */
const EXTRA_TOKENS = 4;

/** The end token, as its index in the vocabulary: `functions/models/moonshine` keeps it there. */
const END_TOKEN = 2;

/** Loads a model, and with it onnxruntime's native library. @throws Error if the model's files are missing. */
export async function loadRecogniser(model: LocalModel): Promise<Recogniser> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const vocabulary = JSON.parse(await readFile(modelFile(path.join(model.name, TOKENS_FILE)), 'utf8')) as string[];
  // One thread for each session, as for detection: there are as many sessions as processors.
  const session = await InferenceSession.create(modelFile(path.join(model.name, MODEL_FILE)), {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    // An arena keeps the memory of the longest batch. Without one, the peak of a process with base is 35 MB lower, and it is about 3 %
    // slower.
    enableCpuMemArena: false,
    enableMemPattern: false,
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  const write: Write = (pieces) => run(session, Tensor, model, pieces);
  return { recognise: (pieces) => recognise(pieces, write, vocabulary) };
}

async function recognise(
  pieces: readonly Float32Array[],
  write: Write,
  vocabulary: readonly string[],
): Promise<RecognisedWord[][]> {
  const samples = pieces.map(padded);
  const written = await write(samples);
  const recognised = written.map(async (each, i): Promise<RecognisedWord[]> => {
    if (doubtOf(each) === null) return wordsWithTimes(each, samples[i] ?? new Float32Array(0), vocabulary);
    return recogniseHalves(pieces[i] ?? new Float32Array(0), write, vocabulary);
  });
  return Promise.all(recognised);
}

/** If a text is not credible, recognises the piece again in halves, down to a second: usually one of them is the noise. */
async function recogniseHalves(
  pcm: Float32Array,
  write: Write,
  vocabulary: readonly string[],
): Promise<RecognisedWord[]> {
  const halves = halvesOf({ start: 0, end: pcm.length }, pcm);
  if (halves === null) return [];
  const words = await recognise(
    halves.map(({ start, end }) => pcm.subarray(start, end)),
    write,
    vocabulary,
  );
  return joinPieces(halves.map((piece, i) => ({ piece, words: words[i] ?? [] })));
}

function padded(pcm: Float32Array): Float32Array {
  if (pcm.length >= MIN_PIECE_SAMPLES) return pcm;
  const longer = new Float32Array(MIN_PIECE_SAMPLES);
  longer.set(pcm);
  return longer;
}

/** Runs the model. `functions/models/moonshine` describes its inputs and outputs. */
async function run(
  session: InferenceSession,
  TensorClass: typeof Tensor,
  model: LocalModel,
  pieces: readonly Float32Array[],
): Promise<Written[]> {
  const count = pieces.length;
  const longest = Math.max(...pieces.map(({ length }) => length));
  const audio = new Float32Array(count * longest);
  for (const [i, pcm] of pieces.entries()) audio.set(pcm, i * longest);
  const limits = pieces.map(
    ({ length }) => Math.ceil((length / SAMPLE_RATE) * model.maxTokensPerSecond) + EXTRA_TOKENS,
  );
  const integers = (values: readonly number[]) =>
    new TensorClass('int64', BigInt64Array.from(values, BigInt), [values.length]);
  const outputs = (await session.run({
    audio: new TensorClass('float32', audio, [count, longest]),
    lengths: integers(pieces.map(({ length }) => length)),
    max_tokens: integers(limits),
  })) as Outputs;
  return limits.map((limit, piece) => writtenOf(outputs, piece, limit));
}

type Outputs = Record<'tokens' | 'log_probabilities' | 'attention' | 'frames', Tensor>;

/** The output of one piece of a batch. */
function writtenOf(outputs: Outputs, piece: number, limit: number): Written {
  const [rows = 0, count = 0] = outputs.tokens.dims;
  const allTokens = outputs.tokens.data as BigInt64Array;
  const allProbabilities = outputs.log_probabilities.data as Float32Array;
  const own = Array.from({ length: Math.min(rows, limit) }, (_, row) => Number(allTokens[row * count + piece]));
  const end = own.indexOf(END_TOKEN);
  const isCutOff = end < 0;
  const length = isCutOff ? own.length : end + 1;

  const [, , time = 0] = outputs.attention.dims;
  const allAttention = outputs.attention.data as Float32Array;
  const frames = Number((outputs.frames.data as BigInt64Array)[piece]);
  const attention = new Float32Array(length * frames);
  for (let row = 0; row < length; row++) {
    const from = (piece * rows + row) * time;
    attention.set(allAttention.subarray(from, from + frames), row * frames);
  }
  return {
    tokens: isCutOff ? own : own.slice(0, end),
    logProbabilities: Float32Array.from({ length }, (_, row) => allProbabilities[row * count + piece] ?? 0),
    attention,
    frames,
    isCutOff,
  };
}

/**
 * Gives words their times. A word begins where it is aligned, or where the quiet there ends; it ends before the quiet or the next word.
 */
function wordsWithTimes(written: Written, pcm: Float32Array, vocabulary: readonly string[]): RecognisedWord[] {
  const { tokens, logProbabilities, attention, frames } = written;
  // The end token's row shows where the last word ends.
  const starts = alignTokens({ values: attention, tokens: tokens.length + 1, frames });
  const stretches = quietStretches(pcm);
  const length = pcm.length / SAMPLE_RATE;
  const borderAt = (token: number): Quiet => quietAt(Math.min((starts[token] ?? 0) * FRAME_SECONDS, length), stretches);
  return wordsOfPieces(tokens.map((token) => vocabulary[token] ?? '')).map(({ text, from, to }) => {
    const sum = logProbabilities.subarray(from, to).reduce((total, value) => total + value, 0);
    const start = borderAt(from).end;
    return {
      text,
      startSeconds: start,
      endSeconds: Math.max(start, borderAt(to).start),
      confidence: Math.exp(sum / (to - from)),
    };
  });
}
