/**
 * Finds the files in a recording that is a concatenation of several, as `cat` makes it. Decoders stop at the end of the first
 * file. What follows an MP4, AIFF, CAF or compressed WAV file is found by the sizes in that file. Streams of frames continue
 * into the next; what follows them of another kind is found by its own head.
 */
import { OLDER_FORMAT } from 'offline-audio-sync-contract';
import type { FileExtension } from '../format.ts';
import { TAG_HEAD_BYTES } from '../leadIn.ts';
import { ADTS_FRAMES, LAYER_FRAMES } from '../mpegFrames.ts';
import { containerOf, containersWithin, HEAD_WITHIN_BYTES, SIGNATURE_BYTES } from '../signatures.ts';
import { behindTags } from './claims.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { edgeOfFormats } from './frameParts.ts';
import { BOX_HEAD_BYTES, boxHead, LEAST_BOX_BYTES } from './mp4Box.ts';

/** How many bytes are read to recognise MP3 or AAC by its first frames. */
const FRAMES_BYTES = 4096;

/** The largest number of files: each is written and opened separately. */
const MAX_FILES = 100;

/** The largest number of top-level boxes or chunks that are read. */
const MAX_BOXES = 100_000;

/** Bytes of a CAF file before its first chunk, and of a chunk before its content. */
const CAF_HEAD_BYTES = 8;
const CAF_CHUNK_HEAD_BYTES = 12;

export interface FileWithin {
  readonly start: number;
  readonly size: number;
  readonly extension: FileExtension;
}

/** @param extension the kind of the first file. @returns the files in order */
export function filesWithin(file: FileView, extension: FileExtension): readonly FileWithin[] {
  const starts = [{ start: 0, extension }];
  for (let last = starts[0]; last !== undefined && starts.length < MAX_FILES; last = starts.at(-1)) {
    const end = endOf(file, last.start, last.extension);
    const next = end === null ? null : kindAt(file, end);
    if (end === null || next === null) break;
    starts.push({ start: end, extension: next });
  }
  return starts.map(({ start, extension: kind }, i) => {
    const end = starts[i + 1]?.start ?? file.size;
    return { start, size: end - start, extension: kind };
  });
}

/**
 * The kind of the file that begins at a position; null if none does. MP3 and AAC have no head; their frames show them. An ID3
 * tag begins a file only if audio follows it: some programs append a tag to a file.
 */
function kindAt(file: FileView, position: number): FileExtension | null {
  const bytes = readView(file, behindTags(file, position), FRAMES_BYTES);
  return bytes.length < TAG_HEAD_BYTES ? null : containerOf(bytes, OLDER_FORMAT);
}

/**
 * Where a file ends before the end of the recording, by its own sizes or by the head of the next file; null if neither shows
 * it.
 */
function endOf(file: FileView, start: number, extension: FileExtension): number | null {
  const end = ENDS[extension](file, start, extension);
  return end !== null && end > start && end < file.size ? end : null;
}

function endOfForm(file: FileView, start: number, extension: FileExtension): number | null {
  const head = Buffer.from(readView(file, start, 8));
  if (head.length < 8) return null;
  const size = extension === 'wav' ? head.readUInt32LE(4) : head.readUInt32BE(4);
  return start + 8 + size + (size & 1);
}

/** The chunks of a CAF file end where another file begins. A chunk without a size extends to the end. */
function endOfChunks(file: FileView, start: number): number | null {
  let at = start + CAF_HEAD_BYTES;
  for (let chunks = 0; at < file.size && chunks < MAX_BOXES; chunks++) {
    const head = Buffer.from(readView(file, at, SIGNATURE_BYTES));
    if (kindAt(file, at) !== null) return at;
    const size = head.length < CAF_CHUNK_HEAD_BYTES ? -1 : Number(head.readBigInt64BE(4));
    if (size < 0) return null;
    at += CAF_CHUNK_HEAD_BYTES + size;
  }
  return null;
}

/** How many bytes are searched at a time. */
const WINDOW_BYTES = 256 * 1024;

/**
 * A stream ends where a container of another kind begins; FLAC ends where another FLAC begins, too. FLAC within Ogg or Matroska has
 * its own head, which is no other file.
 */
