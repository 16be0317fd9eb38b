/** What every decoder reads: a recording's bytes that end at once when the work is aborted, and that are not empty. */
import { Readable } from 'node:stream';
import { AppError } from '../../errors.ts';

/**
 * Passes `bytes` on, one piece at a time and without reading ahead, and releases them at the end, however it comes.
 * @throws AppError `empty_recording`; the signal's reason, even while `bytes` hangs; errors of `bytes` as they are.
 */
export async function* readSource(
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const iterator = bytes[Symbol.asyncIterator]();
  let empty = true;
  try {
    for (;;) {
      const next = await orAborted(iterator.next(), signal);
      if (next.done) break;
      if (next.value.length === 0) continue;
      empty = false;
      yield next.value;
    }
  } finally {
    // A stream that hangs would hold its connection: its iterator only ends after the piece that it waits for.
    if (signal.aborted && bytes instanceof Readable) bytes.destroy();
    const released = iterator.return?.().catch(() => undefined);
    if (!signal.aborted) await released;
  }
  if (empty) throw new AppError('empty_recording');
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', abort);
    });
  });
}
