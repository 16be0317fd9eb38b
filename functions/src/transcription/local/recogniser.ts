/** One model on onnxruntime: a piece of speech to words with their times. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { SAMPLE_RATE } from '../../audio/read/pcm.ts';
import { modelFile } from '../../modelFiles.ts';
import { alignTokens } from './alignment.ts';
import { doubtOf } from './guards.ts';
import { MODEL_FILE, TOKENS_FILE } from './models.ts';
import type { LocalModel } from './models.ts';
import { halvesOf, MIN_PIECE_SAMPLES } from './pieces.ts';
import type { Piece } from './pieces.ts';
import { quietAt, quietStretches } from './quiet.ts';
import type { Quiet } from './quiet.ts';
import { wordsOfPieces } from './tokens.ts';

export interface RecognisedWord {
  /** With the model's punctuation. */
  readonly text: string;
  /** From the start of what was given. */
  readonly startSeconds: number;
  readonly endSeconds: number;
  /** 0 to 1: the geometric mean of the probabilities of its tokens. */
  readonly confidence: number;
}

export interface Recogniser {
  /**
   * Words in order of time; none where there is no speech, or nothing that can be believed.
   * @param pcm 16 kHz, mono, 1 to 20 s: what is shorter is padded with silence.
   */
  recognise(pcm: Float32Array): Promise<RecognisedWord[]>;
}

/** What one run of the model wrote. */
interface Written {
  readonly tokens: readonly number[];
  readonly logProbabilities: Float32Array;
  readonly attention: Float32Array;
  /** Frames of the attention. */
  readonly frames: number;
  readonly isCutOff: boolean;
}

/** Duration of one column of the attention: the encoder's convolutions step by 64 × 3 × 2 samples. */
const FRAME_SECONDS = 384 / SAMPLE_RATE;

/** Tokens that a piece may have beyond its rate: a short one may begin within quick speech. */
const EXTRA_TOKENS = 4;

/** The end of what a model writes, as its position in the vocabulary: `functions/models/moonshine` keeps it there. */
const END_TOKEN = 2;

/** Loads a model. onnxruntime's native library comes in only here. @throws Error where the model's files are missing. */
export async function loadRecogniser(model: LocalModel): Promise<Recogniser> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const vocabulary = JSON.parse(await readFile(modelFile(path.join(model.name, TOKENS_FILE)), 'utf8')) as string[];
  // One thread, as for detection: the work is cut up for as many sessions as there are processors.
  const session = await InferenceSession.create(modelFile(path.join(model.name, MODEL_FILE)), {
    executionProviders: ['cpu'],
    executionMode: 'sequential',
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
  });
  const write = (pcm: Float32Array) => run(session, Tensor, model, pcm);
  return { recognise: (pcm) => recognise(pcm, { start: 0, end: pcm.length }, write, vocabulary) };
}

/** A text that is not to be believed is tried again in halves, down to a second: most often one of them is the noise. */
async function recognise(
  pcm: Float32Array,
  piece: Piece,
  write: (pcm: Float32Array) => Promise<Written>,
  vocabulary: readonly string[],
): Promise<RecognisedWord[]> {
  const samples = padded(pcm.subarray(piece.start, piece.end));
  const written = await write(samples);
  if (doubtOf(written) === null) return placeWords(written, samples, piece.start / SAMPLE_RATE, vocabulary);
  const halves = halvesOf(piece, pcm);
  if (halves === null) return [];
  const [first, second] = halves;
  return [...(await recognise(pcm, first, write, vocabulary)), ...(await recognise(pcm, second, write, vocabulary))];
}

function padded(pcm: Float32Array): Float32Array {
  if (pcm.length >= MIN_PIECE_SAMPLES) return pcm;
  const longer = new Float32Array(MIN_PIECE_SAMPLES);
  longer.set(pcm);
  return longer;
}

async function run(
  session: InferenceSession,
  TensorClass: typeof Tensor,
  model: LocalModel,
  pcm: Float32Array,
): Promise<Written> {
  const maxTokens = Math.ceil((pcm.length / SAMPLE_RATE) * model.maxTokensPerSecond) + EXTRA_TOKENS;
  const result = (await session.run({
    audio: new TensorClass('float32', pcm, [1, pcm.length]),
    max_tokens: new TensorClass('int64', BigInt64Array.of(BigInt(maxTokens)), []),
  })) as Record<'tokens' | 'log_probabilities' | 'attention', Tensor>;
  const all = Array.from(result.tokens.data as BigInt64Array, Number);
  const isCutOff = all.at(-1) !== END_TOKEN;
  return {
    tokens: isCutOff ? all : all.slice(0, -1),
    logProbabilities: result.log_probabilities.data as Float32Array,
    attention: result.attention.data as Float32Array,
    frames: result.attention.dims[1] ?? 0,
    isCutOff,
  };
}

/** Words begin where they are aligned, or where the quiet there ends; they end with the quiet before the next one. */
function placeWords(
  written: Written,
  pcm: Float32Array,
  offset: number,
  vocabulary: readonly string[],
): RecognisedWord[] {
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
      startSeconds: offset + start,
      endSeconds: offset + Math.max(start, borderAt(to).start),
      confidence: Math.exp(sum / (to - from)),
    };
  });
}
