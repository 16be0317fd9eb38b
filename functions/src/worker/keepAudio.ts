/** The audio of a chunk that is kept to be played: as it was sent, without the context before it. */
import { OPUS_PRE_ROLL_MS } from '../audio/chunk/chunks.ts';
import type { PlannedChunk } from '../audio/chunk/chunks.ts';
import type { RecordingFormat } from '../audio/read/format.ts';
import { SAMPLES_PER_MS } from '../audio/read/pcm.ts';
import type { ChunkRecording } from '../jobs/chunk.ts';
import type { KeptSpan } from 'offline-audio-sync-contract';
import type { EncodedAudio, SpeechAudio } from '../transcription/transcriber.ts';
import { encodeChunk } from './chunkAudio.ts';

/**
 * The audio of a chunk without its context, which may be of another conversation. It is encoded again only if there was a context.
 * @param sent what was sent.
 */
export function ownAudio(
  { context, frames }: Pick<PlannedChunk, 'context' | 'frames'>,
  format: RecordingFormat,
  sent: SpeechAudio,
): Promise<EncodedAudio> {
  if (context.frames.length === 0) return sent.encoded();
  const preRoll: (typeof context.frames)[number][] = [];
  let samples = 0;
  for (const frame of context.frames.toReversed()) {
    if (samples >= OPUS_PRE_ROLL_MS * SAMPLES_PER_MS) break;
    preRoll.unshift(frame);
    samples += frame.samples;
  }
  return encodeChunk({ preRoll, frames }, format);
}

/** The time map of a chunk, in times of its recordings, so that it stays valid when their dates are corrected. */
export function keptSpans(plan: Pick<PlannedChunk, 'spans'>, recordings: readonly ChunkRecording[]): KeptSpan[] {
  const byName = new Map(recordings.map((recording) => [recording.fileName, recording]));
  return plan.spans.flatMap(({ fileName, startMs, chunkStartMs, durationMs }) => {
    const recording = byName.get(fileName);
    if (recording === undefined) return [];
    const { recordingId, startedAt } = recording;
    return [{ recordingId, fromMs: startMs - startedAt.toMillis(), audioMs: chunkStartMs, durationMs }];
  });
}
