/**
 * The native ffmpeg, for codecs that the sandbox does not know, or where it was asked for. It reads a file and writes WAV to a pipe.
 *
 * What binds it: only demuxers and decoders for audio, only files, a limit for each allocation and for its address space, an empty
 * environment, a process group of its own that is killed as a whole, and a limit on the time in which nothing comes.
 *
 * fluent-ffmpeg builds the command and runs it. It is no longer maintained, so it stays behind this file; what one has to
 * know of it: it looks at the binary's formats before its first run, so a command may start after it was given up; it
 * keeps the binary's path for the whole process; it says that a command failed, before the process has ended, as soon as
 * a stream of the command errors or closes, so the stream it is given here does neither; and its error messages carry
 * ffmpeg's stderr, so they go into `cause` and never to a client.
 */
import type { FfmpegCommand } from 'fluent-ffmpeg';
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { AppError } from '../../../errors.ts';
import type { FileExtension } from '../format.ts';
import { SAMPLE_RATE } from '../pcm.ts';
import { MAX_STALL_MS, memoryLimit } from './limits.ts';
import type { Batch } from './sandbox.ts';
import { decodeWav } from './wav.ts';

/** The demuxer of each container. None of these follows references (mov only with `enable_drefs`, which is off). */
export const FFMPEG_DEMUXERS: Readonly<Record<FileExtension, string>> = {
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

/** Every decoder that may run: audio that people record. ffmpeg tries the decoders of all tracks before it looks at `-vn`. */
export const FFMPEG_DECODERS = [
  ...['aac', 'aac_latm', 'alac', 'ac3', 'eac3', 'amrnb', 'amrwb', 'libopencore_amrnb', 'libopencore_amrwb', 'flac'],
  ...[
    'mp1',
    'mp1float',
    'mp2',
    'mp2float',
    'mp3',
    'mp3float',
    'opus',
    'libopus',
    'vorbis',
    'libvorbis',
    'speex',
    'libspeex',
  ],
  ...['gsm', 'gsm_ms', 'adpcm_ms', 'adpcm_ima_wav', 'adpcm_ima_qt', 'pcm_alaw', 'pcm_mulaw', 'pcm_u8', 'pcm_s8'],
  ...[
    'pcm_s16le',
    'pcm_s16be',
    'pcm_s24le',
    'pcm_s24be',
    'pcm_s32le',
    'pcm_s32be',
    'pcm_f32le',
    'pcm_f32be',
    'pcm_f64le',
  ],
];

/** Address space beyond what the file may need: the program itself and its libraries. */
const PROGRAM_BYTES = 1024 * 1024 * 1024;

/** Silence as ffmpeg fills gaps with it, where its decoder complained: not proven to be silence. */
const MIN_GAP_SAMPLES = SAMPLE_RATE / 10;

const SHELL = '/bin/sh';

export interface FfmpegOptions {
  readonly signal: AbortSignal;
  readonly maxSeconds: number;
  readonly ffmpegPath: string;
  /** Audio tracks of the file; all are mixed. */
  readonly tracks: number;
  /** How long it may give nothing, milliseconds. */
  readonly stallMs?: number;
}

/**
 * Decodes the file at `path`. Gaps in its time stamps are filled.
 * @returns sentences about what could not be read
 * @throws AppError `decoder_unavailable`, `recording_corrupt`; Error where a signal ended the process, which is nothing that the
 * recording is to blame for.
 */
export async function* decodeWithFfmpeg(
  path: string,
  extension: FileExtension,
  options: FfmpegOptions,
): AsyncGenerator<Batch, readonly string[], undefined> {
  const binary = await findFfmpeg(options.ffmpegPath);
  const output = new PassThrough({ emitClose: false });
  const limits = await limitsFor(path);
  const process = new FfmpegProcess(await buildCommand(binary, extension, path, options, limits), output, limits);
  const stop = (): void => {
    process.kill();
  };
  options.signal.addEventListener('abort', stop, { once: true });
  if (options.signal.aborted) stop();
  const watch = new StallWatch(options.stallMs ?? MAX_STALL_MS, stop);
  let isEmpty = true;
  try {
    const decoded = decodeWav(watch.watched(output.iterator({ destroyOnReturn: false })), options.maxSeconds);
    for await (const batch of orNothing(decoded)) {
      isEmpty &&= batch.runs.length === 0;
      yield process.hasComplained ? withoutFilledGaps(batch) : batch;
    }
    const failure = await process.ended;
    options.signal.throwIfAborted();
    if (watch.hasStalled) throw new AppError('recording_corrupt', { message: watch.message });
    if (failure?.kind === 'signal') throw failure.error;
    if (failure !== null && isEmpty) {
      throw new AppError(failure.kind === 'program' ? 'decoder_unavailable' : 'recording_corrupt', {
        cause: failure.error,
      });
    }
    return failure === null ? [] : ['The decoder stopped before the end of the file.'];
  } finally {
    watch.end();
    options.signal.removeEventListener('abort', stop);
    process.kill();
    await process.ended;
    output.destroy();
  }
}

/** What came before ffmpeg failed is kept; that nothing came is for `ended` to explain. */
async function* orNothing(batches: AsyncGenerator<Batch, void, undefined>): AsyncGenerator<Batch, void, undefined> {
  try {
    yield* batches;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}

/** Ends a process of which nothing comes. The time in which nobody asks does not count. */
class StallWatch {
  hasStalled = false;
  readonly message: string;
  readonly #ms: number;
  readonly #onStall: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, onStall: () => void) {
    this.#ms = ms;
    this.#onStall = onStall;
    this.message = `The recording cannot be decoded: nothing came of it within ${ms / 1000} seconds.`;
  }

  async *watched(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    this.#start();
    for await (const piece of source) {
      clearTimeout(this.#timer);
      yield piece;
      this.#start();
    }
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.hasStalled = true;
      this.#onStall();
    }, this.#ms);
  }
}

/** Stretches of nothing but zeros as lost. */
function withoutFilledGaps({ runs, pcm }: Batch): Batch {
  if (runs.some(({ kind }) => kind !== 'audio')) return { runs, pcm };
  const samples = new Int16Array(pcm.slice().buffer);
  const found: Batch['runs'][number][] = [];
  const kept: Uint8Array[] = [];
  const keep = (from: number, to: number): void => {
    if (to === from) return;
    found.push({ kind: 'audio', samples: to - from });
    kept.push(pcm.subarray(2 * from, 2 * to));
  };
  let from = 0;
  for (let at = 0; at < samples.length;) {
    let end = at;
    while (end < samples.length && samples[end] === 0) end++;
    if (end - at >= MIN_GAP_SAMPLES) {
      keep(from, at);
      found.push({ kind: 'lost', samples: end - at });
      from = end;
    }
    at = end + 1;
  }
  keep(from, samples.length);
  return { runs: found, pcm: Buffer.concat(kept) };
}

interface Limits {
  readonly allocationBytes: number;
  readonly addressBytes: number;
}

async function limitsFor(path: string): Promise<Limits> {
  const { size } = await stat(path);
  return { allocationBytes: memoryLimit(size), addressBytes: PROGRAM_BYTES + 2 * memoryLimit(size) };
}

async function buildCommand(
  binary: string,
  extension: FileExtension,
  path: string,
  { maxSeconds, tracks }: FfmpegOptions,
  { allocationBytes }: Limits,
): Promise<FfmpegCommand> {
  const { default: ffmpeg } = await import('fluent-ffmpeg');
  const demuxer = FFMPEG_DEMUXERS[extension];
  const timed = Array.from(
    { length: tracks },
    (_, i) => `[0:a:${i}]aresample=${SAMPLE_RATE}:async=1:first_pts=0[t${i}]`,
  );
  const all = timed.map((_, i) => `[t${i}]`).join('');
  const filter = [...timed, `${all}amix=inputs=${tracks}:normalize=0[all]`].join(';');
  return ffmpeg()
    .setFfmpegPath(binary)
    .input(path)
    .inputOptions(['-nostdin', '-v error', '-threads 1', `-max_alloc ${allocationBytes}`])
    .inputOptions([`-codec_whitelist ${FFMPEG_DECODERS.join(',')}`, `-format_whitelist ${demuxer}`])
    .inputOptions(['-protocol_whitelist file', '-vn', '-sn', '-dn', `-f ${demuxer}`])
    .outputOptions(tracks === 1 ? ['-map 0:a:0', `-af aresample=${SAMPLE_RATE}:async=1:first_pts=0`] : [])
    .outputOptions(tracks === 1 ? [] : ['-filter_complex', filter, '-map', '[all]'])
    .outputOptions(['-map_metadata -1', `-t ${maxSeconds + 1}`, `-ar ${SAMPLE_RATE}`, '-c:a pcm_s16le', '-f wav']);
}

interface FfmpegFailure {
  readonly error: Error;
  /**
   * `program`: ffmpeg itself cannot run, or knows no such format: that says nothing about the recording. `signal`: something ended it.
   * `recording`: everything else.
   */
  readonly kind: 'program' | 'signal' | 'recording';
}

/**
 * How a shell and the dynamic loader say that a program cannot be run: found but not executable, or something of it not found
 * (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02). ffmpeg has no use for either.
 */
const CANNOT_RUN = /\bexited with code 12[67]\b/;
const ENDED_BY_SIGNAL = /\bwas killed with signal\b/;

/** One run of a command. */
class FfmpegProcess {
  /** Settles, never rejects, when nothing of the process is left: null for a clean end, else what went wrong. */
  readonly ended: Promise<FfmpegFailure | null>;
  hasComplained = false;
  readonly #command: FfmpegCommand;
  #killed = false;

  constructor(command: FfmpegCommand, output: PassThrough, limits: Limits) {
    this.#command = command;
    confine(command, limits);
    let started = false;
    this.ended = new Promise((resolve) => {
      command.on('start', () => {
        started = true;
        if (this.#killed) this.#killGroup();
      });
      command.on('stderr', () => {
        this.hasComplained = true;
      });
      command.on('end', () => {
        resolve(null);
      });
      command.on('error', (error: NodeJS.ErrnoException) => {
        const hasRun = started && !error.syscall?.startsWith('spawn');
        // A process that ran closes its end of the output itself, once it is read; one that never did cannot.
        if (!hasRun) output.end();
        if (!hasRun || CANNOT_RUN.test(error.message)) resolve({ error, kind: 'program' });
        else resolve({ error, kind: ENDED_BY_SIGNAL.test(error.message) ? 'signal' : 'recording' });
      });
    });
    command.pipe(output, { end: true });
  }

  /** Does nothing after the end. */
  kill(): void {
    this.#killed = true;
    this.#killGroup();
  }

  #killGroup(): void {
    const { ffmpegProc } = this.#command as unknown as { ffmpegProc?: { pid?: number; exitCode: number | null } };
    if (ffmpegProc?.pid === undefined || ffmpegProc.exitCode !== null) return;
    try {
      process.kill(-ffmpegProc.pid, 'SIGKILL');
    } catch {
      this.#command.kill('SIGKILL'); // no groups here, or it has just ended
    }
  }
}

type OnEnd = (error: unknown, stdout?: Written, stderr?: Written) => void;
interface Written {
  get(): string;
}
const NOTHING: Written = { get: () => '' };

/**
 * Runs what fluent-ffmpeg spawns with an empty environment, as the leader of a process group, and through a shell that limits its
 * address space (where there is a shell: not on Windows). Also mends its handler of a process that cannot be spawned, which asks
 * what the process wrote, undefined then, and throws where nobody can catch it: the whole worker would die of it.
 */
function confine(command: FfmpegCommand, { addressBytes }: Limits): void {
  const inner = command as unknown as {
    _spawnFfmpeg(...args: unknown[]): void;
    _getFfmpegPath(callback: (error: unknown, path: string) => void): void;
  };
  const spawn = inner._spawnFfmpeg.bind(command);
  const findPath = inner._getFfmpegPath.bind(command);
  const hasShell = process.platform !== 'win32';
  let isSpawning = false;
  inner._getFfmpegPath = (callback) => {
    findPath((error, path) => {
      callback(error, isSpawning && hasShell && path ? SHELL : path);
    });
  };
  inner._spawnFfmpeg = (args, ...rest) => {
    const onEnd = rest.pop() as OnEnd; // before it, perhaps, options and what to do when the process runs
    const options = typeof rest[0] === 'object' ? rest.shift() : {};
    const end: OnEnd = (error, stdout = NOTHING, stderr = NOTHING) => {
      onEnd(error, stdout, stderr);
    };
    const confined = { ...(options as object), env: {}, detached: hasShell };
    findPath((_, path) => {
      const limited = ['-c', `ulimit -v ${Math.ceil(addressBytes / 1024)} 2>/dev/null; exec "$0" "$@"`, path];
      isSpawning = true;
      try {
        spawn(hasShell ? [...limited, ...(args as string[])] : args, confined, ...rest, end);
      } catch (error) {
        end(error); // too little memory, say
      } finally {
        isSpawning = false;
      }
    });
  };
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
