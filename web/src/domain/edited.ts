/** Conversations and what was said in them, as their user corrected them. */
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

/** The conversation's place on the time axis, as the contract has it. */
export function intervalOf({
  deviceId,
  startedAt,
  finishedAt,
}: Pick<Conversation, 'deviceId' | 'startedAt' | 'finishedAt'>) {
  return { deviceId, startedAt: instantOf(startedAt), finishedAt: instantOf(finishedAt) };
}

/** @param edits of its user, in any order; those of other conversations do no harm */
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
  // A split is known before the pages are read again.
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

/** The conversation as it is taken along. @param heard without its corrections */
export function exportOf(
  heard: Conversation,
  pages: Iterable<SegmentPageDoc>,
  edits: readonly StoredEdit[],
): ExportedConversation {
  return exportedConversation({ ...heard, ...intervalOf(heard) }, segmentsIn(pages), edits);
}
