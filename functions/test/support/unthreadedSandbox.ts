/** Decodes in the thread of the tests what the sandbox decodes in one of its own. */
import { boundMemory } from '../../src/audio/read/containers/libav.ts';
import type { CompiledBuilds } from '../../src/audio/read/containers/libav.ts';
import { memoryLimit } from '../../src/audio/read/containers/limits.ts';
import { batchesOf } from '../../src/audio/read/containers/sandbox.ts';
import type { Sandbox } from '../../src/audio/read/containers/sandbox.ts';
import { SandboxedDecoding } from '../../src/audio/read/containers/sandboxedDecoding.ts';

const COMPILED: CompiledBuilds = new Map();

boundMemory(memoryLimit(Infinity));

/** Starting a thread, and compiling its JavaScript anew, takes four times as long as decoding ten seconds. */
export const unthreadedSandbox: Sandbox = async function* (path, { signal, ...options }) {
  const decoding = new SandboxedDecoding({ ...options, path, compiled: COMPILED });
  try {
    return yield* batchesOf(() => {
      signal.throwIfAborted();
      return decoding.next();
    });
  } finally {
    decoding.close();
  }
};
