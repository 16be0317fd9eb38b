/** The script of a thread in the pool. It loads one model, and works on one passage after the other. */
import { serveRequests } from '../../threads/workerMain.ts';
import { listenWith } from './listener.ts';
import type { Detection, Listener } from './listener.ts';
import { unpackPassage } from './listenMessages.ts';
import type { PackedPassage } from './listenMessages.ts';
import { loadSileroVad } from './vad.ts';

let listener: Promise<Listener> | undefined;

async function listen(packed: PackedPassage): Promise<Detection> {
  listener ??= loadSileroVad().then(listenWith);
  const ready = await listener.catch((error: unknown) => {
    listener = undefined; // The next passage loads the model again.
    throw error;
  });
  return ready.listen(unpackPassage(packed));
}

serveRequests(listen, ({ probabilities }) => [probabilities.buffer as ArrayBuffer]);
