/** Starts the sandbox for a recording, passes on what it decodes, and ends it in every case. */
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AppError } from '../../../errors.ts';
import type { Batches } from './batch.ts';
import type { DecodeOptions } from './decoding.ts';
import type { CompiledBuilds } from './libav.ts';
import { MAX_STALL_MS, memoryLimit } from './limits.ts';
import { NEXT } from './sandboxMessages.ts';
import type { SandboxMessage, SandboxTask } from './sandboxMessages.ts';

/** The script lies beside this file: as TypeScript in the sources, as JavaScript in the build. */
const WORKER = new URL(`./sandboxWorker${extname(import.meta.url)}`, import.meta.url);

/** The JavaScript heap of the thread, MB: for a minute of every track, and for libav.js. */
const HEAP_MB = 128;

/** The compiled code that recordings share. It has no state, and compiling it takes longer than decoding a minute. */
const COMPILED: CompiledBuilds = new Map();

export interface SandboxOptions extends Omit<DecodeOptions, 'notes'> {
  readonly signal: AbortSignal;
}

interface ThreadOptions extends SandboxOptions {
  /** The script of the thread. */
  readonly worker?: URL;
  /** The longest time without output, milliseconds. */
  readonly stallMs?: number;
}

/**
 * Decodes the file at `path`.
 * @returns sentences about what could not be read
 * @throws NotInSandbox before the first batch; AppError `recording_corrupt`; the signal's reason; Error if the sandbox died,
 * which says nothing about the recording
 */
export type Sandbox = (path: string, options: SandboxOptions) => Batches;

/**
 * The sandbox has no decoder for the recording: for none of its tracks, or, if another decoder can be tried, not for all of
 * them.
 */
export class NotInSandbox extends Error {}

/** A {@link Sandbox} that decodes in a separate thread. */
export async function* decodeInSandbox(
  path: string,
  { signal, worker = WORKER, stallMs = MAX_STALL_MS, ...options }: ThreadOptions,
): Batches {
  const { size } = await stat(path);
  const task: SandboxTask = { ...options, path, memoryBytes: memoryLimit(size), compiled: COMPILED };
  const thread = new Worker(worker, {
    workerData: task,
    env: {},
    stdout: true, // the output of libav.js is dropped
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 16 },
  });
  thread.on('error', () => undefined); // errors are reported by `ask`, while it waits
  try {
    return yield* batchesOf(() => ask(thread, signal, stallMs));
  } finally {
    await thread.terminate();
  }
}

/** The batches that come as messages. @throws what {@link Sandbox} throws for messages that report a failure */
export async function* batchesOf(nextMessage: () => Promise<SandboxMessage>): Batches {
  for (;;) {
    const message = await nextMessage();
    switch (message.kind) {
      case 'batch':
        yield message;
        break;
      case 'end':
        for (const [variant, module] of message.compiled) COMPILED.set(variant, module);
        return message.notes;
      case 'refused':
        throw new AppError('recording_corrupt', { message: message.message });
      case 'unsupported':
        throw new NotInSandbox('The sandbox has no decoder for the recording.');
      case 'corrupt':
        throw new AppError('recording_corrupt', { cause: new Error(message.reason) });
    }
  }
}

/** Asks for the next message, and waits at most `stallMs` for it. */
function ask(thread: Worker, signal: AbortSignal, stallMs: number): Promise<SandboxMessage> {
  const stop = new AbortController();
  const answer = new Promise<SandboxMessage>((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason as Error);
    };
    const onError = (error: Error & { readonly code?: string }): void => {
      const isTooLarge = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      reject(isTooLarge ? new AppError('recording_corrupt', { cause: error }) : error);
    };
    const onExit = (code: number): void => {
      reject(new Error(`The decoding thread ended with code ${code}.`));
    };
    const onStall = (): void => {
      const message = `The recording cannot be decoded: nothing came of it within ${stallMs / 1000} seconds.`;
      reject(new AppError('recording_corrupt', { message }));
    };
    const timer = setTimeout(onStall, stallMs);
    thread.once('message', resolve).once('error', onError).once('exit', onExit);
    signal.addEventListener('abort', onAbort, { signal: stop.signal });
    stop.signal.addEventListener('abort', () => {
      clearTimeout(timer);
      thread.off('message', resolve).off('error', onError).off('exit', onExit);
    });
    if (signal.aborted) onAbort();
    thread.postMessage(NEXT);
  });
  return answer.finally(() => {
    stop.abort();
  });
}
