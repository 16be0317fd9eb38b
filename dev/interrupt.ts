/** Turns Ctrl-C and its relatives into an AbortSignal, so that whoever works can tidy up. */

/** Why a signal ended us; `exitCode` is what a shell reports for it. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('Interrupted.');
    this.exitCode = exitCode;
  }
}

const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** A second signal within this time is the same one, which the terminal and npm both sent, milliseconds. */
const SAME_SIGNAL_MS = 1000;

/** Aborts at the first signal; a later one ends the process at once (its `exit` handlers still run). */
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
