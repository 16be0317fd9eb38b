/** What was taken along, as the service takes it back. */
import { IMPORT_LIMITS } from 'offline-audio-sync-contract';
import type { ExportedConversation } from 'offline-audio-sync-contract';

const NOT_OURS = 'This is no conversation that was taken along from here.';

/** Only what the service takes: what else an export holds is for people. The service checks every value. */
export function parseConversation(text: string): ExportedConversation {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(NOT_OURS);
  }
  if (!isExported(value)) throw new Error(NOT_OURS);
  const { conversation_id, device_id, title, overview, language, starred, tags, started_at, finished_at } = value;
  return {
    ...present({ conversation_id, title, overview, language, starred, tags }),
    ...{ device_id, started_at, finished_at },
    segments: value.segments.map((segment) => {
      const { speaker, language: spoken, confidence, recording_id, recording_started_at, words } = segment;
      return {
        ...{ started_at: segment.started_at, ended_at: segment.ended_at, text: segment.text },
        ...present({ speaker, language: spoken, confidence, recording_id, recording_started_at, words }),
      };
    }),
  };
}

function isExported(value: unknown): value is ExportedConversation {
  if (typeof value !== 'object' || value === null) return false;
  const { device_id: device, started_at: started, finished_at: finished, segments } = value as Record<string, unknown>;
  return [device, started, finished].every((one) => typeof one === 'string') && Array.isArray(segments);
}

function present<T extends object>(fields: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>;
  };
}

/** A conversation that is more than one call takes, in pieces: they become one again where they lie on the time axis. */
function inParts(conversation: ExportedConversation): ExportedConversation[] {
  const most = IMPORT_LIMITS.maxSegments;
  if (conversation.segments.length <= most) return [conversation];
  return Array.from({ length: Math.ceil(conversation.segments.length / most) }, (_, part) => ({
    ...conversation,
    segments: conversation.segments.slice(part * most, (part + 1) * most),
  }));
}

/** As many conversations as one call takes, and again. */
export function* batchesOf(conversations: readonly ExportedConversation[]): Generator<ExportedConversation[]> {
  const { maxConversations, maxSegments } = IMPORT_LIMITS;
  let batch: ExportedConversation[] = [];
  let segments = 0;
  for (const conversation of conversations.flatMap(inParts)) {
    const isFull = batch.length === maxConversations || segments + conversation.segments.length > maxSegments;
    if (isFull && batch.length > 0) {
      yield batch;
      batch = [];
      segments = 0;
    }
    batch.push(conversation);
    segments += conversation.segments.length;
  }
  if (batch.length > 0) yield batch;
}
