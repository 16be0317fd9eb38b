/** How a WAV file, or one of its kinds for more than 4 GB, lays out its chunks: https://wiki.multimedia.cx/?title=WAV */

export interface ChunkLayout {
  /** Where the first chunk begins. */
  readonly firstChunk: number;
  /** Bytes of a chunk before its content: name and size. */
  readonly headBytes: number;
  /** Chunks begin at multiples of this. */
  readonly alignment: number;
  /** Bytes of a chunk's content, by its head. */
  readonly sizeOf: (head: Buffer) => number;
}

/** RIFF, and RF64 and BW64, whose chunk `ds64` says how long the samples are (EBU Tech 3306, ITU-R BS.2088). */
const RIFF: ChunkLayout = { firstChunk: 12, headBytes: 8, alignment: 2, sizeOf: (head) => head.readUInt32LE(4) };

/** Sony Wave64: names are GUIDs that begin with those of RIFF, and sizes have 64 bits and count the head, too. */
const WAVE64: ChunkLayout = {
  firstChunk: 40,
  headBytes: 24,
  alignment: 8,
  sizeOf: (head) => Math.max(0, Number(head.readBigUInt64LE(16)) - 24),
};
const WAVE64_GUID = Buffer.from('726966662e91cf11a5d628db04c10000', 'hex');

/** Bytes that tell the layout. */
export const LAYOUT_BYTES = 40;

/** The layout of a file that begins with these bytes; null where it is no WAV file. */
export function layoutOf(start: Buffer): ChunkLayout | null {
  if (start.subarray(0, 16).equals(WAVE64_GUID) && nameAt(start, 24) === 'wave') return WAVE64;
  return ['RIFF', 'RF64', 'BW64'].includes(nameAt(start, 0)) && nameAt(start, 8) === 'WAVE' ? RIFF : null;
}

export function nameAt(bytes: Buffer, at: number): string {
  return bytes.toString('latin1', at, at + 4);
}

/** Bytes behind a content of this size, up to where the next chunk may begin. */
export function paddingOf({ alignment }: ChunkLayout, size: number): number {
  return (alignment - (size % alignment)) % alignment;
}
