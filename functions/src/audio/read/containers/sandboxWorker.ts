/** The sandbox: a thread that decodes one recording in WebAssembly, in bounded memory, and is ended with it. */
import { closeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { floatToS16le } from '../s16.ts';
import { decode, Refusal, UnsupportedCodec } from './decode.ts';
import { boundMemory, openView } from './libav.ts';
import { NEXT } from './sandboxMessages.ts';
import type { Run, SandboxMessage, SandboxTask } from './sandboxMessages.ts';
import type { Stretch } from './timeline.ts';

const port = parentPort;
if (port === null) throw new Error('This file is a worker thread of sandbox.ts.');

const { path, demuxer, maxSeconds, memoryBytes } = workerData as SandboxTask;
boundMemory(memoryBytes);
const file = openView(path);
const notes: string[] = [];
const batches = decode(file, demuxer, maxSeconds, notes);

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
    return next.done ? { kind: 'end', notes } : toBatch(next.value);
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', message: error.message };
    if (error instanceof UnsupportedCodec) return { kind: 'unsupported', tracks: error.tracks };
    return { kind: 'corrupt', reason: error instanceof Error ? error.message : String(error) };
  }
}

function toBatch(stretches: readonly Stretch[]): SandboxMessage {
  const runs: Run[] = [];
  const parts: Float32Array[] = [];
  for (const stretch of stretches) {
    if (stretch.kind === 'audio') parts.push(stretch.pcm);
    const samples = stretch.kind === 'audio' ? stretch.pcm.length : stretch.samples;
    const last = runs.at(-1);
    if (last?.kind === stretch.kind) runs[runs.length - 1] = { kind: last.kind, samples: last.samples + samples };
    else runs.push({ kind: stretch.kind, samples });
  }
  const pcm = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    pcm.set(part, at);
    at += part.length;
  }
  return { kind: 'batch', runs, pcm: floatToS16le(pcm) };
}
