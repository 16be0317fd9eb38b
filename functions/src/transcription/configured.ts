/** Creates the transcriber and the summariser that the settings name. */
import { localModelSize, params } from '../config.ts';
import { extractiveSummariser } from '../conversations/summariser.ts';
import type { Summariser } from '../conversations/summariser.ts';
import { cloudLogger as logger } from '../logger.ts';
import { apiKeys } from '../secrets.ts';
import { chosenTranscriber } from './chosenTranscriber.ts';
import type { TranscriberName } from './chosenTranscriber.ts';
import { createDeepgramTranscriber } from './deepgram.ts';
import { createDeepgramSummariser } from './deepgramSummariser.ts';
import { createLocalTranscriber } from './local/localTranscriber.ts';
import type { BatchRecogniser } from './local/recogniserPool.ts';
import { createOpenAiTranscriber } from './openai.ts';
import type { Transcriber } from './transcriber.ts';

const deepgram = {
  apiKey: apiKeys.deepgram,
  baseUrl: () => params.deepgramBaseUrl.value(),
  logger,
};

/** The transcriber of `TRANSCRIBER`; the local one if the setting is unknown. */
export function configuredTranscriberName(): TranscriberName {
  const chosen = chosenTranscriber(params.transcriber.value(), apiKeys.deepgram());
  if (chosen === null) logger.error('setting.unknown_transcriber', { stage: 'configure' });
  return chosen ?? 'local';
}

export function createTranscriber(name: TranscriberName): Transcriber {
  switch (name) {
    case 'deepgram':
      return createDeepgramTranscriber({
        ...deepgram,
        features: () => ({
          model: params.deepgramModel.value(),
          diarize: params.diarize.value(),
          options: params.deepgramOptions.value(),
        }),
      });
    case 'openai':
      return createOpenAiTranscriber({
        settings: () => ({
          baseUrl: params.openaiBaseUrl.value(),
          model: params.openaiModel.value(),
          apiKey: apiKeys.openai(),
        }),
        logger,
      });
    case 'local': {
      let recogniser: Promise<BatchRecogniser> | undefined;
      return createLocalTranscriber({
        size: localModelSize(logger),
        recogniser: () => (recogniser ??= startRecogniser()),
        logger,
      });
    }
  }
}

async function startRecogniser(): Promise<BatchRecogniser> {
  const { RecogniserPool } = await import('./local/recogniserPool.ts');
  return new RecogniserPool();
}

/** The summariser of `SUMMARIES`; null if summaries are off. */
export function configuredSummariser(): Summariser | null {
  const setting = params.summaries.value();
  if (setting === 'off') return null;
  if (setting === 'deepgram') return createDeepgramSummariser(deepgram);
  if (setting !== 'extractive') logger.error('setting.unknown_summaries', { stage: 'configure' });
  return extractiveSummariser;
}
