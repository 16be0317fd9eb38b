/** Finds the native ffmpeg. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../../errors.ts';

/**
 * The build that ffmpeg-static downloads, without checking it, for the system on which functions run: ffmpeg 7.0.2, built by
 * John Van Sickle. imageio-ffmpeg 0.6.0 on PyPI contains the same file.
 */
export const KNOWN_BUILD = {
  system: 'linux-x64',
  /** The version of ffmpeg-static. */
  packageVersion: '5.3.0',
  sha256: 'e7e7fb30477f717e6f55f9180a70386c62677ef8a4d4d1a5d948f4098aa3eb99',
} as const;

/**
 * The path of the ffmpeg to use: the configured one, else that of the optional package ffmpeg-static, else the one on the PATH.
 * @param packaged gives the path in that package, or an empty string if it is not installed
 * @throws AppError `decoder_unavailable` if there is none
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
      : [configuredPath]; // a wrong setting is reported; no other binary is tried
  for (const candidate of candidates) {
    if (candidate !== '' && (await isExecutable(candidate))) return candidate;
  }
  throw new AppError('decoder_unavailable');
}

/** The name is computed, so that compiling does not need the package. */
const FFMPEG_STATIC = ['ffmpeg', 'static'].join('-');

/** Empty if the package is not installed. It is optional, because its binary is downloaded from GitHub at install time. */
async function ffmpegStaticPath(): Promise<string> {
  try {
    const { default: path } = (await import(FFMPEG_STATIC)) as { default: unknown };
    return typeof path === 'string' ? path : '';
  } catch {
    return '';
  }
}

/** The results for paths whose content was hashed, which takes half a second. */
const looked = new Map<string, Promise<string>>();

/** @returns the path; an empty string if there is no file, or if it is not the known build for this system */
function knownBuild(path: string): Promise<string> {
  if (`${process.platform}-${process.arch}` !== KNOWN_BUILD.system || path === '') return Promise.resolve(path);
  const known = looked.get(path) ?? sha256Of(path).then((sha256) => (sha256 === KNOWN_BUILD.sha256 ? path : ''));
  looked.set(path, known);
  return known;
}

/** @returns null if there is no such file */
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
