/** The frame of every command-line tool: signals in, exit code out, errors as a person reads them. */
import { say } from './console.ts';
import { Interrupted, abortOnSignals } from './interrupt.ts';
import { MissingPrerequisite } from './prerequisites.ts';

/** Runs a tool and exits with the code that it returns. The signal aborts on Ctrl-C, SIGTERM and SIGHUP. */
export async function main(tool: (signal: AbortSignal) => Promise<number>): Promise<never> {
  try {
    process.exit(await tool(abortOnSignals()));
  } catch (error) {
    if (error instanceof Interrupted) process.exit(error.exitCode);
    const expected = error instanceof MissingPrerequisite || process.env['DEBUG'] === undefined;
    say.failed(error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error));
    process.exit(1);
  }
}
