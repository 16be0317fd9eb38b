/** What a container says about its own length, where its bytes can be fewer than it says. Reads headers only. */
import type { Demuxer } from './formats.ts';
import { readView } from './libav.ts';
import type { FileView } from './libav.ts';

/** Where headers are looked for; tags and pictures before them may be long. */
const HEAD_BYTES = 64 * 1024;

/**
 * How long the file claims to be, seconds; null where it claims nothing, or nothing that its bytes could fall short of.
 * @param duration what the demuxer made of the headers for a track, seconds
 */
export function claimedSeconds(file: FileView, demuxer: Demuxer, duration: number | null): number | null {
  switch (demuxer) {
    case 'flac':
      return flacSeconds(file);
    case 'mp3':
      return hasFrameCount(file) ? duration : null;
    case 'mov':
      return isCutMp4(file) ? duration : null;
    case 'matroska':
      return cutMatroskaSeconds(file);
    case 'ogg':
      return null; // its pages say where they are
  }
}

/** The head of a file behind an ID3v2 tag. */
function headOf(file: FileView): Buffer {
  const start = Buffer.from(readView(file, 0, 10));
  if (start.length < 10 || start.toString('latin1', 0, 3) !== 'ID3') return Buffer.from(readView(file, 0, HEAD_BYTES));
  const size = start.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 0x7f), 0);
  return Buffer.from(readView(file, 10 + size, HEAD_BYTES));
}

/** STREAMINFO: https://www.rfc-editor.org/rfc/rfc9639#name-streaminfo */
function flacSeconds(file: FileView): number | null {
  const head = headOf(file);
  if (head.length < 26 || head.toString('latin1', 0, 4) !== 'fLaC') return null;
  const rate = head.readUIntBE(18, 3) >> 4;
  const samples = (head.readUInt8(21) & 0x0f) * 0x1_0000_0000 + head.readUInt32BE(22);
  return rate === 0 || samples === 0 ? null : samples / rate;
}

/** The number of frames that encoders write into the first frame; a length estimated from the bytes is no claim. */
function hasFrameCount(file: FileView): boolean {
  const head = headOf(file).subarray(0, 4096);
  return ['Xing', 'Info', 'VBRI'].some((tag) => head.includes(tag));
}

/** Whether the last box of an MP4 file is longer than what is there. */
function isCutMp4(file: FileView): boolean {
  for (let position = 0; position < file.size;) {
    const head = Buffer.from(readView(file, position, 16));
    if (head.length < 8) return false;
    const short = head.readUInt32BE(0);
    if (short === 0) return false; // to the end of the file
    const size = short === 1 && head.length === 16 ? Number(head.readBigUInt64BE(8)) : short;
    if (size < 8) return false; // no boxes any more
    position += size;
    if (position > file.size) return true;
  }
  return false;
}

/** Elements of Matroska: https://www.matroska.org/technical/elements.html */
const SEGMENT = 0x1853_8067;
const INFO = 0x1549_a966;
const TIMESTAMP_SCALE = 0x2a_d7b1;
const DURATION = 0x4489;

/** The duration of a Matroska file whose segment is longer than what is there. */
function cutMatroskaSeconds(file: FileView): number | null {
  const bytes = Buffer.from(readView(file, 0, HEAD_BYTES));
  const header = elementAt(bytes, 0);
  const segment = header === null ? null : elementAt(bytes, header.content + header.size);
  if (segment?.id !== SEGMENT) return null;
  const isCut = Number.isFinite(segment.size) && segment.content + segment.size > file.size;
  if (!isCut) return null;
  let scale = 1_000_000; // nanoseconds
  let duration: number | null = null;
  for (let at = segment.content; ;) {
    const element = elementAt(bytes, at);
    if (element === null) break;
    const { id, content, size } = element;
    if (id === TIMESTAMP_SCALE && size >= 1 && size <= 6 && content + size <= bytes.length)
      scale = bytes.readUIntBE(content, size);
    if (id === DURATION && content + size <= bytes.length) {
      if (size === 4) duration = bytes.readFloatBE(content);
      if (size === 8) duration = bytes.readDoubleBE(content);
    }
    at = id === INFO ? content : content + size;
  }
  return duration !== null && duration > 0 ? (duration * scale) / 1e9 : null;
}

/** An EBML element: https://www.rfc-editor.org/rfc/rfc8794#name-ebml-element. `size` is Infinity where it is unknown. */
function elementAt(bytes: Buffer, at: number): { id: number; size: number; content: number } | null {
  const idLength = vintLength(bytes[at]);
  if (idLength === null || idLength > 4 || at + idLength >= bytes.length) return null;
  const sizeAt = at + idLength;
  const sizeLength = vintLength(bytes[sizeAt]);
  if (sizeLength === null || sizeAt + sizeLength > bytes.length) return null;
  let size = (bytes[sizeAt] ?? 0) & (0xff >> sizeLength);
  for (let i = 1; i < sizeLength; i++) size = size * 256 + (bytes[sizeAt + i] ?? 0);
  const unknown = 2 ** (7 * sizeLength) - 1;
  return { id: bytes.readUIntBE(at, idLength), size: size >= unknown ? Infinity : size, content: sizeAt + sizeLength };
}

function vintLength(first: number | undefined): number | null {
  return first === undefined || first === 0 ? null : Math.clz32(first) - 23;
}
