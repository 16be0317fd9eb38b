/** Speech in the form that transcribers get. */
import type { EncodedAudio, SpeechAudio } from '../../src/transcription/transcriber.ts';

/** For services, which do not request PCM. */
export function speechOf(bytes: Uint8Array, contentType: EncodedAudio['contentType']): SpeechAudio {
  return {
    channels: 1,
    encoded: () => Promise.resolve({ bytes, contentType }),
    pcm: () => Promise.reject(new Error('PCM was asked for.')),
    pauses: [],
  };
}

/** For models, which do not request encoded audio. @param pcm 16 kHz, mono. */
export function speechOfPcm(pcm: Float32Array, pauses: readonly number[] = []): SpeechAudio {
  return {
    channels: 1,
    encoded: () => Promise.reject(new Error('Encoded audio was asked for.')),
    pcm: () => Promise.resolve(pcm),
    pauses,
  };
}
