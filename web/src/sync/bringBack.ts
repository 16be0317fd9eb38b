/** Imports what was taken along: the JSON files of a zip, or by themselves. */
import { unzip, type Unzipped } from 'fflate';
import { IMPORT_LIMITS } from 'offline-audio-sync-contract';
import type { ExportedConversation, ExportedSegment } from 'offline-audio-sync-contract';
import { sentenceOf } from '../domain/sentence.ts';
import { call } from '../firebase/store.ts';
import type { Refusal } from './addEach.ts';

export interface Imported {
  readonly conversations: number;
  readonly newWords: number;
  /** Files that could not be imported, and why. */
  readonly refused: readonly Refusal[];
}

/** Bytes of a zip when it is open: more would not fit into a page. */
const LARGEST_BYTES = 1024 * 1024 * 1024;

/** @throws FirebaseError where the service refuses or does not answer; what was imported until then stays, and nothing comes twice */
export async function importFiles(files: readonly File[], onProgress: (count: number) => void): Promise<Imported> {
  const refused: Refusal[] = [];
  const found: ExportedConversation[] = [];
  for (const file of files) {
    try {
      for (const text of await jsonIn(file)) found.push(parseConversation(text));
    } catch (error) {
      refused.push({ name: file.name, reason: sentenceOf(error) });
    }
  }
  let [conversations, newWords] = [0, 0];
  for (const batch of batchesOf(found.flatMap(inParts))) {
    const answer = await call('importConversations', { conversations: batch });
    conversations += answer.conversations.length;
    newWords += answer.conversations.reduce((sum, { new_words: words }) => sum + words, 0);
    onProgress(conversations);
  }
  return { conversations, newWords, refused };
}

async function jsonIn(file: File): Promise<string[]> {
  if (!/\.zip$/i.test(file.name)) return [await file.text()];
  const bytes = new Uint8Array(await file.arrayBuffer());
  let total = 0;
  const unpacked = await new Promise<Unzipped>((resolve, reject) => {
    const filter = ({ name, originalSize }: { name: string; originalSize: number }): boolean => {
      if (!/\.json$/i.test(name)) return false;
      total += originalSize;
      if (total > LARGEST_BYTES) throw new Error('This zip is too large when it is open: import it in parts.');
      return true;
    };
    unzip(bytes, { filter }, (error, entries) => {
      if (error === null) resolve(entries);
      else reject(new Error('This zip is damaged, or it is none.'));
    });
  });
  const decoder = new TextDecoder();
  return Object.values(unpacked).map((content) => decoder.decode(content));
}

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

/** As many conversations as one call takes. */
export function* batchesOf(conversations: readonly ExportedConversation[]): Generator<ExportedConversation[]> {
  let batch: ExportedConversation[] = [];
  let segments: readonly ExportedSegment[] = [];
  for (const conversation of conversations) {
    const isFull =
      batch.length === IMPORT_LIMITS.maxConversations ||
      segments.length + conversation.segments.length > IMPORT_LIMITS.maxSegments;
    if (isFull && batch.length > 0) {
      yield batch;
      [batch, segments] = [[], []];
    }
    batch.push(conversation);
    segments = [...segments, ...conversation.segments];
  }
  if (batch.length > 0) yield batch;
}
