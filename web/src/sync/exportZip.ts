/** Exports the conversations of a period as one zip. It is made on this device, conversation by conversation, so that it may be long. */
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

/** A conversation, with everything that its files may contain. */
interface Exported {
  readonly conversation: EditedConversation;
  /** The path of its files without the extension. */
  readonly path: string;
  readonly lines: readonly Sentence[];
  readonly audio: readonly AudioFile[];
  readonly exported: () => ExportedConversation;
}

interface AudioFile extends ExportedAudio {
  readonly blob: Blob;
}

export const FORMATS = {
  md: ({ conversation, lines }) => toMarkdown(conversation, lines, { day: dayOfYear, clock }),
  srt: ({ conversation, lines }) => toSrt(conversation, lines),
  vtt: ({ conversation, lines }) => toVtt(conversation, lines),
  json: ({ exported, audio }) =>
    toJson({ ...exported(), ...(audio.length > 0 && { audio: audio.map(({ file, spans }) => ({ file, spans })) }) }),
} as const satisfies Record<string, (exported: Exported) => string>;

export type Format = keyof typeof FORMATS;

export interface ExportOptions {
  readonly uid: string;
  /** Unix milliseconds. Conversations that overlap the period are exported whole, as the day shows them. */
  readonly from: number;
  readonly to: number;
  readonly formats: readonly Format[];
  /** Whether kept audio is exported too. */
  readonly withAudio: boolean;
  /** Called with the number of conversations that are in the zip. */
  readonly onProgress: (count: number) => void;
  readonly signal: AbortSignal;
}

/** Number of conversations in one query. */
const PAGE = 100;
/** Longest conversation that is assumed, milliseconds. Edits are read for this time before and after the period. */
const LONGEST_MS = 7 * 24 * 3600_000;
/** Number of transcripts that are read at once. */
const AT_ONCE = 8;

/** @throws the signal's reason; FirestoreError if the service does not answer */
export async function makeZip(options: ExportOptions): Promise<Blob> {
  const zip = new ZipWriter(new BlobWriter('application/zip'));
  for await (const { path, content } of filesOf(options)) {
    if (typeof content === 'string') await zip.add(path, new TextReader(content));
    else await zip.add(path, new BlobReader(content), { level: 0 }); // Audio is compressed already.
  }
  return zip.close();
}

interface NamedFile {
  readonly path: string;
  readonly content: string | Blob;
}

async function* filesOf(options: ExportOptions): AsyncGenerator<NamedFile> {
  const { uid, from, to, formats, withAudio, onProgress, signal } = options;
  const edits = await readEdits(uid, Math.max(0, from - LONGEST_MS), to + LONGEST_MS);
  let count = 0;
  for await (const page of pagesOf(conversationsDuring(uid, new Date(from), new Date(to), PAGE), conversationOf)) {
    for (let at = 0; at < page.length; at += AT_ONCE) {
      signal.throwIfAborted();
      const some = await Promise.all(
        page.slice(at, at + AT_ONCE).map((stored) => readOne(uid, stored, edits, withAudio)),
      );
      for (const one of some) {
        for (const format of formats) yield { path: `${one.path}.${format}`, content: FORMATS[format](one) };
        for (const { file, blob } of one.audio) yield { path: besides(one.path, file), content: blob };
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

async function readOne(
  uid: string,
  stored: Conversation,
  edits: readonly StoredEdit[],
  withAudio: boolean,
): Promise<Exported> {
  const pages: SegmentPageDoc[] = [];
  for await (const page of pagesOf(transcriptOf(uid, intervalOf(stored)), segmentPageOf)) pages.push(...page);
  const conversation = withEdits(stored, edits);
  const lines = sentencesOf(pages, stored, edits);
  const path = pathOf(conversation);
  return {
    ...{ conversation, path, lines },
    audio: withAudio ? await readAudio(uid, lines, path) : [],
    exported: () => exportOf(stored, pages, edits),
  };
}

/** The kept audio, as files with the name of the conversation. */
async function readAudio(uid: string, lines: readonly Sentence[], path: string): Promise<AudioFile[]> {
  const audio: AudioFile[] = [];
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

/** Each day has a folder. The end of the id distinguishes conversations that began in the same minute with the same title. */
function pathOf(conversation: EditedConversation): string {
  const { id, startedAt } = conversation;
  const time = new Date(startedAt);
  const minute = [time.getHours(), time.getMinutes()].map((value) => String(value).padStart(2, '0')).join('');
  return `${dayOf(startedAt)}/${fileStem(conversation, minute)}-${id.slice(-6)}`;
}
