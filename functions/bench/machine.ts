/** What a figure was measured on. */
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
  /** Of the minute before: well above zero means that others were at work too. */
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
