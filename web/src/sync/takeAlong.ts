/** What was said in a stretch of time, or ever, as one zip: made here, conversation by conversation, so that it may be long. */
import { Zip, ZipDeflate } from 'fflate';
import { conversationsOfDay, editsBetween, namedVoices, transcriptOf } from 'offline-audio-sync-contract';
import type { StoredEdit } from 'offline-audio-sync-contract';
import type { EditedConversation, Sentence } from '../data/model.ts';
import { intervalOf, sentencesOf, withEdits } from '../domain/edited.ts';
import { fileStem, toJson, toMarkdown, toSrt, toVtt } from '../domain/export.ts';
import { clock, dayOf, dayOfYear } from '../domain/time.ts';
import { conversationOf, editOf, segmentPageOf } from '../firebase/documents.ts';
import { pagesOf } from '../firebase/store.ts';

/** Each is made of a conversation and its sentences. */
export const FORMATS = {
  md: (conversation, lines) => toMarkdown(conversation, lines, { day: dayOfYear, clock }),
  srt: toSrt,
  vtt: toVtt,
  json: toJson,
} as const satisfies Record<string, (conversation: EditedConversation, lines: readonly Sentence[]) => string>;

export type Format = keyof typeof FORMATS;

export interface TakeAlongOptions {
  readonly uid: string;
  /** Unix milliseconds: conversations that begin from here on, and before there. */
  readonly from: number;
  readonly to: number;
  readonly formats: readonly Format[];
  /** Conversations that are in it. */
  readonly onProgress: (count: number) => void;
  readonly signal: AbortSignal;
}

/** Conversations that are read at once. */
const PAGE = 100;
/** Transcripts that are read at once. */
const AT_ONCE = 8;

/** @throws the signal's reason; what Firestore throws */
export async function makeZip(options: TakeAlongOptions): Promise<Blob> {
  const parts: BlobPart[] = [];
  const failures: Error[] = [];
  const zip = new Zip((error, part) => {
    if (error !== null) failures.push(error);
    else parts.push(part as Uint8Array<ArrayBuffer>);
  });
  const encoder = new TextEncoder();
  for await (const { path, content } of filesOf(options)) {
    const file = new ZipDeflate(path, { level: 6 });
    zip.add(file);
    file.push(encoder.encode(content), true);
    if (failures[0] !== undefined) throw failures[0];
  }
  zip.end();
  return new Blob(parts, { type: 'application/zip' });
}

interface NamedFile {
  readonly path: string;
  readonly content: string;
}

async function* filesOf(options: TakeAlongOptions): AsyncGenerator<NamedFile> {
  const { uid, from, to, formats, onProgress, signal } = options;
  const edits = await readEdits(uid, from, to);
  let count = 0;
  for await (const page of pagesOf(conversationsOfDay(uid, new Date(from), new Date(to), PAGE), conversationOf)) {
    for (let at = 0; at < page.length; at += AT_ONCE) {
      signal.throwIfAborted();
      const some = page.slice(at, at + AT_ONCE).map((conversation) => withEdits(conversation, edits));
      const transcripts = await Promise.all(some.map((conversation) => readTranscript(uid, conversation, edits)));
      for (const [index, conversation] of some.entries()) {
        const path = pathOf(conversation);
        for (const format of formats)
          yield { path: `${path}.${format}`, content: FORMATS[format](conversation, transcripts[index] ?? []) };
      }
      count += some.length;
      onProgress(count);
    }
  }
}

async function readEdits(uid: string, from: number, to: number): Promise<StoredEdit[]> {
  const edits: StoredEdit[] = [];
  for (const query of [editsBetween(uid, new Date(from), new Date(to)), namedVoices(uid)])
    for await (const page of pagesOf(query, editOf)) edits.push(...page);
  return edits;
}

async function readTranscript(
  uid: string,
  conversation: EditedConversation,
  edits: readonly StoredEdit[],
): Promise<Sentence[]> {
  const pages = [];
  for await (const page of pagesOf(transcriptOf(uid, intervalOf(conversation)), segmentPageOf)) pages.push(...page);
  return sentencesOf(pages, conversation, edits);
}

/** A folder a day. The end of the id keeps those apart that began in one minute under one title. */
function pathOf(conversation: EditedConversation): string {
  const { id, startedAt } = conversation;
  const time = new Date(startedAt);
  const minute = [time.getHours(), time.getMinutes()].map((value) => String(value).padStart(2, '0')).join('');
  return `${dayOf(startedAt)}/${fileStem(conversation, minute)}-${id.slice(-6)}`;
}
