/** A {@link Transcriber} that recognises speech in the function itself: no audio leaves the project, and no service bills it. */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { LocalModelSize } from '../../config.ts';
import { AppError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { modelFile } from '../../modelFiles.ts';
import type { TranscribedWord, Transcriber, TranscriptionRequest } from '../transcriber.ts';
import { joinPieces } from './joinPieces.ts';
import { localModel, MODEL_FILE } from './models.ts';
import type { LocalModel } from './models.ts';
import { cutIntoPieces, toBatches } from './pieces.ts';
import type { BatchRecogniser } from './recogniserPool.ts';

export interface LocalOptions {
  readonly size: LocalModelSize;
  /** Called with the first request: threads and models are created once for each instance. */
  readonly recogniser: () => Promise<BatchRecogniser>;
  readonly logger: Logger;
  /** Whether the model's files exist; a parameter for tests. */
  readonly isInstalled?: (model: LocalModel) => boolean;
  /** Unix milliseconds. */
  readonly now?: () => number;
}

/** Speakers are not told apart, and the user's vocabulary is not used: the models know neither. */
export function createLocalTranscriber(options: LocalOptions): Transcriber {
  const { size, recogniser, logger, isInstalled = hasModelFile, now = Date.now } = options;
  return {
    async transcribe(request, signal) {
      signal.throwIfAborted();
      const model = modelFor(request, size);
      if (!isInstalled(model)) throw new AppError('transcription_not_configured', { message: notInstalled(model) });
      const started = now();
      const words = await recognise(await recogniser(), model, request, signal);
      const requestId = randomUUID();
      logger.info('local.answered', {
        requestId,
        model: model.name,
        durationMs: request.durationMs,
        words: words.length,
        elapsedMs: now() - started,
      });
      return { requestId, transcriber: model.name, billedSeconds: 0, language: model.language, words };
    },
  };
}

/** @throws AppError `language_not_supported_locally` */
function modelFor({ language, preferredLanguage }: TranscriptionRequest, size: LocalModelSize): LocalModel {
  const model = localModel(preferredLanguage ?? language, size);
  if (model === null) throw new AppError('language_not_supported_locally');
  return model;
}

async function recognise(
  recogniser: BatchRecogniser,
  model: LocalModel,
  { audio }: TranscriptionRequest,
  signal: AbortSignal,
): Promise<TranscribedWord[]> {
  const pcm = await audio.pcm();
  const batches = toBatches(cutIntoPieces(pcm, audio.pauses), recogniser.size);
  const recognised = batches.map(async (pieces) => {
    const words = await recogniser.recognise({ model, pcm, pieces }, signal);
    return pieces.map((piece, i) => ({ piece, words: words[i] ?? [] }));
  });
  const inOrder = (await Promise.all(recognised)).flat().sort((a, b) => a.piece.start - b.piece.start);
  return joinPieces(inOrder).map((word) => ({ ...word, speaker: null, language: model.language }));
}

function hasModelFile({ name }: LocalModel): boolean {
  return existsSync(modelFile(path.join(name, MODEL_FILE)));
}

function notInstalled({ name }: LocalModel): string {
  return `The files of the model ${name} are missing; deploy again with "npm run build" as predeploy step. The audio is kept.`;
}
