/**
 * The bytes of a recording as every decoder reads them: they end immediately when the work is aborted, and they are never
 * empty.
 */
import { Readable } from 'node:stream';
import { AppError } from '../../errors.ts';
import { leadInEnd } from './leadIn.ts';

/**
 * Passes `bytes` on, one piece at a time and without reading ahead, and releases them at every end.
 * @throws AppError `empty_recording`; the signal's reason, even while `bytes` hangs; errors of `bytes` unchanged
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
    // A stream that hangs would keep its connection: its iterator only ends after the piece for which it waits.
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

/** A source whose first bytes have been read. */
export interface Peeked {
  readonly head: Uint8Array;
  /** All bytes of the source, the first ones included. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Releases the source, however much of it was read. */
  release(): Promise<void>;
}

/**
 * Reads the lead-in of a source, up to `maxLeadIn` bytes, and the first `count` bytes behind it. The returned source still
 * begins with them.
 */
export async function peek(source: AsyncIterable<Uint8Array>, count: number, maxLeadIn: number): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]();
  let taken = Buffer.alloc(0);
  let leadIn = 0;
  let isOver = false;
  while (taken.length < count + leadIn && !isOver) {
    const next = await iterator.next();
    if (next.done) isOver = true;
    else {
      // The piece is copied, because the source may reuse its buffer for the next one.
      taken = Buffer.concat([taken, next.value]);
      leadIn = Math.min(leadInEnd(taken, leadIn), maxLeadIn);
    }
  }
  const release = async (): Promise<void> => {
    await iterator.return?.();
  };
  return { head: taken.subarray(0, count + leadIn), bytes: replay(taken, iterator), release };
}

/** Skips the first `count` bytes of a source. */
export async function* skipBytes(
  bytes: AsyncIterable<Uint8Array>,
  count: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let left = count;
  for await (const piece of bytes) {
    const rest = piece.subarray(Math.min(left, piece.length));
    left -= piece.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}

async function* replay(
  taken: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    if (taken.length > 0) yield taken;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
