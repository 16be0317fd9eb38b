/** The first bytes of each kind of file that can be decoded, and of some kinds that people send by mistake. */
import type { FileExtension, RecordingFormat } from './format.ts';
import { tagBytes } from './leadIn.ts';
import { adtsFrame, layerFrame } from './mpegFrames.ts';
import type { FrameHeader } from './mpegFrames.ts';

/**
 * So many frames in a row are proof anywhere in the first bytes. Padding may lie before them, or the rest of a frame if a
 * stream was cut.
 */
const FRAMES_WITHIN = 3;

/** Latin-1 characters that must stand at an offset. */
interface Magic {
  readonly at: number;
  readonly text: string;
}

const magic = (text: string, at = 0): Magic => ({ at, text });

/** All magics of an entry must match. */
const CONTAINERS: readonly (readonly [FileExtension, ...Magic[]])[] = [
  ['wav', magic('RIFF'), magic('WAVE', 8)],
  ['wav', magic('RF64'), magic('WAVE', 8)],
  ['wav', magic('BW64'), magic('WAVE', 8)],
  ['wav', magic('riff\x2e\x91\xcf\x11'), magic('wave', 24)], // Sony Wave64
  ['m4a', magic('ftyp', 4)],
  // Old QuickTime files without a file type, and files whose index comes first.
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

/** What people send instead of audio. The names appear in the message to the user. */
const OTHERS: readonly (readonly [string, ...Magic[]])[] = [
  ['a Windows Media file', magic('\x30\x26\xb2\x75\x8e\x66\xcf\x11')],
  ['a RealMedia file', magic('.RMF')],
  ['a RealAudio file', magic('.ra\xfd')],
  ['a DSS dictation', magic('dss', 1)],
  ['a DS2 dictation', magic('ds2', 1)],
  ['a Sony voice file (DVF, MSV)', magic('MS_VOICE')],
  ['a SILK voice message (WeChat, QQ)', magic('#!SILK_V3')],
  ['a SILK voice message (WeChat, QQ)', magic('#!SILK_V3', 1)],
  ['an iLBC file', magic('#!iLBC')],
  ['a Sun audio file (AU)', magic('.snd')],
  ['a Creative voice file (VOC)', magic('Creative Voice File')],
  ['a WavPack file', magic('wvpk')],
  ['a True Audio file', magic('TTA1')],
  ["a Monkey's Audio file", magic('MAC ')],
  ['a Musepack file', magic('MPCK')],
  ['a Musepack file', magic('MP+')],
  ['a DSD file (DSF)', magic('DSD ')],
  ['a DSD file (DFF)', magic('FRM8'), magic('DSD ', 12)],
  ['a DTS file', magic('\x7f\xfe\x80\x01')],
  ['a WAV file with the higher byte first (RIFX)', magic('RIFX')],
  ['a MIDI file', magic('MThd')],
  ['an AVI file', magic('RIFF'), magic('AVI ', 8)],
  ['a Flash video', magic('FLV\x01')],
  ['an MPEG transport stream', magic('G'), magic('G', 188), magic('G', 376)],
  ['an MPEG program stream', magic('\x01\xba')], // behind zeros
  ['an MXF file', magic('\x06\x0e\x2b\x34')],
  ['a PDF document', magic('%PDF')],
  ['a ZIP archive', magic('PK\x03\x04')],
  ['a gzip archive', magic('\x1f\x8b')],
  ['a RAR archive', magic('Rar!')],
  ['a 7-Zip archive', magic('7z\xbc\xaf')],
  ['an SQLite database', magic('SQLite format')],
  ['a WebP picture', magic('RIFF'), magic('WEBP', 8)],
  ['a PNG picture', magic('\x89PNG')],
  ['a JPEG picture', magic('\xff\xd8\xff')],
  ['a GIF picture', magic('GIF8')],
  ['a web page', magic('<!DOCTYPE')],
  ['a web page', magic('<html')],
  ['an XML document', magic('<?xml')],
];

/** How many first bytes are enough to recognise a container. */
export const SIGNATURE_BYTES = 64;

/** The container that begins with these bytes, by its usual extension; null if no signature matches. */
export function containerAt(bytes: Uint8Array): FileExtension | null {
  return CONTAINERS.find(([, ...magics]) => magics.every((each) => isAt(bytes, each)))?.[0] ?? null;
}

/**
 * The container of these bytes, streams of MPEG audio included; null if there is none.
 * @param named decides whether other bytes may come before frames of MPEG audio: not in a recording that is named as one of
 * frames
 */
export function containerOf(bytes: Uint8Array, named: RecordingFormat): FileExtension | null {
  const container = containerAt(bytes);
  if (container !== null) return container;
  if (isAt(bytes, magic('ADIF'))) return 'aac';
  if (isAt(bytes, magic('ID3'))) return behindTag(bytes);
  const stream = streamOf(bytes, named.kind === 'file' && named.extension === 'mp3' ? 1 : 2);
  if (stream !== null || named.kind === 'framed') return stream;
  for (let at = bytes.indexOf(0xff); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const within = streamOf(bytes, FRAMES_WITHIN, at);
    if (within !== null) return within;
  }
  return null;
}

/** The first bytes of containers with what always follows them: in the middle of a file the magic alone is too little proof. */
const HEAD_WITHIN =
  // oxlint-disable-next-line no-control-regex -- bytes, read as Latin-1
  /OggS\0\x02|fLaC[\0\x80]\0\0"|(?:RIFF|RF64|BW64)[^]{4}WAVE|FORM[^]{4}AIF[FC]|caff\0\x01|#!AMR(?:-WB)?\n|\0\0[\0\x01][^]ftyp[\w ]{4}|\x1a\x45\xdf\xa3/g;
/** The document type in an EBML header, behind its magic. */
const EBML_KIND = /^[^]{4,60}?(?:webm|matroska)/;
/** How many matches in one piece are examined: only fabricated bytes have more. */
const MAX_HEADS = 64;

/** The longest head that {@link containersWithin} needs, bytes. */
export const HEAD_WITHIN_BYTES = 80;

/** The containers that begin anywhere in these bytes, in order. */
export function* containersWithin(
  bytes: Uint8Array,
): Generator<{ readonly at: number; readonly extension: FileExtension }> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  let heads = 0;
  for (const { index: at } of text.matchAll(HEAD_WITHIN)) {
    if (++heads > MAX_HEADS) return;
    const extension = containerAt(bytes.subarray(at, at + SIGNATURE_BYTES));
    const isKnown = extension !== 'webm' || EBML_KIND.test(text.slice(at, at + HEAD_WITHIN_BYTES));
    if (extension !== null && isKnown) yield { at, extension };
  }
}

