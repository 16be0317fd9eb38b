/** The script of the sandbox: a thread that decodes one recording in WebAssembly, with limited memory, and ends with it. */
import { closeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { AppError } from '../../../errors.ts';
import { toBatch } from './batch.ts';
import { Builds } from './builds.ts';
import { decode } from './decode.ts';
import { UnsupportedCodec } from './decoding.ts';
import { openView } from './fileView.ts';
import { boundMemory } from './libav.ts';
import { NEXT } from './sandboxMessages.ts';
import type { SandboxMessage, SandboxTask } from './sandboxMessages.ts';

const port = parentPort;
if (port === null) throw new Error('This file is a worker thread of sandbox.ts.');

const { path, memoryBytes, compiled, ...options } = workerData as SandboxTask;
boundMemory(memoryBytes);
const file = openView(path);
const notes: string[] = [];
const batches = decode(file, new Builds(compiled), { ...options, notes });

port.on('message', (message) => {
  if (message !== NEXT) return;
  void nextMessage().then((answer) => {
    port.postMessage(answer, answer.kind === 'batch' ? [answer.pcm.buffer] : []);
    if (answer.kind === 'batch') return;
    closeSync(file.fd);
    port.close();
  });
});

async function nextMessage(): Promise<SandboxMessage> {
  try {
    const next = await batches.next();
    return next.done ? { kind: 'end', notes, compiled } : { kind: 'batch', ...toBatch(next.value) };
  } catch (error) {
    if (error instanceof AppError) return { kind: 'refused', message: error.message };
    if (error instanceof UnsupportedCodec) return { kind: 'unsupported' };
    return { kind: 'corrupt', reason: error instanceof Error ? error.message : String(error) };
  }
}
