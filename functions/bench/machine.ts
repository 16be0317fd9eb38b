/** The machine on which figures were measured. */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryGb: number;
  readonly platform: string;
  readonly node: string;
  readonly ffmpeg: string | null;
  readonly commit: string | null;
  /** The load of the minute before. If it is well above zero, other programs were running, too. */
  readonly load: number;
}

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    processors: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    ffmpeg: firstLine('ffmpeg', ['-version']),
    commit: firstLine('git', ['rev-parse', '--short', 'HEAD']),
    load: loadavg()[0] ?? 0,
  };
}

function firstLine(program: string, args: readonly string[]): string | null {
  try {
    return (
      execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0] ?? null
    );
  } catch {
    return null;
  }
}
