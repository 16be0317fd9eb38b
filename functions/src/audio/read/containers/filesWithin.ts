/**
 * Files that lie one behind the other in one recording, as `cat` puts them together. Decoders end at the end of the first; what follows an
 * MP4, AIFF, CAF or compressed WAV file is found by the sizes that it is made of. Streams of frames go on by themselves.
 */
import type { FileExtension } from '../format.ts';
import { containerAt, SIGNATURE_BYTES } from '../signatures.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { BOX_HEAD_BYTES, boxHead, LEAST_BOX_BYTES } from './mp4Box.ts';

/** Files at most, because each is written and opened anew. */
const MAX_FILES = 100;

/** Top-level boxes or chunks at most. */
const MAX_BOXES = 100_000;

/** Bytes of a CAF file before its first chunk, and of a chunk before its content. */
const CAF_HEAD_BYTES = 8;
const CAF_CHUNK_HEAD_BYTES = 12;

export interface FileWithin {
  readonly start: number;
  readonly size: number;
  readonly extension: FileExtension;
}

/** @returns the files in order; the first is of the kind that is given */
export function filesWithin(file: FileView, extension: FileExtension): readonly FileWithin[] {
  const starts = [{ start: 0, extension }];
  for (let last = starts[0]; last !== undefined && starts.length < MAX_FILES; last = starts.at(-1)) {
    const end = endOf(file, last.start, last.extension);
    const next = end === null ? null : containerAt(readView(file, end, SIGNATURE_BYTES));
    if (end === null || next === null) break;
    starts.push({ start: end, extension: next });
  }
  return starts.map(({ start, extension: kind }, i) => {
    const end = starts[i + 1]?.start ?? file.size;
    return { start, size: end - start, extension: kind };
  });
}

/** Where a file ends by its own sizes, before the end of the recording; null where it does not say. */
function endOf(file: FileView, start: number, extension: FileExtension): number | null {
  const end =
    extension === 'm4a'
      ? endOfBoxes(file, start)
      : extension === 'caf'
        ? endOfChunks(file, start)
        : endOfForm(file, start, extension);
  return end !== null && end > start && end < file.size ? end : null;
}

function endOfForm(file: FileView, start: number, extension: FileExtension): number | null {
  if (extension !== 'wav' && extension !== 'aiff') return null;
  const head = Buffer.from(readView(file, start, 8));
  if (head.length < 8) return null;
  const size = extension === 'wav' ? head.readUInt32LE(4) : head.readUInt32BE(4);
  return start + 8 + size + (size & 1);
}

/** The chunks of a CAF file end where another file begins; one that says no size is as long as the rest. */
function endOfChunks(file: FileView, start: number): number | null {
  let at = start + CAF_HEAD_BYTES;
  for (let chunks = 0; at < file.size && chunks < MAX_BOXES; chunks++) {
    const head = Buffer.from(readView(file, at, SIGNATURE_BYTES));
    if (containerAt(head) !== null) return at;
    const size = head.length < CAF_CHUNK_HEAD_BYTES ? -1 : Number(head.readBigInt64BE(4));
    if (size < 0) return null;
    at += CAF_CHUNK_HEAD_BYTES + size;
  }
  return null;
}

/** The boxes of an MP4 file end where a file type comes again, or no box. Fragments may repeat theirs: they are one file. */
function endOfBoxes(file: FileView, start: number): number | null {
  const types = new Set<string>();
  let at = start;
  for (let boxes = 0; at < file.size && boxes < MAX_BOXES; boxes++) {
    const box = boxHead(readView(file, at, BOX_HEAD_BYTES));
    if (box === null) return null;
    const isWhole = types.has('moov') && types.has('mdat') && !types.has('moof');
    if (isWhole && (box.type === 'ftyp' || containerAt(readView(file, at, SIGNATURE_BYTES)) !== null)) return at;
    if (box.size < LEAST_BOX_BYTES) return null;
    types.add(box.type);
    at += box.size;
  }
  return null;
}
