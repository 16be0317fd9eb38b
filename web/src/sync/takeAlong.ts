/** What was said in a stretch of time, or ever, as one zip: made here, conversation by conversation, so that it may be long. */
import { conversationsDuring, editsBetween, namedVoices, transcriptOf } from 'offline-audio-sync-contract';
import type {
  ExportedAudio,
  ExportedConversation,
  ExportedSpan,
  KeptSpan,
  SegmentPageDoc,
  StoredEdit,
} from 'offline-audio-sync-contract';
import type { Conversation, EditedConversation, Sentence } from '../data/model.ts';
import { exportOf, intervalOf, sentencesOf, withEdits } from '../domain/edited.ts';
import { fileStem, toJson, toMarkdown, toSrt, toVtt } from '../domain/export.ts';
import { clock, dayOf, dayOfYear } from '../domain/time.ts';
import { conversationOf, editOf, segmentPageOf } from '../firebase/documents.ts';
import { pagesOf } from '../firebase/store.ts';
import { readKeptAudio } from './keptAudio.ts';
import { BlobReader, BlobWriter, TextReader, ZipWriter } from './zip.ts';

/** A conversation, and everything that a file of it may say. */
interface Taken {
  readonly conversation: EditedConversation;
  /** Of its files, without what tells their formats apart. */
  readonly path: string;
  readonly lines: readonly Sentence[];
  readonly audio: readonly TakenAudio[];
  readonly exported: () => ExportedConversation;
}

interface TakenAudio extends ExportedAudio {
  readonly blob: Blob;
}

export const FORMATS = {
  md: ({ conversation, lines }) => toMarkdown(conversation, lines, { day: dayOfYear, clock }),
  srt: ({ conversation, lines }) => toSrt(conversation, lines),
  vtt: ({ conversation, lines }) => toVtt(conversation, lines),
  json: ({ exported, audio }) =>
    toJson({ ...exported(), ...(audio.length > 0 && { audio: audio.map(({ file, spans }) => ({ file, spans })) }) }),
} as const satisfies Record<string, (taken: Taken) => string>;

export type Format = keyof typeof FORMATS;

export interface TakeAlongOptions {
  readonly uid: string;
  /** Unix milliseconds: conversations that were held then, as the day shows them; of those that go on beyond it, all. */
  readonly from: number;
  readonly to: number;
  readonly formats: readonly Format[];
  /** Whether audio comes along, where the service keeps any. */
  readonly withAudio: boolean;
  /** Conversations that are in it. */
  readonly onProgress: (count: number) => void;
  readonly signal: AbortSignal;
}

/** Conversations that are read at once. */
const PAGE = 100;
/** What is corrected of a conversation may lie so long before and after the days on which it was held, milliseconds. */
const LONGEST_MS = 7 * 24 * 3600_000;
/** Transcripts that are read at once. */
const AT_ONCE = 8;

/** @throws the signal's reason; what Firestore throws */
export async function makeZip(options: TakeAlongOptions): Promise<Blob> {
  const zip = new ZipWriter(new BlobWriter('application/zip'));
  for await (const { path, content } of filesOf(options)) {
    if (typeof content === 'string') await zip.add(path, new TextReader(content));
    else await zip.add(path, new BlobReader(content), { level: 0 }); // It is as small as it can be.
  }
  return zip.close();
}

interface NamedFile {
  readonly path: string;
  readonly content: string | Blob;
}

async function* filesOf(options: TakeAlongOptions): AsyncGenerator<NamedFile> {
  const { uid, from, to, formats, withAudio, onProgress, signal } = options;
  const edits = await readEdits(uid, Math.max(0, from - LONGEST_MS), to + LONGEST_MS);
  let count = 0;
  for await (const page of pagesOf(conversationsDuring(uid, new Date(from), new Date(to), PAGE), conversationOf)) {
    for (let at = 0; at < page.length; at += AT_ONCE) {
      signal.throwIfAborted();
      const some = await Promise.all(
        page.slice(at, at + AT_ONCE).map((heard) => takeOne(uid, heard, edits, withAudio)),
      );
      for (const taken of some) {
        for (const format of formats) yield { path: `${taken.path}.${format}`, content: FORMATS[format](taken) };
        for (const { file, blob } of taken.audio) yield { path: besides(taken.path, file), content: blob };
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

async function takeOne(
  uid: string,
  heard: Conversation,
  edits: readonly StoredEdit[],
  withAudio: boolean,
): Promise<Taken> {
  const pages: SegmentPageDoc[] = [];
  for await (const page of pagesOf(transcriptOf(uid, intervalOf(heard)), segmentPageOf)) pages.push(...page);
  const conversation = withEdits(heard, edits);
  const lines = sentencesOf(pages, heard, edits);
  const path = pathOf(conversation);
  return {
    ...{ conversation, path, lines },
    audio: withAudio ? await readAudio(uid, lines, path) : [],
    exported: () => exportOf(heard, pages, edits),
  };
}

/** What is kept of the audio, in files that are named as the conversation is. */
async function readAudio(uid: string, lines: readonly Sentence[], path: string): Promise<TakenAudio[]> {
  const audio: TakenAudio[] = [];
  for (const chunkId of new Set(lines.map((line) => line.chunkId))) {
    const kept = await readKeptAudio(uid, chunkId, { keeps: false });
    if (kept === null) continue;
    const extension = kept.blob.type === 'audio/ogg' ? 'ogg' : 'flac';
    const file = `${path.split('/').at(-1) ?? ''}-${audio.length + 1}.${extension}`;
    audio.push({ file, blob: kept.blob, spans: kept.spans.map(exportedSpan) });
  }
  return audio;
}

const exportedSpan = ({ recordingId, fromMs, audioMs, durationMs }: KeptSpan): ExportedSpan => ({
  ...{ recording_id: recordingId, from_ms: fromMs, audio_ms: audioMs, duration_ms: durationMs },
});

const besides = (path: string, file: string): string => [...path.split('/').slice(0, -1), file].join('/');

/** A folder a day. The end of the id keeps those apart that began in one minute under one title. */
function pathOf(conversation: EditedConversation): string {
  const { id, startedAt } = conversation;
  const time = new Date(startedAt);
  const minute = [time.getHours(), time.getMinutes()].map((value) => String(value).padStart(2, '0')).join('');
  return `${dayOf(startedAt)}/${fileStem(conversation, minute)}-${id.slice(-6)}`;
}
