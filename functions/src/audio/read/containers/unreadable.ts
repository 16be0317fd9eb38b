/** Why nothing of a file can be decoded, as far as the file shows it. */
import type { FileExtension } from '../format.ts';
import { chunksOfCaf } from './chunkClaims.ts';
import type { FileView } from './fileView.ts';
import { lacksIndex } from './mp4Index.ts';
import { linksOf } from './ogg.ts';

/** @returns a sentence; null where the file shows no reason */
export function reasonOf(file: FileView, extension: FileExtension): string | null {
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
