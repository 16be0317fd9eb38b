/** Conversations and their transcripts with their user's corrections. */
import {
  editedConversation,
  editedSegments,
  exportedConversation,
  instantOf,
  segmentsIn,
} from 'offline-audio-sync-contract';
import type { ExportedConversation, SegmentPageDoc, StoredEdit } from 'offline-audio-sync-contract';
import { speakerNumbers } from 'offline-audio-sync-client';
import type { Conversation, EditedConversation, Sentence } from '../data/model.ts';

/** The interval of a conversation on its device's time axis, as the contract expects it. */
export function intervalOf({
  deviceId,
  startedAt,
  finishedAt,
}: Pick<Conversation, 'deviceId' | 'startedAt' | 'finishedAt'>) {
  return { deviceId, startedAt: instantOf(startedAt), finishedAt: instantOf(finishedAt) };
}

/** @param edits the user's edits in any order; those of other conversations are ignored */
export function withEdits(conversation: Conversation, edits: readonly StoredEdit[]): EditedConversation {
  const interval = { ...intervalOf(conversation), title: conversation.title };
  return { ...conversation, ...editedConversation(interval, edits) };
}

/** The sentences of a conversation, in order of time. */
export function sentencesOf(
  pages: Iterable<SegmentPageDoc>,
  conversation: Pick<Conversation, 'deviceId' | 'startedAt' | 'finishedAt'>,
  edits: readonly StoredEdit[],
): Sentence[] {
  // A split is known before the pages are read again, so the sentences of the other part are left out.
  const mine = segmentsIn(pages).filter(
    ({ startedAt }) =>
      startedAt.toMillis() >= conversation.startedAt && startedAt.toMillis() <= conversation.finishedAt,
  );
  const segments = editedSegments(mine, intervalOf(conversation), edits);
  const numbers = speakerNumbers(segments);
  return segments.map(
    ({ startedAt, endedAt, recordingStartedAt, speakerName, transcriber = null, ...segment }, index) => {
      const { text, heard, language, confidence, recordingId, chunkId, words, speaker: voice } = segment;
      return {
        id: [startedAt.toMillis(), recordingId, voice].join(),
        ...{ text, heard, language, confidence, recordingId, chunkId, words, transcriber },
        startedAt: startedAt.toMillis(),
        endedAt: endedAt.toMillis(),
        recordingStartedAt: recordingStartedAt.toMillis(),
        speaker: numbers[index] ?? null,
        voice,
        name: speakerName,
      };
    },
  );
}

/** The conversation in the format of an export. @param stored the conversation without corrections */
export function exportOf(
  stored: Conversation,
  pages: Iterable<SegmentPageDoc>,
  edits: readonly StoredEdit[],
): ExportedConversation {
  return exportedConversation({ ...stored, ...intervalOf(stored) }, segmentsIn(pages), edits);
}
