/** Where the native ffmpeg is found. */
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { AppError } from '../../../errors.ts';

/**
 * The ffmpeg to use: the configured one, else the one of the optional package ffmpeg-static, else the system's.
 * @throws AppError `decoder_unavailable`
 */
export async function findFfmpeg(configuredPath: string, searchPath = process.env['PATH'] ?? ''): Promise<string> {
  const candidates =
    configuredPath === ''
      ? [await ffmpegStaticPath(), ...searchPath.split(delimiter).map((folder) => folder && join(folder, 'ffmpeg'))]
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

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
