/** Why nothing of a file can be decoded, as far as the file shows it. */
import type { FileExtension } from '../format.ts';
import { chunksOfCaf } from './chunkClaims.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { lacksIndex } from './mp4Index.ts';
import { linksOf } from './ogg.ts';

/** What stands in every file of a kind, however damaged, within its first bytes. */
const MARKS: Partial<Record<FileExtension, string>> = { ogg: 'OggS', caf: 'caff' };
const MARK_WITHIN_BYTES = 256 * 1024;

/** @returns a sentence; null where the file shows no reason */
export function reasonOf(file: FileView, extension: FileExtension): string | null {
  const mark = MARKS[extension];
  const isOfThatKind = mark === undefined || Buffer.from(readView(file, 0, MARK_WITHIN_BYTES)).includes(mark);
  if (!isOfThatKind) return null; // whatever its name says
  switch (extension) {
    case 'm4a':
      return lacksIndex(file)
        ? 'The MP4 file has no index (moov): it was cut off, or its recorder never ended it.'
        : null;
    case 'ogg':
      return lacksHeaders(file) ? 'The headers of the Ogg file are damaged: they say how to read the rest.' : null;
    case 'caf':
      return reasonOfCaf(file);
    default:
      return null;
  }
}

/** Whether pages before the first sound are damaged or missing. */
function lacksHeaders(file: FileView): boolean {
  const [first] = linksOf(file);
  return first !== undefined && (first.isCutAtStart || first.codecs.length === 0);
}

function reasonOfCaf(file: FileView): string | null {
  const chunks = [...chunksOfCaf(file)];
  const description = chunks.find(({ name }) => name === 'desc');
  if (description === undefined) return 'The header of the CAF file (desc) is damaged: it says how to read the rest.';
  const packetBytes = description.content.length >= 20 ? description.content.readUInt32BE(16) : 0;
  if (packetBytes > 0 || chunks.some(({ name }) => name === 'pakt')) return null;
  return 'The CAF file has no packet table (pakt): it was cut off, or its recorder never ended it.';
}
