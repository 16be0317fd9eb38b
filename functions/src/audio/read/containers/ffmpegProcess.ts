/**
 * One run of the native ffmpeg through fluent-ffmpeg, confined: with an empty environment, in a separate process group that is
 * killed as a whole, and with a limit on its address space.
 *
 * fluent-ffmpeg is no longer maintained, so only this file runs its commands. It has these peculiarities:
 *
 * - It asks the binary for its formats before its first run, so a command may start after it was abandoned.
 * - It keeps the binary's path for the whole process.
 * - It reports that a command failed as soon as a stream of the command errors or closes, before the process has ended. So the
 *   stream that it gets does neither.
 * - Its error messages contain ffmpeg's stderr. So they go into `cause`, and never to a client.
 */
import type { FfmpegCommand } from 'fluent-ffmpeg';
import type { PassThrough } from 'node:stream';

const SHELL = '/bin/sh';

export interface FfmpegFailure {
  readonly error: Error;
  /**
   * `program`: ffmpeg cannot run, or does not know the format, which says nothing about the recording. `signal`: a signal ended
   * it. `recording`: everything else.
   */
  readonly kind: 'program' | 'signal' | 'recording';
}

/**
 * The exit codes by which a shell and the dynamic loader say that a program cannot run: it is not executable, or part of it was
 * not found (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02). ffmpeg itself uses
 * neither code.
 */
const CANNOT_RUN = /\bexited with code 12[67]\b/;
const NOT_ALLOWED = /Codec \((\w{1,40})\) not on whitelist/;
const ENDED_BY_SIGNAL = /\bwas killed with signal\b/;

const REPEATED = /^\s*Last message repeated/;

/** One run of a command. */
export class FfmpegProcess {
  /** Resolves once nothing of the process is left: to null after a clean end, else to what went wrong. Never rejects. */
  readonly ended: Promise<FfmpegFailure | null>;
  /** Whether it has reported an error that concerns the sound. */
  hasComplained = false;
  /**
   * ffmpeg's name of the codec that it was last not allowed to decode. Tracks of sound are opened after all others, so it is
   * one of theirs.
   */
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
        // Errors about codecs that are not allowed concern pictures, too, and messages may be repeated: neither says anything
        // about the sound.
        if (refused === null && !REPEATED.test(line)) this.hasComplained = true;
      });
      command.on('end', () => {
        resolve(null);
      });
      command.on('error', (error: NodeJS.ErrnoException) => {
        const hasRun = started && !error.syscall?.startsWith('spawn');
        // A process that has run closes its end of the output once it is read. One that never ran cannot.
        if (!hasRun) output.end();
        if (!hasRun || CANNOT_RUN.test(error.message)) resolve({ error, kind: 'program' });
        else resolve({ error, kind: ENDED_BY_SIGNAL.test(error.message) ? 'signal' : 'recording' });
      });
    });
    command.pipe(output, { end: true });
  }

  /** Kills the process and its children. Does nothing after the end. */
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
      this.#command.kill('SIGKILL'); // this system has no process groups, or the process has just ended
    }
  }
}

type OnEnd = (error: unknown, stdout?: Written, stderr?: Written) => void;
interface Written {
  get(): string;
}
const NOTHING: Written = { get: () => '' };

/**
 * Confines what fluent-ffmpeg spawns: it runs with an empty environment, as the leader of a process group, and through a shell
 * that limits its address space (not on Windows, which has no such shell). This also repairs how fluent-ffmpeg handles a
 * process that cannot be spawned: it reads the output of the process, which is then undefined, and throws where no caller can
 * catch it, so that the whole worker would end.
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
    const onEnd = rest.pop() as OnEnd; // optional arguments before it: options, and a callback for the running process
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
        end(error); // for example, if memory is short
      } finally {
        isSpawning = false;
      }
    });
  };
}
