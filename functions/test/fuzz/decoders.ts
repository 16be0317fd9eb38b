/** The cases of `containers.ts` without a thread and a decoder for each: ten times as many in the same time. */
import { closeSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Builds } from '../../src/audio/read/containers/builds.ts';
import { decode } from '../../src/audio/read/containers/decode.ts';
import { mendFile } from '../../src/audio/read/containers/decodeContainer.ts';
import { openView } from '../../src/audio/read/containers/fileView.ts';
import { DEMUXERS } from '../../src/audio/read/containers/formats.ts';
import type { CompiledBuilds, Libav, LibavVariant } from '../../src/audio/read/containers/libav.ts';
import { lengthOf } from '../../src/audio/read/containers/timeline.ts';
import type { FileExtension } from '../../src/audio/read/format.ts';
import { AppError } from '../../src/errors.ts';
import { DEFAULTS, RATE } from '../support/audio.ts';
import { damagedContainers, damagedIndexes, secondsOf } from './containers.ts';
import { fuzzTarget } from './target.ts';

const folder = mkdtempSync(join(tmpdir(), 'fuzz-decoders-'));
process.once('exit', () => {
  rmSync(folder, { recursive: true, force: true });
});

const COMPILED: CompiledBuilds = new Map();

/**
 * Loads each build once for many cases, because loading takes as long as decoding a case. libav.js prints to the console what it
 * cannot read, which is most cases. It keeps the console's function as it was when it was loaded.
 */
class QuietBuilds extends Builds {
  override async get(variant: LibavVariant): Promise<Libav> {
    const { error } = console;
    console.error = () => undefined;
    try {
      return await super.get(variant);
    } finally {
      console.error = error;
    }
  }
}

/** How many cases share builds: a decoder does not free all of its memory. */
const CASES_OF_BUILDS = 200;

let builds = new QuietBuilds(COMPILED);
let cases = 0;

/** Decodes on this thread what the sandbox would decode. */
async function secondsDecodedHere(bytes: Buffer, extension: FileExtension): Promise<number> {
  const demuxer = DEMUXERS[extension];
  if (demuxer === undefined) return secondsOf(bytes, extension);
  const path = join(folder, 'recording');
  writeFileSync(path, bytes);
  const isMended = await mendFile(path, extension);
  const view = openView(path);
  const { maxSeconds, channels } = DEFAULTS;
  const options = { demuxer, maxSeconds, channels, isMended, hasOther: false, notes: [] };
  let samples = 0;
  let hasSound = false;
  try {
    if (++cases % CASES_OF_BUILDS === 0) builds = new QuietBuilds(COMPILED);
    for await (const stretches of decode(view, builds, options)) {
      samples += stretches.reduce((sum, stretch) => sum + lengthOf(stretch), 0);
      hasSound ||= stretches.some(({ kind }) => kind !== 'lost');
    }
    if (!hasSound) throw new AppError('recording_corrupt');
  } catch (error) {
    throw error instanceof AppError ? error : new AppError('recording_corrupt', { cause: error });
  } finally {
    closeSync(view.fd);
  }
  return samples / RATE;
}

export const decoders = fuzzTarget({ name: 'decoders', casesInTest: 60, share: 4 }, () =>
  damagedContainers(secondsDecodedHere),
);

export const indexes = fuzzTarget({ name: 'indexes', casesInTest: 40, share: 4 }, () =>
  damagedIndexes(secondsDecodedHere),
);
