/** Chooses the transcriber by the setting. */
import type { TRANSCRIBERS } from '../config.ts';

export type TranscriberName = Exclude<(typeof TRANSCRIBERS)[number], 'auto'>;

/**
 * @param setting `TRANSCRIBER`
 * @param deepgramApiKey from the environment: empty if Deepgram has no key.
 * @returns for `auto`, Deepgram if it has a key and the local recogniser if not; null for an unknown setting.
 */
export function chosenTranscriber(setting: string, deepgramApiKey: string): TranscriberName | null {
  switch (setting) {
    case 'auto':
      return deepgramApiKey.trim() === '' ? 'local' : 'deepgram';
    case 'deepgram':
    case 'local':
    case 'openai':
      return setting;
    default:
      return null;
  }
}
