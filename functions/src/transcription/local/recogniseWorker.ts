/** A thread of the pool. It loads each model once. */
import { serveRequests } from '../../threads/workerMain.ts';
import type { LocalModel } from './models.ts';
import { loadRecogniser } from './recogniser.ts';
import type { RecognisedWord, Recogniser } from './recogniser.ts';

/** Pieces of speech, each 16 kHz mono. */
export interface BatchMessage {
  readonly model: LocalModel;
  readonly pieces: readonly Float32Array<ArrayBuffer>[];
}

const recognisers = new Map<string, Promise<Recogniser>>();

async function recognise({ model, pieces }: BatchMessage): Promise<RecognisedWord[][]> {
  const loading = recognisers.get(model.name) ?? loadRecogniser(model);
  recognisers.set(model.name, loading);
  const recogniser = await loading.catch((error: unknown) => {
    recognisers.delete(model.name); // The next batch tries again.
    throw error;
  });
  return recogniser.recognise(pieces);
}

serveRequests(recognise);
