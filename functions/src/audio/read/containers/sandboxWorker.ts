/** The script of the sandbox: a thread that decodes one recording in WebAssembly, with limited memory, and ends with it. */
import { parentPort, workerData } from 'node:worker_threads';
import { boundMemory } from './libav.ts';
import { SandboxedDecoding } from './sandboxedDecoding.ts';
import { NEXT } from './sandboxMessages.ts';
import type { SandboxTask } from './sandboxMessages.ts';

const port = parentPort;
if (port === null) throw new Error('This file is a worker thread of sandbox.ts.');

const { memoryBytes, ...task } = workerData as SandboxTask;
boundMemory(memoryBytes);
const decoding = new SandboxedDecoding(task);

port.on('message', (message) => {
  if (message !== NEXT) return;
  void decoding.next().then((answer) => {
    port.postMessage(answer, answer.kind === 'batch' ? [answer.pcm.buffer] : []);
    if (answer.kind === 'batch') return;
    decoding.close();
    port.close();
  });
});
