/** Where the native ffmpeg is found. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../../errors.ts';

/**
 * What ffmpeg-static fetches for the system that functions run on, without looking at what comes: ffmpeg 7.0.2, built by John Van Sickle.
 * The same file is in imageio-ffmpeg 0.6.0 on PyPI.
 */
export const KNOWN_BUILD = {
  system: 'linux-x64',
  /** Of ffmpeg-static. */
  packageVersion: '5.3.0',
  sha256: 'e7e7fb30477f717e6f55f9180a70386c62677ef8a4d4d1a5d948f4098aa3eb99',
} as const;

/**
 * The ffmpeg to use: the configured one, else the one of the optional package ffmpeg-static, else the system's.
 * @param packaged where that package has it; empty where it is not installed
 * @throws AppError `decoder_unavailable`
 */
export async function findFfmpeg(
  configuredPath: string,
  searchPath = process.env['PATH'] ?? '',
  packaged = ffmpegStaticPath,
): Promise<string> {
  const candidates =
    configuredPath === ''
      ? [
          await knownBuild(await packaged()),
          ...searchPath.split(delimiter).map((folder) => folder && join(folder, 'ffmpeg')),
        ]
      : [configuredPath]; // a wrong setting is reported, not worked around
  for (const candidate of candidates) {
    if (candidate !== '' && (await isExecutable(candidate))) return candidate;
  }
  throw new AppError('decoder_unavailable');
}

/** Not a literal type, so that compiling does not need the package. */
const FFMPEG_STATIC = ['ffmpeg', 'static'].join('-');

/** Empty where the package is not installed (it is optional: its binary is fetched from GitHub at install time). */
async function ffmpegStaticPath(): Promise<string> {
  try {
    const { default: path } = (await import(FFMPEG_STATIC)) as { default: unknown };
    return typeof path === 'string' ? path : '';
  } catch {
    return '';
  }
}

/** Paths whose content was looked at: it takes half a second. */
const looked = new Map<string, Promise<string>>();

/** @returns the path; empty where nothing is there, or another build than is known for this system. */
function knownBuild(path: string): Promise<string> {
  if (`${process.platform}-${process.arch}` !== KNOWN_BUILD.system || path === '') return Promise.resolve(path);
  const known = looked.get(path) ?? sha256Of(path).then((sha256) => (sha256 === KNOWN_BUILD.sha256 ? path : ''));
  looked.set(path, known);
  return known;
}

/** @returns null where there is no such file. */
async function sha256Of(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  return pipeline(createReadStream(path), hash).then(
    () => hash.digest('hex'),
    () => null,
  );
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
