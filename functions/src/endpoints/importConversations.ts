/** `importConversations({conversations})`: imports conversations that were exported, from this project or another one. */
import { EDIT_LIMITS, FIRST_VOICE, IMPORT_LIMITS, LIMITS, spreadOverTime } from 'offline-audio-sync-contract';
import type { ImportedView } from 'offline-audio-sync-contract';
import pLimit from 'p-limit';
import * as z from 'zod';
import type { ImportedConversation, ImportedSegment, ImportedWord, ImportOutcome } from '../conversations/importing.ts';
import type { ImportedEdit } from '../conversations/importingEdits.ts';
import { AppError } from '../errors.ts';
import { callable } from '../http/callable.ts';
import type { CallableDeps, CallableHandler } from '../http/callable.ts';
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { REQUEST } from '../upload/request.ts';
import { LEAST_BYTES } from '../usage/budget.ts';
import type { DailyBudget } from '../usage/budget.ts';
import { boundedList, isDocumentId, isoTime, shortText } from '../validation.ts';

/** Each conversation takes one transaction or more. */
const options = { ...CALLABLE_OPTIONS, timeoutSeconds: 540 };

export const importConversations = onGuardedCall(options, async () => {
  const [{ requestDeps, budget, completionDeps }, { EDITS_AT_ONCE }, { importConversation }] = await Promise.all([
    import('../platform.ts'),
    import('../conversations/editing.ts'),
    import('../conversations/importing.ts'),
  ]);
  const deps = { ...completionDeps(), inTurn: pLimit(EDITS_AT_ONCE) };
  return createImportCallable({
    ...requestDeps({ checkRevoked: true }),
    reserveBytes: (uid, bytes) => budget.reserveBytes(uid, bytes),
    importOne: (uid, conversation) => importConversation(uid, conversation, deps),
    now: Date.now,
  });
});

export interface ImportCallableDeps extends CallableDeps {
  /** Counts an import in the daily budget of uploaded bytes. */
  readonly reserveBytes: DailyBudget['reserveBytes'];
  readonly importOne: (uid: string, conversation: ImportedConversation) => Promise<ImportOutcome>;
  /** Unix milliseconds. */
  readonly now: () => number;
}

const { maxConversations, maxSegments, maxEdits, maxTextLength } = IMPORT_LIMITS;
/** Words of one segment. No person says more in a minute. */
const MAX_WORDS = 2000;
const MAX_TAGS = 100;

const wordRule = '[text, from, to], in milliseconds from the start of its segment';
const offset = z
  .int(wordRule)
  .min(0, wordRule)
  .max(LIMITS.maxRecordingSeconds * 1000, wordRule);
const numberRule = 'a whole number from 0';
const voiceRule = `a whole number from ${FIRST_VOICE}`;
const voiceNumber = z.int(voiceRule).min(FIRST_VOICE, voiceRule);
const recordingRule = 'the id of a recording';
const recordingId = z.string(recordingRule).max(128, recordingRule).refine(isDocumentId, recordingRule);
const languageRule = 'a language tag';
/** The tag becomes a field name in the conversation's document. Firestore reserves `__x__`, and allows no empty name. */
const languageTag = z
  .string(languageRule)
  .max(35, languageRule)
  .regex(/^[A-Za-z]+([-_.][A-Za-z0-9]+)*$/, languageRule);
const flag = z.boolean('true or false');

const segment = z.object(
  {
    started_at: isoTime,
    ended_at: isoTime,
    text: shortText(maxTextLength),
    speaker: z.int(numberRule).min(0, numberRule).nullish(),
    voice: voiceNumber.nullish(),
    language: languageTag.nullish(),
    confidence: z.number('from 0 to 1').min(0, 'from 0 to 1').max(1, 'from 0 to 1').nullish(),
    recording_id: recordingId.nullish(),
    recording_started_at: isoTime.nullish(),
    transcriber: shortText(100).nullish(),
    words: boundedList(
      MAX_WORDS,
      z.tuple([shortText(200), offset, offset, languageTag.nullish()], wordRule),
      `1 to ${MAX_WORDS} words`,
    ).nullish(),
  },
  'an exported segment',
);

const title = shortText(EDIT_LIMITS.maxTitleLength);
const tag = shortText(EDIT_LIMITS.maxTagLength);

const edit = z.object(
  {
    edit_id: z.string('the id of an edit').max(128, 'the id of an edit').refine(isDocumentId, 'the id of an edit'),
    edited_at: isoTime,
    recording_id: recordingId,
    from: isoTime,
    to: isoTime,
    voice: voiceNumber.nullish(),
    change: z.discriminatedUnion(
      'kind',
      [
        z.object({ kind: z.literal('title'), title }),
        z.object({ kind: z.literal('star'), starred: flag }),
        z.object({ kind: z.literal('tag'), tag, tagged: flag }),
        z.object({ kind: z.literal('text'), text: shortText(EDIT_LIMITS.maxTextLength) }),
        z.object({
          kind: z.literal('speaker'),
          name: shortText(EDIT_LIMITS.maxNameLength),
          scope: z.enum(['sentence', 'conversation', 'everywhere'], 'sentence, conversation or everywhere'),
        }),
        z.object({ kind: z.literal('split') }),
        z.object({ kind: z.literal('merge'), until: isoTime }),
      ],
      'a change of kind title, star, tag, text, speaker, split or merge',
    ),
  },
  'an exported edit',
);

