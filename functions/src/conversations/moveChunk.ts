/** Moves recordings in the document of a chunk: their words, and their places. */
import { Timestamp } from 'firebase-admin/firestore';
import type { DocumentSnapshot, Transaction } from 'firebase-admin/firestore';
import { chunkInterval, chunkWords, recordedWords } from '../jobs/chunk.ts';
import type { ChunkDoc } from '../jobs/chunk.ts';
import { placeKey } from './conversation.ts';
import type { PlacedRecording, RecordedWord, TimedSegment } from './conversation.ts';

/** A recording that moves to another time of the same device. */
export interface Shift extends PlacedRecording {
  /** Unix milliseconds. */
  readonly toMs: number;
}

/** The words at their new times. They are taken from the chunk if it exists, because it has more of each word than its segments. */
export function shiftedWords(
  leaving: readonly TimedSegment[],
  chunk: ChunkDoc | undefined,
  shifts: ReadonlyMap<string, Shift>,
): RecordedWord[] {
  const words =
    chunk === undefined
      ? leaving.flatMap(({ recording, words: spoken }) => spoken.map((word) => ({ ...word, recording })))
      : recordedWords(chunk);
  return words
    .flatMap((word) => {
      const shift = shifts.get(placeKey(word.recording));
      if (shift === undefined) return [];
      const byMs = shift.toMs - shift.startedAtMs;
      const recording = { recordingId: shift.recordingId, startedAtMs: shift.toMs };
      return { ...word, startMs: word.startMs + byMs, endMs: word.endMs + byMs, recording };
    })
    .sort((a, b) => a.startMs - b.startMs);
}

/** Moves the recordings in the chunk's document. @param moved their words at the new time. */
export function moveChunk(
  tx: Transaction,
  doc: DocumentSnapshot<ChunkDoc>,
  moved: readonly RecordedWord[],
  shifts: ReadonlyMap<string, Shift>,
): void {
  const chunk = doc.data();
  if (chunk === undefined) return;
  const shiftOf = (place: PlacedRecording): Shift | undefined => shifts.get(placeKey(place));
  const byFile = new Map(
    chunk.recordings.map(({ fileName, recordingId, startedAt }) => [
      fileName,
      shiftOf({ recordingId, startedAtMs: startedAt.toMillis() }),
    ]),
  );
  const recordings = chunk.recordings.map((recording) => {
    const shift = byFile.get(recording.fileName);
    return shift === undefined ? recording : { ...recording, startedAt: Timestamp.fromMillis(shift.toMs) };
  });
  const spans = chunk.spans.map((span) => {
    const shift = byFile.get(span.fileName);
    return shift === undefined ? span : { ...span, startMs: span.startMs + shift.toMs - shift.startedAtMs };
  });
  const staying = recordedWords(chunk).filter(({ recording }) => shiftOf(recording) === undefined);
  const words = [...staying, ...moved].sort((a, b) => a.startMs - b.startMs);
  tx.update(doc.ref, {
    recordings,
    spans,
    words: chunkWords(words, recordings),
    ...chunkInterval(
      Math.min(...spans.map(({ startMs }) => startMs)),
      Math.max(...spans.map(({ startMs, durationMs }) => startMs + durationMs)),
    ),
  });
}