function endOfStream(file: FileView, start: number, extension: FileExtension): number | null {
  const holdsFlac = extension === 'ogg' || extension === 'webm';
  for (let at = start + 1; at < file.size; at += WINDOW_BYTES - HEAD_WITHIN_BYTES) {
    for (const { at: found, extension: other } of containersWithin(readView(file, at, WINDOW_BYTES))) {
      const isOther = other !== extension || extension === 'flac';
      if (isOther && !(holdsFlac && other === 'flac')) return at + found;
    }
  }
  return null;
}

/** MP3 and AAC end where frames of the other kind follow, too. */
function endOfFrames(file: FileView, start: number, extension: FileExtension): number | null {
  const [own, other] = extension === 'mp3' ? [LAYER_FRAMES, ADTS_FRAMES] : [ADTS_FRAMES, LAYER_FRAMES];
  const ends = [endOfStream(file, start, extension), edgeOfFormats(file, start, own, other)];
  return ends.reduce((first, end) => (end === null || (first !== null && first < end) ? first : end), null);
}

/**
 * The boxes of an MP4 file end where another file type box comes, or bytes that are not a box. Fragmented files may repeat
 * their file type: they are one file if the fragments continue to count.
 */
function endOfBoxes(file: FileView, start: number): number | null {
  const types = new Set<string>();
  let at = start;
  let fragment = 0;
  let last = '';
  for (let boxes = 0; at < file.size && boxes < MAX_BOXES; boxes++) {
    const box = boxHead(readView(file, at, BOX_HEAD_BYTES));
    if (box === null) return null;
    if (types.has('moov') && types.has('mdat') && isNextFile(file, at, box.type, { types, last, fragment })) return at;
    if (box.size < LEAST_BOX_BYTES) return null;
    if (box.type === 'moof') fragment = fragmentNumber(file, at);
    if (box.type === 'moov' || box.type === 'mdat') last = box.type;
    types.add(box.type);
    at += box.size;
  }
  return null;
}

/**
 * The part of an MP4 file so far, with an index and data: the types of its boxes, which of index and data came last, and the
 * number of its last fragment.
 */
interface Whole {
  readonly types: ReadonlySet<string>;
  readonly last: string;
  readonly fragment: number;
}

/** Whether another file begins at a position: with this box, or with bytes that are read as one. */
function isNextFile(file: FileView, at: number, type: string, { types, last, fragment }: Whole): boolean {
  const hasFragments = types.has('moof');
  if (type === 'ftyp') return !hasFragments || startsAnew(file, at, fragment);
  if (hasFragments && (type === 'moof' || type === 'mdat')) return false;
  // An index may be followed by several stretches of data.
  if (type === 'mdat' || type === 'wide') return last === 'moov';
  const other = kindAt(file, at);
  return other !== null && (other !== 'm4a' || !hasFragments);
}

/** The largest number of boxes before the first data of a file. */
const MAX_HEAD_BOXES = 20;

/** Whether another file begins behind fragments: it has data without fragments, or its fragments are counted from the start. */
function startsAnew(file: FileView, start: number, fragment: number): boolean {
  for (let at = start, boxes = 0; boxes < MAX_HEAD_BOXES; boxes++) {
    const box = boxHead(readView(file, at, BOX_HEAD_BYTES));
    if (box === null || box.size < LEAST_BOX_BYTES) return false;
    if (box.type === 'mdat') return true;
    if (box.type === 'moof') return fragmentNumber(file, at) <= fragment;
    at += box.size;
  }
  return false;
}

/** The number in the header of a fragment, which is its first box: ISO 14496-12, 8.8.5. */
function fragmentNumber(file: FileView, start: number): number {
  const head = Buffer.from(readView(file, start, 24));
  return head.length < 24 ? 0 : head.readUInt32BE(20);
}

const ENDS: Readonly<
  Record<FileExtension, (file: FileView, start: number, extension: FileExtension) => number | null>
> = {
  m4a: endOfBoxes,
  caf: endOfChunks,
  wav: endOfForm,
  aiff: endOfForm,
  mp3: endOfFrames,
  aac: endOfFrames,
  amr: endOfStream,
  ogg: endOfStream,
  webm: endOfStream,
  flac: endOfStream,
};
