/**
 * One run of the native ffmpeg through fluent-ffmpeg, confined: with an empty environment, in a process group of its own that is
 * killed as a whole, and with a limit on its address space.
 *
 * fluent-ffmpeg is no longer maintained, so this file is the only one that runs its commands. What one has to know of it: it asks
 * the binary for its formats before its first run, so a command may start after it was abandoned; it keeps the binary's path for
 * the whole process; it reports that a command failed, before the process has ended, as soon as a stream of the command errors or
 * closes, so the stream it is given does neither; and its error messages carry ffmpeg's stderr, so they go into `cause` and never
 * to a client.
 */
import type { FfmpegCommand } from 'fluent-ffmpeg';
import type { PassThrough } from 'node:stream';

const SHELL = '/bin/sh';

export interface FfmpegFailure {
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
const NOT_ALLOWED = /Codec \((\w{1,40})\) not on whitelist/;
const ENDED_BY_SIGNAL = /\bwas killed with signal\b/;

const REPEATED = /^\s*Last message repeated/;

/** One run of a command. */
export class FfmpegProcess {
  /** Settles, never rejects, when nothing of the process is left: null for a clean end, else what went wrong. */
  readonly ended: Promise<FfmpegFailure | null>;
  /** Whether it has written an error that says something of the sound. */
  hasComplained = false;
  /** ffmpeg's name of the codec that it was last not allowed to decode: tracks of sound are opened behind all others. */
  refusedCodec: string | null = null;
  readonly #command: FfmpegCommand;
  #killed = false;

  constructor(command: FfmpegCommand, output: PassThrough, addressBytes: number) {
    this.#command = command;
    confine(command, addressBytes);
    let started = false;
    this.ended = new Promise((resolve) => {
      command.on('start', () => {
        started = true;
        if (this.#killed) this.#killGroup();
      });
      command.on('stderr', (line: string) => {
        const refused = NOT_ALLOWED.exec(line)?.[1] ?? null;
        this.refusedCodec = refused ?? this.refusedCodec;
        // It looks at pictures, too, and repeats itself.
        if (refused === null && !REPEATED.test(line)) this.hasComplained = true;
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

  /** Ends the process and what it has started. Does nothing after the end. */
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
 * what the process wrote, undefined then, and throws where no caller can catch it: the whole worker would die of it.
 */
function confine(command: FfmpegCommand, addressBytes: number): void {
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
