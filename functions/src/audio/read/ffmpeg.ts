/**
 * Ordinary audio files to 16 kHz mono, by ffmpeg.
 *
 * fluent-ffmpeg builds the command and runs it. It is no longer maintained, so it stays behind this file; what one has to
 * know of it: it looks at the binary's formats before its first run, so a command may start after it was given up; it
 * keeps the binary's path for the whole process; it says that a command failed, before the process has ended, as soon as
 * a stream of the command errors or closes, so the streams it is given here do neither; and its error messages carry
 * ffmpeg's stderr, so they go into `cause` and never to a client.
 */
import type { FfmpegCommand } from 'fluent-ffmpeg';
import { createWriteStream } from 'node:fs';
import { access, constants, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AppError } from '../../errors.ts';
import type { FileExtension } from './format.ts';
import { SAMPLE_RATE, SAMPLES_PER_MS, type ReadReport, type SourceFrame } from './pcm.ts';

/**
 * The demuxer of each extension. Naming it, instead of letting ffmpeg look at the content, is what keeps a playlist
 * called `.mp3` from opening other files and addresses: none of these demuxers follows references (mov only with
 * `enable_drefs`, which is off).
 */
const DEMUXERS: Readonly<Record<FileExtension, string>> = {
  wav: 'wav',
  m4a: 'mov',
  mp3: 'mp3',
  ogg: 'ogg',
  webm: 'matroska',
  flac: 'flac',
  aac: 'aac',
  amr: 'amr',
  caf: 'caf',
  aiff: 'aiff',
};

/** Their index may be at their end (`moov` after `mdat` in an MP4): ffmpeg must be able to seek. */
const NEEDS_SEEKING: ReadonlySet<FileExtension> = new Set<FileExtension>(['m4a', 'caf']);

/** Frames that PCM is cut into: 10 ms, as most wearables cut theirs. */
const FRAME_BYTES = 2 * 10 * SAMPLES_PER_MS;
const BLOCK_BYTES = 2 * SAMPLE_RATE;

export interface FileDecodeOptions {
  readonly signal: AbortSignal;
  readonly maxSeconds: number;
  readonly ffmpegPath: string;
}

/**
 * Decodes one file as it streams in; frames of 10 ms, the last may be shorter. Gaps in a container's timestamps are not
 * filled.
 * @throws AppError `decoder_unavailable`, `recording_corrupt`, `recording_too_long`; errors of `source` as they are.
 */
