/** Explains why nothing of a file can be decoded, if the file shows it. */
import type { FileExtension } from '../format.ts';
import { chunksOfCaf } from './chunkClaims.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { lacksIndex } from './mp4Index.ts';
import { FINDERS } from './soundStart.ts';
import type { Finding } from './soundStart.ts';

interface Kind {
  readonly name: string;
  /** Marks that every file of this kind has in its first bytes, even a damaged one. */
  readonly marks: readonly string[];
}

const KINDS = {
  wav: { name: 'WAV', marks: ['RIFF', 'RF64', 'BW64', 'riff'] },
  ogg: { name: 'Ogg', marks: ['OggS'] },
  caf: { name: 'CAF', marks: ['caff'] },
  flac: { name: 'FLAC', marks: ['fLaC'] },
  webm: { name: 'WebM or Matroska', marks: ['\x1a\x45\xdf\xa3'] },
  m4a: { name: 'MP4', marks: ['ftyp', 'moov', 'mdat'] },
  aiff: { name: 'AIFF', marks: ['FORM'] },
  amr: { name: 'AMR', marks: ['#!AMR'] },
} as const satisfies Partial<Record<FileExtension, Kind>>;
const MARK_WITHIN_BYTES = 256 * 1024;

const SENTENCES: Readonly<Record<Finding, (name: string) => string>> = {
  damaged: (name) => `The headers of the ${name} file are damaged: they say how to read the rest.`,
  'no track': (name) => `The ${name} file has no audio track.`,
  nothing: (name) => `The ${name} file ends before its first sound.`,
  sound: (name) => `Nothing of the ${name} file can be decoded: it is damaged, or in a codec that is not known.`,
};

/** The message about a file of a kind. */
export function sentenceOf(finding: Finding, extension: keyof typeof KINDS): string {
  return SENTENCES[finding](KINDS[extension].name);
}

/** @returns a sentence; null if the file shows no reason */
export function reasonOf(file: FileView, extension: FileExtension): string | null {
  const kind: Kind | null = extension in KINDS ? KINDS[extension as keyof typeof KINDS] : null;
  const start = Buffer.from(readView(file, 0, MARK_WITHIN_BYTES));
  const finding = FINDERS[extension]?.(file);
  const isOfThatKind = kind?.marks.some((mark) => start.includes(mark, 0, 'latin1')) === true;
  if (kind === null || finding === undefined || !isOfThatKind) return null; // the file is not of the kind that its name says
  if (extension === 'm4a' && lacksIndex(file)) {
    return 'The MP4 file has no index (moov): it was cut off, or its recorder did not finish it.';
  }
  if (extension === 'caf' && finding !== 'damaged' && lacksPacketTable(file)) {
    return 'The CAF file has no packet table (pakt): it was cut off, or its recorder did not finish it.';
  }
  return SENTENCES[finding](kind.name);
}

/** Whether packets vary in size, but there is no table of their sizes. */
function lacksPacketTable(file: FileView): boolean {
  const chunks = [...chunksOfCaf(file)];
  const description = chunks.find(({ name }) => name === 'desc');
  if (description === undefined || description.content.length < 20) return false;
  return description.content.readUInt32BE(16) === 0 && !chunks.some(({ name }) => name === 'pakt');
}
