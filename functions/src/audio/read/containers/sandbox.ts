/** Starts the sandbox for a recording, takes what it decodes, and ends it in any case. */
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

/** Built, it lies beside this file as JavaScript. */
const WORKER = new URL(`./sandboxWorker${extname(import.meta.url)}`, import.meta.url);

/** Heap of the thread's JavaScript, MB: a minute of every track, and what libav.js needs. */
const HEAP_MB = 128;

/** The code that recordings share: it has no state, and compiling it takes longer than decoding a minute. */
const COMPILED: CompiledBuilds = new Map();

export interface SandboxOptions extends Omit<DecodeOptions, 'notes'> {
  readonly signal: AbortSignal;
  /** What runs in the thread. */
  readonly worker?: URL;
  /** How long it may give nothing, milliseconds. */
  readonly stallMs?: number;
}

/** No decoder of the sandbox knows any codec of the recording. */
export class NotInSandbox extends Error {}

/**
 * Decodes the file at `path` in a thread of its own.
 * @returns sentences about what could not be read
 * @throws NotInSandbox before the first batch; AppError `recording_corrupt`; the signal's reason; Error where the thread died, which
 * says nothing about the recording.
 */
export async function* decodeInSandbox(
  path: string,
  { signal, worker = WORKER, stallMs = MAX_STALL_MS, ...options }: SandboxOptions,
): Batches {
  const { size } = await stat(path);
  const task: SandboxTask = { ...options, path, memoryBytes: memoryLimit(size), compiled: COMPILED };
  const thread = new Worker(worker, {
    workerData: task,
    env: {},
    stdout: true, // what libav.js prints goes nowhere
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 16 },
  });
  thread.on('error', () => undefined); // `ask` reports what happens while it waits
  try {
    for (;;) {
      const message = await ask(thread, signal, stallMs);
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
  } finally {
    await thread.terminate();
  }
}

/** Asks for the next message, and waits for it no longer than it may take. */
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
