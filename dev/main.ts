/** What every command-line tool shares: it handles signals, sets the exit code, and prints errors for people. */
import { say } from './console.ts';
import { Interrupted, abortOnSignals } from './interrupt.ts';

/** Runs a tool and exits with the code that it returns. The signal aborts on Ctrl-C, SIGTERM and SIGHUP. */
export async function main(tool: (signal: AbortSignal) => Promise<number>): Promise<never> {
  try {
    process.exit(await tool(abortOnSignals()));
  } catch (error) {
    if (error instanceof Interrupted) process.exit(error.exitCode);
    const withStack = process.env['DEBUG'] !== undefined;
    say.failed(error instanceof Error ? ((withStack ? error.stack : undefined) ?? error.message) : String(error));
    process.exit(1);
  }
}
