/** The keys of services: which ones a deployment asks for, and their values. */
import { defineSecret } from 'firebase-functions/params';
import type { SecretParam } from 'firebase-functions/params';

/**
 * Declares the secrets that the settings need. A deployment asks for every declared secret, so no other is declared. firebase-tools
 * gives the settings to the process that lists what is deployed.
 */
export function secretsFor(settings: Readonly<Record<string, string | undefined>>): SecretParam[] {
  const { TRANSCRIBER: transcriber, SUMMARIES: summaries } = settings;
  return [
    ...(transcriber === 'deepgram' || summaries === 'deepgram' ? [defineSecret('DEEPGRAM_API_KEY')] : []),
    ...(transcriber === 'openai' ? [defineSecret('OPENAI_API_KEY')] : []),
  ];
}

/** Keys of services, read when they are needed; empty if there is none. */
export const apiKeys = {
  deepgram: (): string => process.env['DEEPGRAM_API_KEY'] ?? '',
  openai: (): string => process.env['OPENAI_API_KEY'] ?? '',
};