const conversation = z.object(
  {
    device_id: REQUEST.deviceId,
    title: title.nullish(),
    derived_title: title.nullish(),
    overview: shortText(maxTextLength).nullish(),
    starred: flag.nullish(),
    tags: boundedList(MAX_TAGS, tag, `at most ${MAX_TAGS} tags`, 0).nullish(),
    edits: boundedList(maxEdits, edit, `at most ${maxEdits} edits`, 0).nullish(),
    segments: boundedList(maxSegments, segment, `1 to ${maxSegments} segments`),
  },
  'an exported conversation',
);

const input = z.object(
  { conversations: boundedList(maxConversations, conversation, `1 to ${maxConversations} conversations`) },
  'give {"conversations": […]}',
);

type Exported = z.infer<typeof conversation>;
type ExportedSegment = Exported['segments'][number];

export function createImportCallable(deps: ImportCallableDeps): CallableHandler<ImportedView> {
  return callable({ ...deps, name: 'importConversations', input }, async ({ uid }, asked) => {
    const conversations = asked.conversations.map((each) => importedConversation(each, deps.now()));
    const segments = conversations.reduce((sum, each) => sum + each.segments.length, 0);
    if (segments > maxSegments) {
      throw new AppError('invalid_request', { message: `conversations: at most ${maxSegments} segments in one call.` });
    }
    const edits = conversations.reduce((sum, each) => sum + each.edits.length, 0);
    const leastBytes = (segments + edits) * LEAST_BYTES.imported;
    const reserved = await deps.reserveBytes(uid, Math.max(Buffer.byteLength(JSON.stringify(asked)), leastBytes));
    if (reserved instanceof AppError) throw reserved;
    const outcomes: ImportOutcome[] = [];
    for (const each of conversations) outcomes.push(await deps.importOne(uid, each));
    const newWords = outcomes.reduce((sum, each) => sum + each.newWords, 0);
    return {
      view: {
        conversations: outcomes.map((each) => ({
          conversation_id: each.conversationId,
          new_words: each.newWords,
          refused_edits: each.refusedEdits,
        })),
      },
      log: { conversations: conversations.length, newWords },
    };
  });
}

/** @throws AppError `invalid_request` for impossible times. */
function importedConversation(exported: Exported, nowMs: number): ImportedConversation {
  return {
    deviceId: exported.device_id,
    summary: { title: exported.derived_title ?? null, overview: exported.overview ?? null },
    segments: exported.segments.map((each) => importedSegment(each, nowMs)),
    edits: exported.edits?.map(importedEdit) ?? editsOfItself(exported),
    hasOwnEdits: (exported.edits ?? null) !== null,
  };
}

function importedEdit({ edit_id, edited_at, change, ...said }: z.infer<typeof edit>): ImportedEdit {
  const { recording_id: recordingId, from: startMs, to: endMs, voice } = said;
  return {
    change: change.kind === 'merge' ? { kind: 'merge', untilMs: change.until } : change,
    made: { id: edit_id, atMs: edited_at, place: { recordingId, startMs, endMs, voice } },
  };
}

/** Makes edits of the title, star and tags of a conversation that has no edits: one written by hand or by another program. */
function editsOfItself({ title: text, starred, tags }: Exported): ImportedEdit[] {
  const changes = [
    ...(text ? [{ kind: 'title', title: text } as const] : []),
    ...(starred === true ? [{ kind: 'star', starred } as const] : []),
    ...(tags ?? []).map((each) => ({ kind: 'tag', tag: each, tagged: true }) as const),
  ];
  return changes.map((change) => ({ change, made: null }));
}

function importedSegment(exported: ExportedSegment, nowMs: number): ImportedSegment {
  const { started_at: startMs, ended_at: endMs } = exported;
  // Cut to the segment: only the segment's times were checked.
  const inSegment = (offsetMs: number): number => Math.min(startMs + offsetMs, endMs);
  const isPossible =
    startMs >= LIMITS.minCaptureMs &&
    endMs <= nowMs + LIMITS.maxCaptureAheadMs &&
    endMs >= startMs &&
    endMs - startMs <= LIMITS.maxRecordingSeconds * 1000;
  if (!isPossible) {
    throw new AppError('invalid_request', { message: 'started_at, ended_at: times from 2024 to now, in order.' });
  }
  return {
    words:
      exported.words?.map(([text, from, to, language]) => ({
        text,
        startMs: inSegment(from),
        endMs: inSegment(Math.max(from, to)),
        language,
      })) ?? wordsOf(exported.text, startMs, endMs),
    speaker: exported.voice ?? exported.speaker ?? null,
    language: exported.language ?? null,
    confidence: exported.confidence ?? 1,
    recordingId: exported.recording_id ?? null,
    recordingStartedAtMs: exported.recording_started_at ?? null,
    transcriber: exported.transcriber ?? null,
  };
}

/** The words of a text that comes without times of its words: they share the segment's time. */
function wordsOf(text: string, startMs: number, endMs: number): ImportedWord[] {
  const words = spreadOverTime(text.split(/\s+/), startMs, endMs);
  return words.map((word) => ({ text: word.text, startMs: word.fromMs, endMs: word.toMs }));
}
