/**
 * `npm run measure:local -- [--model tiny|base] [FOLDER]`: how well the local recogniser recognises words. FOLDER has
 * recordings (.wav, .flac, .mp3, .m4a, .ogg, .webm), and beside each a text with the same name in .txt: what is said in it.
 * Without a folder, the sample recordings are used, whose word times are known.
 */
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { timeErrors, wordErrors } from '../../dev/demo/errors.ts';
import type { TimeErrors, WordErrors } from '../../dev/demo/errors.ts';
import { main } from '../../dev/main.ts';
import { prepareModel } from '../models/moonshine/prepare.ts';
import { ListenerPool } from '../src/audio/detect/listenerPool.ts';
import { LOCAL_MODEL_SIZES } from '../src/config.ts';
import { RecogniserPool } from '../src/transcription/local/recogniserPool.ts';
import type { Transcriber } from '../src/transcription/transcriber.ts';
import { recogniseRecordings, localTranscriber } from './recognition.ts';
import type { Detection } from './recognition.ts';
import { sampleBytes, SAMPLES, toFile } from './sound.ts';

/** The capture time that the recordings of a folder get, Unix milliseconds. */
const RECORDED_AT = Date.UTC(2026, 0, 5);

interface Result extends WordErrors {
  readonly name: string;
  readonly heard: Detection;
  readonly times?: TimeErrors;
}

async function hearFolder(folder: string, listener: ListenerPool, transcriber: Transcriber): Promise<Result[]> {
  const names = readdirSync(folder).filter((name) => existsSync(textOf(folder, name)) && !name.endsWith('.txt'));
  const results: Result[] = [];
  for (const name of names) {
    const { base, ext } = path.parse(name);
    const file = toFile(`${base.replaceAll(/\W/g, '')}_${RECORDED_AT}${ext}`, RECORDED_AT, 'folder');
    const heard = await recogniseRecordings(
      [file],
      () => createReadStream(path.join(folder, name)),
      listener,
      transcriber,
    );
    results.push({ name, heard, ...wordErrors(readFileSync(textOf(folder, name), 'utf8'), textIn(heard)) });
  }
  return results;
}

function textOf(folder: string, name: string): string {
  return path.join(folder, `${path.parse(name).name}.txt`);
}

async function hearSamples(listener: ListenerPool, transcriber: Transcriber): Promise<Result[]> {
  const results: Result[] = [];
  for (const sample of SAMPLES) {
    const { files, open } = sampleBytes(sample);
    const heard = await recogniseRecordings(files, open, listener, transcriber);
    const said = sample.words.map(({ text }) => text).join(' ');
    results.push({
      name: sample.scenario,
      heard,
      ...wordErrors(said, textIn(heard)),
      times: timeErrors(sample.words, heard.words),
    });
  }
  return results;
}

function textIn({ words }: Detection): string {
  return words.map(({ text }) => text).join(' ');
}

const { values, positionals } = parseArgs({
  options: { model: { type: 'string', default: 'tiny' } },
  allowPositionals: true,
});

await main(async () => {
  const size = LOCAL_MODEL_SIZES.find((each) => each === values.model);
  if (size === undefined)
    throw new Error(`There is no model ${values.model}: choose ${LOCAL_MODEL_SIZES.join(' or ')}.`);
  await prepareModel(`moonshine-${size}-en`);
  const listener = new ListenerPool();
  const recogniser = new RecogniserPool();
  const transcriber = localTranscriber(size, recogniser);
  const [folder] = positionals;
  const results = await (folder === undefined
    ? hearSamples(listener, transcriber)
    : hearFolder(path.resolve(process.env['INIT_CWD'] ?? '', folder), listener, transcriber));
  await Promise.all([listener.close(), recogniser.close()]);
  for (const { name, heard, errors, words } of results)
    console.log(`${name}: ${errors} of ${words}\n  ${textIn(heard)}`);
  console.table(results.map(({ name, words, errors, times }) => ({ name, words, errors, ...times })));
  const words = results.reduce((sum, result) => sum + result.words, 0);
  const errors = results.reduce((sum, result) => sum + result.errors, 0);
  if (folder === undefined) {
    const said = SAMPLES.flatMap((sample) => sample.words);
    console.table({
      times: timeErrors(
        said,
        results.flatMap(({ heard }) => heard.words),
      ),
    });
  }
  const rate = words === 0 ? 'nothing was said' : `${((100 * errors) / words).toFixed(1)} %`;
  console.log(`Word error rate of ${size}: ${rate} (${errors} of ${words})`);
  return 0;
});
