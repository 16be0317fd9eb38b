/** The layouts of files with uncompressed samples: WAV and its variants for more than 4 GB, AIFF, CAF. */
import { aiffFormat, cafFormat, wavFormat } from './pcmFormats.ts';
import type { PcmFormat } from './pcmFormats.ts';

export interface ChunkLayout {
  readonly extension: 'wav' | 'aiff' | 'caf';
  /** Where the first chunk begins. */
  readonly firstChunk: number;
  /** Bytes of a chunk before its content: name and size. */
  readonly headBytes: number;
  /** Chunks begin at multiples of this. */
  readonly alignment: number;
  /** The bytes of a chunk's content, by its head; negative if not known. */
  readonly sizeOf: (head: Buffer) => number;
  /** The chunk that describes the samples, and the one that holds them. */
  readonly description: string;
  readonly samples: string;
  /** Reads the content of the description; null for a format that is not read here. */
  readonly formatOf: (description: Buffer) => PcmFormat | null;
  /** How many bytes of the chunk of samples come before the first sample. */
  readonly bytesBefore: (content: Buffer) => number;
  /** Chunks that may stand behind the samples. Any other bytes there are samples that the header does not count. */
  readonly later: RegExp;
}

/**
 * WAV: https://wiki.multimedia.cx/?title=WAV. RF64 and BW64 state the size of the samples in a chunk `ds64` (EBU Tech 3306,
 * ITU-R BS.2088).
 */
const RIFF: ChunkLayout = {
  extension: 'wav',
  firstChunk: 12,
  headBytes: 8,
  alignment: 2,
  sizeOf: (head) => head.readUInt32LE(4),
  description: 'fmt ',
  samples: 'data',
  formatOf: wavFormat,
  bytesBefore: () => 0,
  later:
    /^(data|LIST|list|id3 |ID3 |fact|cue |plst|smpl|inst|acid|bext|cart|iXML|_PMX|afsp|JUNK|junk|PAD |FLLR|PEAK|umid|levl|DISP|SAUR|axml|chna|strc|Cr8r|minf|elm1|regn|ovwf|LGWV)$/,
};

/** Sony Wave64: names are GUIDs that begin with those of RIFF, and sizes have 64 bits and count the head, too. */
const WAVE64: ChunkLayout = {
  ...RIFF,
  firstChunk: 40,
  headBytes: 24,
  alignment: 8,
  sizeOf: (head) => Math.max(0, Number(head.readBigUInt64LE(16)) - 24),
};
const WAVE64_GUID = Buffer.from('726966662e91cf11a5d628db04c10000', 'hex');

/** The largest offset to the first sample that is accepted, bytes. It is meant for block devices, and nearly always 0. */
const MAX_OFFSET = 64 * 1024;

const AIFF: ChunkLayout = {
  extension: 'aiff',
  firstChunk: 12,
  headBytes: 8,
  alignment: 2,
  sizeOf: (head) => head.readUInt32BE(4),
  description: 'COMM',
  samples: 'SSND',
  formatOf: (description) => aiffFormat(description, false),
  bytesBefore: (content) =>
    8 + (content.length >= 4 && content.readUInt32BE(0) <= MAX_OFFSET ? content.readUInt32BE(0) : 0),
  later: /^(COMM|COMT|MARK|INST|NAME|AUTH|\(c\) |ANNO|ID3 |APPL|MIDI|AESD|FLLR|CHAN|SAXL|FVER|BASC|TRNS|CATE)$/,
};
const AIFC: ChunkLayout = { ...AIFF, formatOf: (description) => aiffFormat(description, true) };

/** Apple's Core Audio Format. The first four bytes of its data count edits. */
const CAF: ChunkLayout = {
  extension: 'caf',
  firstChunk: 8,
  headBytes: 12,
  alignment: 1,
  sizeOf: (head) => Number(head.readBigInt64BE(4)),
  description: 'desc',
  samples: 'data',
  formatOf: cafFormat,
  bytesBefore: () => 4,
  later: /^(pakt|kuki|chan|info|strg|free|mark|regn|inst|midi|ovvw|peak|umid|uuid|edct)$/,
};

/** How many first bytes are enough to recognise the layout. */
export const LAYOUT_BYTES = 40;

/** The layout of a file that begins with these bytes; null if it is of another kind. */
export function layoutOf(start: Buffer): ChunkLayout | null {
  if (start.subarray(0, 16).equals(WAVE64_GUID) && nameAt(start, 24) === 'wave') return WAVE64;
  if (nameAt(start, 0) === 'caff') return CAF;
  if (nameAt(start, 0) === 'FORM') return { AIFF, AIFC }[nameAt(start, 8)] ?? null;
  return ['RIFF', 'RF64', 'BW64'].includes(nameAt(start, 0)) && nameAt(start, 8) === 'WAVE' ? RIFF : null;
}

export function nameAt(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, at + 4);
}

/** The padding behind a content of this size, up to where the next chunk may begin, bytes. */
export function paddingOf({ alignment }: ChunkLayout, size: number): number {
  return (alignment - (size % alignment)) % alignment;
}
