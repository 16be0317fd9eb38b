/** The words of a chunk on their way into Firestore: finds the recording of each word, and reads what is stored around them. */
import type { Firestore, Transaction } from 'firebase-admin/firestore';
import type { PlannedChunk } from '../audio/chunk/chunks.ts';
import type { PlacedRecording, RecordedWord } from '../conversations/conversation.ts';
import type { ConversationStore } from '../conversations/store.ts';
import { prepareVoices } from '../conversations/voices.ts';
import { chunkRecordings } from '../jobs/chunk.ts';
import type { ChunkRecording } from '../jobs/chunk.ts';
import type { Coverage } from '../jobs/coverage.ts';
import type { OpenFiles } from '../jobs/files.ts';
import type { Job } from '../jobs/job.ts';
import type { ScanSettings } from './scanEvent.ts';
import type { ChunkWords, PlacedWord } from './transcribe.ts';

/** A chunk on its way to transcription. */
export interface Chunk {
  readonly id: string;
  readonly deviceId: string;
  readonly plan: PlannedChunk;
}

export interface WordsDeps {
  readonly db: Firestore;
  readonly conversations: ConversationStore;
  /** Without a context, chunks are not linked by their voices. */
  readonly scan: Pick<ScanSettings, 'contextMs'>;
  readonly coverage: Coverage;
}

interface Transcribed {
  readonly job: Job;
  readonly jobId: string;
  readonly chunk: Chunk;
  /** Has the files of the chunk and of its context. */
  readonly files: OpenFiles;
  readonly transcriber: string;
  readonly words: ChunkWords;
}

/** Reads voices, coverage and conversations around the words of a chunk. Each of the three results has a `write`. */
export async function prepareWords(
  tx: Transaction,
  { job, jobId, chunk, files, transcriber, words }: Transcribed,
  { db, conversations, scan, coverage }: WordsDeps,
) {
  const { uid, conversationId: targetId } = job;
  const { id: chunkId, deviceId, plan } = chunk;
  const recordings = chunkRecordings(uid, plan.spans, files);
  const places = placesOf(recordings);
  const stored = await conversations.pagesAround(tx, { uid, deviceId }, [...words.context, ...words.words]);
  const source = { uid, deviceId, jobId, chunkId, stored };
  const voices = await prepareVoices(tx, db, {
    ...source,
    context: inRecordings(words.context, placesOf(chunkRecordings(uid, plan.context.spans, files))),
    words: inRecordings(words.words, places),
    endMs: plan.endMs,
    gapMs: conversations.gapMs,
    areLinked: (scan.contextMs ?? 0) > 0,
  });
  const { spans, frames } = plan;
  const covered = await coverage.prepare(tx, { deviceId, spans, frames, places });
  const speech = await conversations.prepare(tx, {
    ...source,
    transcriber,
    targetId,
    words: voices.words,
    sounds: covered.sounds,
  });
  return { recordings, voices, covered, speech };
}

function placesOf(recordings: readonly ChunkRecording[]): ReadonlyMap<string, PlacedRecording> {
  return new Map(
    recordings.map(({ fileName, recordingId, startedAt }) => [
      fileName,
      { recordingId, startedAtMs: startedAt.toMillis() },
    ]),
  );
}

function inRecordings(words: readonly PlacedWord[], places: ReadonlyMap<string, PlacedRecording>): RecordedWord[] {
  return words.flatMap(({ fileName, ...word }) => {
    const recording = places.get(fileName);
    return recording === undefined ? [] : [{ ...word, recording }];
  });
}
