/**
 * Exports a conversation: everything that was transcribed and, apart from it, the user's corrections, so that an import loses nothing.
 * Pure.
 */
import type { ConversationDoc, SegmentDoc } from './conversation.ts';
import { editedConversation, editedSegments, editsInEffect } from './editedReading.ts';
import type { StoredEdit } from './editedReading.ts';
import type { EditPlace } from './edit.ts';
import { FIRST_VOICE, speakerNumbers } from './speakers.ts';
import type { Instant } from './time.ts';
import type { ExportedConversation, ExportedEdit, ExportedSegment } from './wireKeep.ts';

export type ExportableConversation = Pick<
  ConversationDoc,
  'deviceId' | 'title' | 'overview' | 'language' | 'startedAt' | 'finishedAt'
> & { readonly id: string };

/**
 * @param conversation as it is stored, without its corrections
 * @param segments all of its transcript, in order of time ({@link segmentsIn})
 * @param edits those of the conversation, and those of voices that are named everywhere (`namedVoices`), in any order
 */
export function exportedConversation(
  conversation: ExportableConversation,
  segments: readonly SegmentDoc[],
  edits: readonly StoredEdit[],
): ExportedConversation {
  const { id, deviceId, title, overview, language, startedAt, finishedAt } = conversation;
  const read = editedConversation(conversation, edits);
  return {
    conversation_id: id,
    device_id: deviceId,
    ...read,
    derived_title: title,
    ...{ overview, language },
    started_at: iso(startedAt),
    finished_at: iso(finishedAt),
    segments: exportedSegments(conversation, segments, edits),
    edits: editsInEffect(edits).flatMap((edit) => exportedEdit(edit, conversation, segments) ?? []),
  };
}

function exportedSegments(
  conversation: ExportableConversation,
  segments: readonly SegmentDoc[],
  edits: readonly StoredEdit[],
): ExportedSegment[] {
  const numbers = speakerNumbers(segments);
  const edited = new Map(editedSegments(segments, conversation, edits).map((segment) => [keyOf(segment), segment]));
  return segments.map((segment, index) => {
    const read = edited.get(keyOf(segment));
    // Segments that a correction has left empty are not among those that were read.
    const corrected = read === undefined ? '' : read.heard === null ? null : read.text;
    return exportedSegment(segment, numbers[index] ?? null, corrected, read?.speakerName ?? null);
  });
}

const keyOf = ({ recordingId, startedAt, endedAt, speaker }: SegmentDoc): string =>
  JSON.stringify([recordingId, startedAt.toMillis(), endedAt.toMillis(), speaker]);

function exportedSegment(
  segment: SegmentDoc,
  number: number | null,
  corrected: string | null,
  name: string | null,
): ExportedSegment {
  const { startedAt, endedAt, text, speaker, language, confidence, words, transcriber } = segment;
  return {
    started_at: iso(startedAt),
    ended_at: iso(endedAt),
    speaker: number,
    ...(name === null ? {} : { speaker_name: name }),
    ...voiceOf(speaker),
    text,
    ...(corrected === null ? {} : { corrected_text: corrected }),
    ...{ language, confidence },
    recording_id: segment.recordingId,
    recording_started_at: iso(segment.recordingStartedAt),
    ...(transcriber === undefined ? {} : { transcriber }),
    words: words.map(({ text: word, fromMs, toMs, language: own }) =>
      own === undefined ? ([word, fromMs, toMs] as const) : ([word, fromMs, toMs, own] as const),
    ),
  };
}

/** Labels within a chunk are left out: they say nothing elsewhere. */
const voiceOf = (speaker: number | null = null): { readonly voice?: number } =>
  speaker === null || speaker < FIRST_VOICE ? {} : { voice: speaker };

/** @returns null for an edit that is not about this conversation. */
function exportedEdit(
  edit: StoredEdit,
  conversation: ExportableConversation,
  segments: readonly SegmentDoc[],
): ExportedEdit | null {
  const at = edit.startedAt.toMillis();
  const isHere =
    edit.deviceId === conversation.deviceId &&
    at >= conversation.startedAt.toMillis() &&
    at <= conversation.finishedAt.toMillis();
  if (isHere) return exportedAt(edit, edit);
  // A name that counts everywhere counts here too, even if the conversation in which it was given is not exported.
  const isEverywhere = edit.kind === 'speaker' && edit.scope === 'everywhere';
  const spoken = isEverywhere ? segments.find(({ speaker }) => speaker === edit.speaker) : undefined;
  return spoken === undefined ? null : exportedAt(edit, spoken);
}

function exportedAt(edit: StoredEdit, { recordingId, startedAt, endedAt }: PlaceOnly): ExportedEdit {
  return {
    edit_id: edit.id,
    edited_at: iso(edit.editedAt),
    recording_id: recordingId,
    from: iso(startedAt),
    to: iso(endedAt),
    ...voiceOf('speaker' in edit ? edit.speaker : null),
    change: changeOf(edit),
  };
}

type PlaceOnly = Pick<EditPlace, 'recordingId' | 'startedAt' | 'endedAt'>;

function changeOf(edit: StoredEdit): ExportedEdit['change'] {
  switch (edit.kind) {
    case 'title':
      return { kind: 'title', title: edit.title };
    case 'star':
      return { kind: 'star', starred: edit.starred };
    case 'tag':
      return { kind: 'tag', tag: edit.tag, tagged: edit.tagged };
    case 'text':
      return { kind: 'text', text: edit.text };
    case 'speaker':
      return { kind: 'speaker', name: edit.name, scope: edit.scope };
    case 'split':
      return { kind: 'split' };
    case 'merge':
      return { kind: 'merge', until: iso(edit.until.startedAt) };
  }
}

const iso = (time: Instant): string => new Date(time.toMillis()).toISOString();
