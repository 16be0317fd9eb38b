/** A thread of the pool: one model, one passage after the other. */
import { parentPort } from 'node:worker_threads';
import { listenWith } from './listener.ts';
import type { Listener } from './listener.ts';
import { unpackPassage } from './listenMessages.ts';
import type { Answer, PackedPassage } from './listenMessages.ts';
import { loadSileroVad } from './vad.ts';

const port = parentPort;
if (port === null) throw new Error('This file is a worker thread of listenerPool.ts.');

let listener: Promise<Listener> | undefined;

port.on('message', (packed: PackedPassage) => {
  void answer(packed).then(
    (heard) => {
      port.postMessage({ heard } satisfies Answer, [heard.probabilities.buffer as ArrayBuffer]);
    },
    (error: unknown) => {
      port.postMessage({ error } satisfies Answer);
    },
  );
});

async function answer(packed: PackedPassage) {
  listener ??= loadSileroVad().then(listenWith);
  const ready = await listener.catch((error: unknown) => {
    listener = undefined; // The next passage tries again.
    throw error;
  });
  return ready.listen(unpackPassage(packed));
}
