/** The peers of the local recogniser: Moonshine as its makers publish it, in their own loop, and in sherpa-onnx. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { readPackage } from '../models/moonshine/packages.ts';
import { MODEL_CACHE, readPieces } from '../models/moonshine/prepare.ts';
import { MODEL_SOURCES } from '../models/moonshine/sources.ts';
import { RATE } from './sound.ts';

/** Transcribes one piece of speech. Only the time matters, not the text. */
export type Peer = (pcm: Float32Array) => Promise<unknown>;

const SOURCE = MODEL_SOURCES['moonshine-tiny-en'];
const START_TOKEN = 1;
const END_TOKEN = 2;
const TOKENS_A_SECOND = 6.5;
const SHERPA_VERSION = '1.13.8';

/** sherpa-onnx numbers the tokens of Moonshine beyond the pieces of the tokenizer. */
const SHERPA_TOKENS = 32_768;

export interface PublishedFiles {
  readonly encoder: string;
  readonly decoder: string;
}

/** Downloads the published files of the tiny model into a separate folder. */
export async function publishedFiles(): Promise<PublishedFiles> {
  const folder = await mkdtemp(path.join(tmpdir(), 'moonshine-'));
  const names = ['encoder_model.onnx', 'decoder_model_merged.onnx'];
  const contents = await readPackage(
    SOURCE.weights,
    names.map((name) => path.posix.join(SOURCE.folder, name)),
  );
  const [encoder = '', decoder = ''] = names.map((name) => path.join(folder, name));
  await writeFile(encoder, contents[0] ?? '');
  await writeFile(decoder, contents[1] ?? '');
  return { encoder, decoder };
}

/** The makers' loop: one call of the decoder for each token, with the cache passed in and out. */
export async function publishedLoop({ encoder, decoder }: PublishedFiles): Promise<Peer> {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 } as const;
  const [encode, decode] = await Promise.all([encoder, decoder].map((file) => InferenceSession.create(file, options)));
  if (encode === undefined || decode === undefined) throw new Error('The published model cannot be loaded.');
  const { layers, heads, headSize } = SOURCE.architecture;
  const caches = Array.from({ length: layers }, (_, layer) =>
    ['decoder.key', 'decoder.value', 'encoder.key', 'encoder.value'].map((part) => `${layer}.${part}`),
  ).flat();
  return async (pcm) => {
    const heard = await encode.run({ input_values: new Tensor('float32', pcm, [1, pcm.length]) });
    const nothing = new Tensor('float32', new Float32Array(0), [0, heads, 1, headSize]);
    const past = new Map(caches.map((name) => [name, nothing as Tensor]));
    const tokens = [START_TOKEN];
    const most = Math.ceil((pcm.length / RATE) * TOKENS_A_SECOND);
    while (tokens.length <= most && tokens.at(-1) !== END_TOKEN) {
      const isFirst = tokens.length === 1;
      const feeds: Record<string, Tensor> = {
        input_ids: new Tensor('int64', BigInt64Array.of(BigInt(tokens.at(-1) ?? 0)), [1, 1]),
        encoder_hidden_states: required(heard, 'last_hidden_state'),
        use_cache_branch: new Tensor('bool', [!isFirst], [1]),
      };
      for (const [name, value] of past) feeds[`past_key_values.${name}`] = value;
      const step = await decode.run(feeds);
      tokens.push(indexOfLargest(required(step, 'logits').data as Float32Array));
      for (const name of caches) {
        if (isFirst || name.includes('decoder')) past.set(name, required(step, `present.${name}`));
      }
    }
    return tokens;
  };
}

function required(outputs: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const found = outputs[name];
  if (found === undefined) throw new Error(`The published model has no output ${name}.`);
  return found;
}

function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if ((values[i] ?? 0) > (values[best] ?? 0)) best = i;
  return best;
}

/** The parts of sherpa-onnx-node that this bench uses. It has no types. */
interface Sherpa {
  readonly OfflineRecognizer: new (config: unknown) => {
    createStream(): { acceptWaveform(wave: { sampleRate: number; samples: Float32Array }): void };
    decode(stream: unknown): void;
    getResult(stream: unknown): { readonly text: string };
  };
}

/**
 * sherpa-onnx with the same files. It is installed only for the bench, beside the models.
 * @throws Error if it cannot be installed
 */
export async function sherpa({ encoder, decoder }: PublishedFiles): Promise<Peer> {
  const folder = path.join(MODEL_CACHE, `sherpa-onnx-${SHERPA_VERSION}`);
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'package.json'), '{ "private": true }');
  const names = ['node', `${process.platform}-${process.arch}`].map((part) => `sherpa-onnx-${part}@${SHERPA_VERSION}`);
  await promisify(execFile)('npm', ['install', '--ignore-scripts', '--no-audit', '--prefer-offline', ...names], {
    cwd: folder,
  });
  const { OfflineRecognizer } = createRequire(path.join(folder, 'package.json'))('sherpa-onnx-node') as Sherpa;
  const tokens = path.join(path.dirname(encoder), 'tokens.txt');
  const pieces = await readPieces();
  const lines = Array.from({ length: SHERPA_TOKENS }, (_, id) => {
    return `${Buffer.from(pieces[id] ?? `<${id}>`).toString('base64')}\t${id}\n`;
  });
  await writeFile(tokens, lines.join(''));
  const recogniser = new OfflineRecognizer({
    featConfig: { sampleRate: RATE, featureDim: 80 },
    modelConfig: { moonshine: { encoder, mergedDecoder: decoder }, tokens, numThreads: 1, provider: 'cpu', debug: 0 },
  });
  return (samples) => {
    const stream = recogniser.createStream();
    stream.acceptWaveform({ sampleRate: RATE, samples });
    recogniser.decode(stream);
    return Promise.resolve(recogniser.getResult(stream).text);
  };
}