export async function* decodeFile(
  source: AsyncIterable<Uint8Array>,
  extension: FileExtension,
  options: FileDecodeOptions,
  report: ReadReport,
): AsyncGenerator<readonly SourceFrame[], void, undefined> {
  const binary = await findFfmpeg(options.ffmpegPath);
  if (!NEEDS_SEEKING.has(extension)) {
    yield* run(binary, extension, source, options, report);
    return;
  }
  // On Cloud Run the temporary directory is memory: at most `LIMITS.maxRecordingBytes`, for as long as this file decodes.
  const directory = await mkdtemp(join(tmpdir(), 'recording-'));
  try {
    const path = join(directory, 'recording');
    await pipeline(source, createWriteStream(path));
    yield* run(binary, extension, path, options, report);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function* run(
  binary: string,
  extension: FileExtension,
  input: AsyncIterable<Uint8Array> | string,
  options: FileDecodeOptions,
  report: ReadReport,
): AsyncGenerator<readonly SourceFrame[], void, undefined> {
  const failures: unknown[] = [];
  const stop = (): void => {
    process.kill();
  };
  const stdin = typeof input === 'string' ? input : Readable.from(untilFailure(input, failures, stop));
  const output = new PassThrough({ emitClose: false });
  const process = new FfmpegProcess(await buildCommand(binary, extension, stdin, options.maxSeconds), output);
  options.signal.addEventListener('abort', stop, { once: true });
  if (options.signal.aborted) stop();
  let heard = 0;
  try {
    for await (const block of blocksOf(output.iterator({ destroyOnReturn: false }))) {
      heard += block.reduce((sum, { samples }) => sum + samples, 0);
      if (heard > options.maxSeconds * SAMPLE_RATE) throw new AppError('recording_too_long');
      yield block;
    }
    const failure = await process.ended;
    options.signal.throwIfAborted();
    if (failures.length > 0) throw failures[0]; // not what ffmpeg made of half a file
    if (failure !== null && heard === 0) {
      throw new AppError(failure.ofDecoder ? 'decoder_unavailable' : 'recording_corrupt', { cause: failure.error });
    }
    if (failure !== null) report.stoppedBecause = 'The decoder stopped before the end of the file.';
  } finally {
    options.signal.removeEventListener('abort', stop);
    process.kill();
    await process.ended;
    if (typeof stdin !== 'string') stdin.destroy();
    output.destroy();
  }
}

/** Passes `source` on; its failure ends the stream like its end does, noted and told. */
async function* untilFailure(
  source: AsyncIterable<Uint8Array>,
  failures: unknown[],
  tell: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* source;
  } catch (error) {
    failures.push(error);
    tell();
  }
}

async function buildCommand(
  binary: string,
  extension: FileExtension,
  input: Readable | string,
  maxSeconds: number,
): Promise<FfmpegCommand> {
  const { default: ffmpeg } = await import('fluent-ffmpeg');
  return ffmpeg()
    .setFfmpegPath(binary)
    .input(input)
    .inputOptions(['-nostdin', '-v error', '-threads 1'])
    .inputOptions([`-protocol_whitelist ${typeof input === 'string' ? 'file' : 'pipe'}`, `-f ${DEMUXERS[extension]}`])
    .outputOptions(['-map 0:a:0', '-vn', '-sn', '-dn', '-map_metadata -1'])
    .outputOptions([`-t ${maxSeconds + 1}`, '-ac 1', `-ar ${SAMPLE_RATE}`, '-c:a pcm_s16le', '-f s16le']);
}

interface FfmpegFailure {
  readonly error: Error;
  /** Whether ffmpeg itself cannot run, or knows no such format: that says nothing about the recording. */
  readonly ofDecoder: boolean;
}

/**
 * How a shell and the dynamic loader say that a program cannot be run: found but not executable, or something of it not found
 * (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02). ffmpeg has no use for either.
 */
const CANNOT_RUN = /\bexited with code 12[67]\b/;

/** One run of a command. */
class FfmpegProcess {
  /** Settles, never rejects, when nothing of the process is left: null for a clean end, else what went wrong. */
  readonly ended: Promise<FfmpegFailure | null>;
  readonly #command: FfmpegCommand;
  #killed = false;

  constructor(command: FfmpegCommand, output: PassThrough) {
    this.#command = command;
    surviveSpawnErrors(command);
    let started = false;
    this.ended = new Promise((resolve) => {
      command.on('start', () => {
        started = true;
        if (this.#killed) command.kill('SIGKILL');
      });
      command.on('end', () => {
        resolve(null);
      });
      command.on('error', (error: NodeJS.ErrnoException) => {
        const hasRun = started && !error.syscall?.startsWith('spawn');
        // A process that ran closes its end of the output itself, once it is read; one that never did cannot.
        if (!hasRun) output.end();
        resolve({ error, ofDecoder: !hasRun || CANNOT_RUN.test(error.message) });
      });
    });
    command.pipe(output, { end: true });
  }

  /** Does nothing after the end. */
  kill(): void {
    this.#killed = true;
    this.#command.kill('SIGKILL');
  }
}

type OnEnd = (error: unknown, stdout?: Written, stderr?: Written) => void;
interface Written {
  get(): string;
}
const NOTHING: Written = { get: () => '' };

/**
 * fluent-ffmpeg's handler of a process that cannot be spawned asks what the process wrote, which is undefined then, and throws
 * where nobody can catch it: the whole worker would die of it.
 */
function surviveSpawnErrors(command: FfmpegCommand): void {
  const inner = command as unknown as { _spawnFfmpeg(...args: unknown[]): void };
  const spawn = inner._spawnFfmpeg.bind(command);
  inner._spawnFfmpeg = (...args) => {
    const onEnd = args.pop() as OnEnd; // before it, perhaps, what to do when the process runs
    const end: OnEnd = (error, stdout = NOTHING, stderr = NOTHING) => {
      onEnd(error, stdout, stderr);
    };
    try {
      spawn(...args, end);
    } catch (error) {
      end(error); // too little memory, say
    }
  };
}

async function* blocksOf(output: AsyncIterable<Uint8Array>): AsyncGenerator<readonly SourceFrame[], void, undefined> {
  let block = new Uint8Array(BLOCK_BYTES);
  let filled = 0;
  for await (const piece of output) {
    for (let start = 0; start < piece.length;) {
      const part = piece.subarray(start, start + BLOCK_BYTES - filled);
      block.set(part, filled);
      filled += part.length;
      start += part.length;
      if (filled === BLOCK_BYTES) {
        yield toFrames(block);
        block = new Uint8Array(BLOCK_BYTES);
        filled = 0;
      }
    }
  }
  if (filled > 1) yield toFrames(block.subarray(0, filled & ~1));
}

function toFrames(bytes: Uint8Array): SourceFrame[] {
  const frames: SourceFrame[] = [];
  for (let start = 0; start < bytes.length; start += FRAME_BYTES) {
    const payload = bytes.subarray(start, start + FRAME_BYTES);
    frames.push({ payload, samples: payload.length / 2 });
  }
  return frames;
}

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
