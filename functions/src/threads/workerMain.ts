/** The code that runs in a thread of a {@link WorkerPool}. */
import { parentPort } from 'node:worker_threads';
import type { Transferable } from 'node:worker_threads';

/** A thread's answer to one request. */
export type Answer<Result> = { readonly result: Result } | { readonly error: unknown };

/**
 * Answers the requests that this thread receives.
 * @param handle makes the result of one message
 * @param transfer the buffers of a result that are transferred instead of copied
 * @throws Error on the main thread
 */
export function serveRequests<Result>(
  handle: (message: never) => Promise<Result>,
  transfer: (result: Result) => readonly Transferable[] = () => [],
): void {
  const port = parentPort;
  if (port === null) throw new Error('This file runs in a worker thread.');
  port.on('message', (message) => {
    void handle(message as never).then(
      (result) => {
        port.postMessage({ result } satisfies Answer<Result>, transfer(result));
      },
      (error: unknown) => {
        port.postMessage({ error } satisfies Answer<Result>);
      },
    );
  });
}
