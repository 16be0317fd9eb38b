/** A thread of the pool: each model that it is asked for is loaded once. */
import { serveRequests } from '../../threads/workerMain.ts';
import type { LocalModel } from './models.ts';
import { loadRecogniser } from './recogniser.ts';
import type { RecognisedWord, Recogniser } from './recogniser.ts';

/** One piece of speech, 16 kHz mono. */
export interface PieceMessage {
  readonly model: LocalModel;
  readonly pcm: Float32Array<ArrayBuffer>;
}

const recognisers = new Map<string, Promise<Recogniser>>();

async function recognise({ model, pcm }: PieceMessage): Promise<RecognisedWord[]> {
  const loading = recognisers.get(model.name) ?? loadRecogniser(model);
  recognisers.set(model.name, loading);
  const recogniser = await loading.catch((error: unknown) => {
    recognisers.delete(model.name); // The next piece tries again.
    throw error;
  });
  return recogniser.recognise(pcm);
}

serveRequests(recognise);
