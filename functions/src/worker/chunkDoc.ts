/** The document of a chunk whose result is stored. */
import type { RecordedWord } from '../conversations/conversation.ts';
import { chunkInterval, chunkWords } from '../jobs/chunk.ts';
import type { ChunkDoc } from '../jobs/chunk.ts';
import type { Job } from '../jobs/job.ts';
import type { Transcription } from '../transcription/transcriber.ts';
import type { Chunk } from './prepareWords.ts';

interface Stored extends Pick<ChunkDoc, 'recordings' | 'context' | 'conversationIds'> {
  /** The words that became segments. */
  readonly words: readonly RecordedWord[];
}

export function chunkDoc(
  { uid, expiresAt }: Job,
  { deviceId, plan }: Chunk,
  { language, requestId, transcriber, billedSeconds }: Transcription,
  { recordings, words, context, conversationIds }: Stored,
): ChunkDoc {
  return {
    uid,
    deviceId,
    spans: plan.spans,
    recordings,
    durationMs: plan.durationMs,
    ...chunkInterval(plan.startMs, plan.endMs),
    words: chunkWords(words, recordings),
    context,
    language,
    requestId,
    transcriber,
    billedSeconds,
    conversationIds,
    expiresAt,
  };
}
