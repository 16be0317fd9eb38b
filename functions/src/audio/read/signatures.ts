/** The first bytes of each kind of file that the decoder may decode, and of some that people send by mistake. */
import type { FileExtension, RecordingFormat } from './format.ts';

/** Zeros before the first frame of an MPEG stream that a cut or an edit may leave, bytes. */
const MAX_LEADING_ZEROS = 16 * 1024;

/** Whether bytes at an offset are these Latin-1 characters. */
interface Magic {
  readonly at: number;
  readonly text: string;
}

const magic = (text: string, at = 0): Magic => ({ at, text });

/** All magics of one entry must be there. */
const CONTAINERS: readonly (readonly [FileExtension, ...Magic[]])[] = [
  ['wav', magic('RIFF'), magic('WAVE', 8)],
  ['wav', magic('RF64'), magic('WAVE', 8)],
  ['wav', magic('BW64'), magic('WAVE', 8)],
  ['m4a', magic('ftyp', 4)],
  // QuickTime before it had a file type, and files whose index comes first.
  ['m4a', magic('moov', 4)],
  ['m4a', magic('mdat', 4)],
  ['m4a', magic('wide', 4)],
  ['ogg', magic('OggS')],
  ['webm', magic('\x1a\x45\xdf\xa3')], // EBML: WebM and Matroska
  ['flac', magic('fLaC')],
  ['amr', magic('#!AMR\n')],
  ['amr', magic('#!AMR-WB\n')],
  ['caf', magic('caff')],
  ['aiff', magic('FORM'), magic('AIFF', 8)],
  ['aiff', magic('FORM'), magic('AIFC', 8)],
];

/** What people send in place of audio, for the sentence that they read. */
const OTHERS: readonly (readonly [string, ...Magic[]])[] = [
  ['a Windows Media file', magic('\x30\x26\xb2\x75\x8e\x66\xcf\x11')],
  ['a MIDI file', magic('MThd')],
  ['an AVI file', magic('RIFF'), magic('AVI ', 8)],
  ['a Flash video', magic('FLV\x01')],
  ['a PDF document', magic('%PDF')],
  ['a ZIP archive', magic('PK\x03\x04')],
  ['a gzip archive', magic('\x1f\x8b')],
  ['a PNG picture', magic('\x89PNG')],
  ['a JPEG picture', magic('\xff\xd8\xff')],
  ['a GIF picture', magic('GIF8')],
  ['a web page', magic('<!DOCTYPE')],
  ['a web page', magic('<html')],
  ['an XML document', magic('<?xml')],
];

/**
 * The container whose bytes these are, by its usual extension; null where it is none.
 * @param named says whether zeros may stand before the audio: in frames they are empty ones.
 */
export function containerOf(bytes: Uint8Array, named: RecordingFormat): FileExtension | null {
  for (const [extension, ...magics] of CONTAINERS) if (magics.every((each) => isAt(bytes, each))) return extension;
  if (isAt(bytes, magic('ADIF'))) return 'aac';
  if (named.kind === 'framed' || bytes[0] !== 0) return mpegOf(bytes, named);
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return zeros < 0 || zeros > MAX_LEADING_ZEROS ? null : mpegOf(bytes.subarray(zeros), named);
}

/** MPEG audio, with or without a tag. Where the name claims it, one frame is enough. */
function mpegOf(bytes: Uint8Array, named: RecordingFormat): FileExtension | null {
  if (isAt(bytes, magic('ID3'))) return behindTag(bytes);
  return streamOf(bytes, named.kind === 'file' && named.extension === 'mp3' ? 1 : 2);
}

/** What else the bytes are. */
export function otherKindOf(bytes: Uint8Array): string | null {
  return OTHERS.find(([, ...magics]) => magics.every((each) => isAt(bytes, each)))?.[0] ?? null;
}

function isAt(bytes: Uint8Array, { at, text }: Magic): boolean {
  return (
    bytes.length >= at + text.length && Buffer.from(bytes.subarray(at, at + text.length)).toString('latin1') === text
  );
}

/** An ID3v2 tag stands before MP3 mostly, before FLAC and AAC sometimes; its length has seven bits in each byte. */
function behindTag(bytes: Uint8Array): FileExtension {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(6, 10);
  const rest = bytes.subarray(10 + ((a & 0x7f) << 21) + ((b & 0x7f) << 14) + ((c & 0x7f) << 7) + (d & 0x7f));
  if (isAt(rest, magic('fLaC'))) return 'flac';
  return streamOf(rest, 1) ?? 'mp3';
}

/**
 * Frames of MPEG audio in a row. Their sync word has eleven or twelve bits, which is little: where nothing else speaks for them, a
 * second frame must follow the first.
 */
function streamOf(bytes: Uint8Array, frames: number): 'mp3' | 'aac' | null {
  for (const [extension, frameBytes] of [
    ['mp3', mp3FrameBytes],
    ['aac', adtsFrameBytes],
  ] as const) {
    let at = 0;
    let found = 0;
    for (let size = frameBytes(bytes, at); size !== null && found < frames; size = frameBytes(bytes, at)) {
      found++;
      at += size;
    }
    if (found >= frames) return extension;
  }
  return null;
}

const MPEG1_LAYER3_KBITS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const MPEG1_LAYER2_KBITS = [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384];
const MPEG1_LAYER1_KBITS = [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448];
const MPEG2_LAYER1_KBITS = [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256];
const MPEG2_LAYER23_KBITS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const MPEG1_RATES = [44_100, 48_000, 32_000];

/** Size of the MPEG audio frame (ISO 11172-3, 13818-3) whose header stands at an offset; null where none does. */
function mp3FrameBytes(bytes: Uint8Array, at: number): number | null {
  const [first = 0, second = 0, third = 0] = bytes.subarray(at, at + 3);
  if (first !== 0xff || second >> 5 !== 0b111) return null;
  const version = (second >> 3) & 0b11; // 3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5
  const layer = 4 - ((second >> 1) & 0b11);
  const baseRate = MPEG1_RATES[(third >> 2) & 0b11];
  if (version === 1 || layer === 4 || baseRate === undefined) return null;
  const isMpeg1 = version === 3;
  const rate = baseRate / (isMpeg1 ? 1 : version === 2 ? 2 : 4);
  const kbits = bitRates(isMpeg1, layer)[third >> 4];
  if (kbits === undefined) return null;
  const padding = (third >> 1) & 1;
  // A free bit rate (0) tells no size: its header alone.
  if (kbits === 0) return 4;
  if (layer === 1) return (Math.floor((12_000 * kbits) / rate) + padding) * 4;
  return Math.floor(((layer === 3 && !isMpeg1 ? 72_000 : 144_000) * kbits) / rate) + padding;
}

function bitRates(isMpeg1: boolean, layer: number): readonly number[] {
  if (!isMpeg1) return layer === 1 ? MPEG2_LAYER1_KBITS : MPEG2_LAYER23_KBITS;
  return layer === 1 ? MPEG1_LAYER1_KBITS : layer === 2 ? MPEG1_LAYER2_KBITS : MPEG1_LAYER3_KBITS;
}

/** Size of the ADTS frame of AAC (ISO 13818-7) whose header stands at an offset; null where none does. */
function adtsFrameBytes(bytes: Uint8Array, at: number): number | null {
  const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0, sixth = 0] = bytes.subarray(at, at + 6);
  if (first !== 0xff || (second & 0b1111_0110) !== 0b1111_0000 || ((third >> 2) & 0b1111) > 12) return null;
  const size = ((fourth & 0b11) << 11) | (fifth << 3) | (sixth >> 5);
  return size >= 7 ? size : null;
}