/** Marks that occur throughout a file of a kind. They name the kind in the message about a file that lost its beginning. */
const INNER_HEADS: readonly (readonly [string, string])[] = [
  ['an Ogg file', 'OggS\0'],
  ['a WebM or Matroska file', '\x1f\x43\xb6\x75'], // a cluster
  ['an MP4 file', 'moof'],
  ['an MP4 file', 'moov'],
];

/** The kind of file of which these bytes are the rest; null if it cannot be told. */
export function restOf(bytes: Uint8Array): string | null {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return INNER_HEADS.find(([, head]) => all.includes(head, 0, 'latin1'))?.[0] ?? null;
}

/** The kind of file that people send by mistake; null if these bytes are of no such kind. */
export function otherKindOf(bytes: Uint8Array): string | null {
  return OTHERS.find(([, ...magics]) => magics.every((each) => isAt(bytes, each)))?.[0] ?? null;
}

/**
 * Streams without a file header that are not decoded, each with the size of the frame at an offset, bytes; null if none begins
 * there.
 */
const STREAMS: readonly (readonly [string, (bytes: Uint8Array, at: number) => number | null])[] = [
  [
    'AAC in LOAS frames',
    (bytes, at) => (be16(bytes, at) >= 0x56e0 && bytes[at] === 0x56 ? 3 + (be16(bytes, at + 1) & 0x1fff) : null),
  ],
  ['raw AC-3 (Dolby Digital)', (bytes, at) => (be16(bytes, at) === 0x0b77 ? ac3Bytes(bytes, at) : null)],
  ['raw GSM', (bytes, at) => ((bytes[at] ?? 0) >> 4 === 0xd ? 33 : null)],
];
const FRAMES_OF_STREAM = 4;

/** The stream without a file header that these bytes are; null if they are none. */
export function streamKindOf(bytes: Uint8Array): string | null {
  return (
    STREAMS.find(([, frameBytes]) => {
      let at = 0;
      for (let frames = 0; frames < FRAMES_OF_STREAM; frames++) {
        const size = frameBytes(bytes, at);
        if (size === null) return false;
        at += size;
      }
      return true;
    })?.[0] ?? null
  );
}

/**
 * Rates of AC-3 in kbit/s. They and the sampling rate (48, 44.1 or 32 kHz) give the size of a frame; E-AC-3 states its size
 * itself.
 */
const AC3_RATES = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];

function ac3Bytes(bytes: Uint8Array, at: number): number {
  const [rate = 0, kind = 0] = [bytes[at + 4], bytes[at + 5]];
  if (kind >> 3 > 10) return 2 * ((be16(bytes, at + 2) & 0x07ff) + 1);
  const kilobits = AC3_RATES[(rate & 63) >> 1] ?? 0;
  const hertz = [48_000, 44_100, 32_000][rate >> 6] ?? 48_000;
  return 2 * (Math.floor((kilobits * 96_000) / hertz) + (rate >> 6 === 1 ? rate & 1 : 0));
}

function be16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function isAt(bytes: Uint8Array, { at, text }: Magic): boolean {
  return (
    bytes.length >= at + text.length && Buffer.from(bytes.subarray(at, at + text.length)).toString('latin1') === text
  );
}

/** The format behind an ID3v2 tag: usually MP3, sometimes FLAC or AAC. The tag states its length in bytes of seven bits. */
function behindTag(bytes: Uint8Array): FileExtension {
  const rest = bytes.subarray(tagBytes(bytes, 0));
  if (isAt(rest, magic('fLaC'))) return 'flac';
  return streamOf(rest, 1) ?? 'mp3';
}

/**
 * The kind of MPEG audio that begins at an offset with so many frames in a row. One is enough if other evidence speaks for it,
 * too.
 */
function streamOf(bytes: Uint8Array, frames: number, from = 0): 'mp3' | 'aac' | null {
  if (areFrames(bytes, layerFrame, frames, from)) return 'mp3';
  return areFrames(bytes, adtsFrame, frames, from) ? 'aac' : null;
}

function areFrames(bytes: Uint8Array, header: FrameHeader, count: number, from: number): boolean {
  let at = from;
  for (let found = 0; found < count; found++) {
    const frame = header(bytes, at);
    if (frame === null) return false;
    at += frame.bytes;
  }
  return true;
}
