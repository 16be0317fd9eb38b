/** `importConversations({conversations})`: what was taken along, here or elsewhere, comes in. */
import { EDIT_LIMITS, IMPORT_LIMITS, spreadOverTime } from 'offline-audio-sync-contract';
import type { ImportedView } from 'offline-audio-sync-contract';
import * as z from 'zod';
import { LIMITS } from '../config.ts';
import type { ImportedConversation, ImportedSegment, ImportedWord, ImportOutcome } from '../conversations/importing.ts';
import { AppError } from '../errors.ts';
import type { Authenticate } from '../http/auth.ts';
import { callable } from '../http/callable.ts';
import type { CallableHandler } from '../http/callable.ts';
import { CALLABLE_OPTIONS, onGuardedCall } from '../http/callableGuard.ts';
import { lazily } from '../lazily.ts';
import { cloudLogger } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { REQUEST } from '../upload/request.ts';
import { boundedList, isDocumentId, isoTime, shortText } from '../validation.ts';

/** Each conversation is a transaction or some. */
const options = { ...CALLABLE_OPTIONS, timeoutSeconds: 540 };

export const importConversations = onGuardedCall(
  options,
  lazily(async () => {
    const [{ authenticator, completing }, { importConversation }] = await Promise.all([
      import('../platform.ts'),
      import('../conversations/importing.ts'),
    ]);
    const deps = completing();
    return createImportCallable({
      authenticate: authenticator({ checkRevoked: true }),
      importOne: (uid, conversation) => importConversation(uid, conversation, deps),
      logger: cloudLogger,
      now: Date.now,
    });
  }),
);

export interface ImportCallableDeps {
  readonly authenticate: Authenticate;
  readonly importOne: (uid: string, conversation: ImportedConversation) => Promise<ImportOutcome>;
  readonly logger: Logger;
  /** Unix milliseconds. */
  readonly now: () => number;
}

const { maxConversations, maxSegments, maxTextLength } = IMPORT_LIMITS;
/** Of one segment. Nobody says more in a minute. */
const MAX_WORDS = 2000;
const MAX_TAGS = 100;

const wordRule = '[text, from, to], in milliseconds from the start of its segment';
const offset = z
  .int(wordRule)
  .min(0, wordRule)
  .max(LIMITS.maxRecordingSeconds * 1000, wordRule);
const numberRule = 'a whole number from 0';
const recordingRule = 'the id of a recording';

const segment = z.object(
  {
    started_at: isoTime,
    ended_at: isoTime,
    text: shortText(maxTextLength),
    speaker: z.int(numberRule).min(0, numberRule).nullish(),
    language: z.string('a language tag').max(35, 'a language tag').nullish(),
    confidence: z.number('from 0 to 1').min(0, 'from 0 to 1').max(1, 'from 0 to 1').nullish(),
    recording_id: z.string(recordingRule).max(128, recordingRule).refine(isDocumentId, recordingRule).nullish(),
    recording_started_at: isoTime.nullish(),
    words: boundedList(
      MAX_WORDS,
      z.tuple([shortText(200), offset, offset], wordRule),
      `1 to ${MAX_WORDS} words`,
    ).nullish(),
  },
  'an exported segment',
);

const conversation = z.object(
  {
    device_id: REQUEST.deviceId,
    title: shortText(EDIT_LIMITS.maxTitleLength).nullish(),
    starred: z.boolean('true or false').nullish(),
    tags: z
      .custom<unknown[]>((value) => Array.isArray(value) && value.length <= MAX_TAGS, `at most ${MAX_TAGS} tags`)
      .pipe(z.array(shortText(EDIT_LIMITS.maxTagLength)))
      .nullish(),
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
    const outcomes: ImportOutcome[] = [];
    for (const each of conversations) outcomes.push(await deps.importOne(uid, each));
    const newWords = outcomes.reduce((sum, each) => sum + each.newWords, 0);
    return {
      view: {
        conversations: outcomes.map((each) => ({ conversation_id: each.conversationId, new_words: each.newWords })),
      },
      log: { conversations: conversations.length, newWords },
    };
  });
}

/** @throws AppError `invalid_request` for times that cannot be. */
function importedConversation(exported: Exported, nowMs: number): ImportedConversation {
  return {
    deviceId: exported.device_id,
    title: exported.title ?? null,
    starred: exported.starred ?? false,
    tags: exported.tags ?? [],
    segments: exported.segments.map((each) => importedSegment(each, nowMs)),
  };
}

function importedSegment(exported: ExportedSegment, nowMs: number): ImportedSegment {
  const { started_at: startMs, ended_at: endMs } = exported;
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
      exported.words?.map(([text, from, to]) => ({
        text,
        startMs: startMs + from,
        endMs: startMs + Math.max(from, to),
      })) ?? wordsOf(exported.text, startMs, endMs),
    speaker: exported.speaker ?? null,
    language: exported.language ?? null,
    confidence: exported.confidence ?? 1,
    recordingId: exported.recording_id ?? null,
    recordingStartedAtMs: exported.recording_started_at ?? null,
  };
}

/** The words of a text whose words have no times of their own. */
function wordsOf(text: string, startMs: number, endMs: number): ImportedWord[] {
  const words = spreadOverTime(text.split(/\s+/), startMs, endMs);
  return words.map((word) => ({ text: word.text, startMs: word.fromMs, endMs: word.toMs }));
}
