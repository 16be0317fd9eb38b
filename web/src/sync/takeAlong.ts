/** What was said in a stretch of time, or ever, as one zip: made here, conversation by conversation, so that it may be long. */
import { BlobWriter, configure, TextReader, ZipWriter } from '@zip.js/zip.js/lib/zip-core-native.js';
import { conversationsOfDay, editsBetween, namedVoices, transcriptOf } from 'offline-audio-sync-contract';
import type { ExportedConversation, SegmentPageDoc, StoredEdit } from 'offline-audio-sync-contract';
import type { Conversation, EditedConversation, Sentence } from '../data/model.ts';
import { exportOf, intervalOf, sentencesOf, withEdits } from '../domain/edited.ts';
import { fileStem, toJson, toMarkdown, toSrt, toVtt } from '../domain/export.ts';
import { clock, dayOf, dayOfYear } from '../domain/time.ts';
import { conversationOf, editOf, segmentPageOf } from '../firebase/documents.ts';
import { pagesOf } from '../firebase/store.ts';

/** A conversation, and everything that a file of it may say. */
interface Taken {
  readonly conversation: EditedConversation;
  readonly lines: readonly Sentence[];
  readonly exported: () => ExportedConversation;
}

export const FORMATS = {
  md: ({ conversation, lines }) => toMarkdown(conversation, lines, { day: dayOfYear, clock }),
  srt: ({ conversation, lines }) => toSrt(conversation, lines),
  vtt: ({ conversation, lines }) => toVtt(conversation, lines),
  json: ({ exported }) => toJson(exported()),
} as const satisfies Record<string, (taken: Taken) => string>;

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

// A worker would be read from a blob:, which the Content-Security-Policy does not know.
configure({ useWebWorkers: false });

/** @throws the signal's reason; what Firestore throws */
export async function makeZip(options: TakeAlongOptions): Promise<Blob> {
  const zip = new ZipWriter(new BlobWriter('application/zip'));
  for await (const { path, content } of filesOf(options)) await zip.add(path, new TextReader(content));
  return zip.close();
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
      const some = await Promise.all(page.slice(at, at + AT_ONCE).map((heard) => takeOne(uid, heard, edits)));
      for (const taken of some) {
        const path = pathOf(taken.conversation);
        for (const format of formats) yield { path: `${path}.${format}`, content: FORMATS[format](taken) };
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

async function takeOne(uid: string, heard: Conversation, edits: readonly StoredEdit[]): Promise<Taken> {
  const pages: SegmentPageDoc[] = [];
  for await (const page of pagesOf(transcriptOf(uid, intervalOf(heard)), segmentPageOf)) pages.push(...page);
  return {
    conversation: withEdits(heard, edits),
    lines: sentencesOf(pages, heard, edits),
    exported: () => exportOf(heard, pages, edits),
  };
}

/** A folder a day. The end of the id keeps those apart that began in one minute under one title. */
function pathOf(conversation: EditedConversation): string {
  const { id, startedAt } = conversation;
  const time = new Date(startedAt);
  const minute = [time.getHours(), time.getMinutes()].map((value) => String(value).padStart(2, '0')).join('');
  return `${dayOf(startedAt)}/${fileStem(conversation, minute)}-${id.slice(-6)}`;
}
