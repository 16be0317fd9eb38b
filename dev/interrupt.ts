/** Turns Ctrl-C, SIGTERM and SIGHUP into an AbortSignal, so that tools can clean up. */

/** The reason of the AbortSignal; `exitCode` is what a shell reports for the signal. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('Interrupted.');
    this.exitCode = exitCode;
  }
}

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** A second signal within this time is a copy of the first: the terminal and npm both send it. Milliseconds. */
const SAME_SIGNAL_MS = 1000;

/** Aborts at the first signal. A later signal ends the process, with only its `exit` handlers as clean-up. */
export function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  let first: number | undefined;
  for (const [name, exitCode] of Object.entries(EXIT_CODES)) {
    process.on(name, () => {
      first ??= Date.now();
      if (Date.now() - first > SAME_SIGNAL_MS) process.exit(exitCode);
      controller.abort(new Interrupted(exitCode));
    });
  }
  return controller.signal;
}
