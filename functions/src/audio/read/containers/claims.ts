/** The length that a container claims, so that missing bytes are noticed. Only headers are read. */
import { TAG_HEAD_BYTES, tagBytes } from '../leadIn.ts';
import { layerFrame } from '../mpegFrames.ts';
import { aiffSeconds, cafSeconds, wavSeconds } from './chunkClaims.ts';
import { elementAt, MATROSKA } from './ebml.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { samplesInFrames } from './flacHeaders.ts';
import { mendIndexBoxes } from './indexBoxes.ts';
import { IndexTables, movieSeconds } from './indexTables.ts';
import { BOX_HEAD_BYTES, boxHead, isBoxType, LEAST_BOX_BYTES } from './mp4Box.ts';
import { indexOf } from './mp4Index.ts';
import { tailOf } from './tail.ts';

/** The bytes that are searched for headers. Tags and pictures before them may be long. */
const HEAD_BYTES = 64 * 1024;

/** A claim may exceed the decoded audio by so much, because of rounding and encoder padding. */
export const CLAIM_SLACK_SECONDS = 0.1;

/**
 * The duration that the file claims, seconds; null if it claims none, or none that a truncated file could fall short of.
 * @param demuxer FFmpeg's name of the demuxer
 * @param isDamaged whether bytes at its end cannot be read. Only then does the duration of a whole file count, because its
 * pictures may last longer than its sound
 */
export function claimedSeconds(file: FileView, demuxer: string, isDamaged = false): number | null {
  switch (demuxer) {
    case 'flac':
      return flacSeconds(file);
    case 'mp3':
      return mp3Claim(file)?.seconds ?? null;
    case 'mov':
      return longest(mp4Seconds(file, isDamaged));
    case 'matroska':
      return matroskaSeconds(file, isDamaged);
    case 'aiff':
      return aiffSeconds(file);
    case 'caf':
      return cafSeconds(file);
    case 'wav':
      return wavSeconds(file);
    default:
      return null; // pages of Ogg state their position; frames of AAC and AMR are not counted anywhere
  }
}

/** The durations that the tracks of a file claim. The parameters are those of `claimedSeconds`. @param tracks their number */
export function claimsOfTracks(file: FileView, demuxer: string, tracks: number, isDamaged: boolean): (number | null)[] {
  const claims = demuxer === 'mov' ? mp4Seconds(file, isDamaged) : [];
  if (claims.length === tracks) return claims;
  return Array.from({ length: tracks }, () => claimedSeconds(file, demuxer, isDamaged));
}

/** The longest of some claims; null if there is none. */
function longest(claims: readonly (number | null)[]): number | null {
  return claims.reduce((most, claim) => (claim === null ? most : Math.max(most ?? 0, claim)), null);
}

/** The largest number of consecutive tags that are skipped: only forged files have more. */
const MAX_TAGS = 16;

/** Where the ID3v2 tags that begin at a position end. */
export function behindTags(file: FileView, position: number): number {
  let at = position;
  for (let tags = 0; tags < MAX_TAGS; tags++) {
    const size = tagBytes(readView(file, at, TAG_HEAD_BYTES), 0);
    if (size === 0) break;
    at += size;
  }
  return at;
}

/** The first bytes of a file, behind ID3v2 tags if there are any. */
export function headOf(file: FileView): Buffer {
  return Buffer.from(readView(file, behindTags(file, 0), HEAD_BYTES));
}

/** The duration in STREAMINFO: https://www.rfc-editor.org/rfc/rfc9639#name-streaminfo */
function flacSeconds(file: FileView): number | null {
  const head = headOf(file);
  if (head.length < 26 || head.toString('latin1', 0, 4) !== 'fLaC') return null;
  const rate = head.readUIntBE(18, 3) >> 4;
  const samples = (head.readUInt8(21) & 0x0f) * 0x1_0000_0000 + head.readUInt32BE(22);
  if (rate === 0 || samples === 0) return null;
  const found = samplesInFrames(file, head.readUInt16BE(10));
  return (found !== null && isOneByteMore(samples, found) ? found : samples) / rate;
}

/**
 * Whether one of the upper bytes of a number of samples makes it larger than another: it is damaged then. A file that was cut off
 * lacks some other number of samples.
 */
function isOneByteMore(samples: number, found: number): boolean {
  return [2, 3, 4].some((byte) => {
    const difference = (samples - found) / 256 ** byte;
    return (
      Number.isInteger(difference) && difference > 0 && difference <= 0xff - (Math.floor(found / 256 ** byte) & 0xff)
    );
  });
}

/** The claim that encoders write into the first frame of an MP3 file. */
export interface Mp3Claim {
  /** How many frames follow. */
  readonly frames: number;
  /** The duration of the audio in them, without the samples that the encoder added. */
  readonly seconds: number;
}

/** Flags of the tag. They are set if it states the number of frames, and the number of bytes. */
const [HAS_FRAMES, HAS_BYTES] = [1, 2];

/** The smallest frame that is not of the free format: layer III at 8 kbit/s and 24 kHz, bytes. */
const LEAST_MP3_FRAME_BYTES = 24;

/** Null if there is no such tag, or if it is damaged: a length that is estimated from the bytes is not a claim. */
export function mp3Claim(file: FileView): Mp3Claim | null {
  const head = headOf(file).subarray(0, 8192);
  return xingClaim(head) ?? vbriClaim(head);
}

/** The tag that LAME and FFmpeg write: http://gabriel.mp3-tech.org/mp3infotag.html */
function xingClaim(head: Buffer): Mp3Claim | null {
  const tag = Math.max(head.indexOf('Xing'), head.indexOf('Info'));
  if (tag < 0 || tag + 144 > head.length) return null;
  const flags = head.readUInt32BE(tag + 4);
  // The tag lies behind the header of its frame (4 bytes) and the side information (32, 17 or 9 bytes).
  const [frame] = [36, 21, 13]
    .map((distance) => tag - distance)
    .flatMap((at) => (at < 0 ? [] : (layerFrame(head, at) ?? [])));
  if ((flags & HAS_FRAMES) === 0 || frame === undefined) return null;
  const added = /^(LAME|Lavc|Lavf)/.test(head.toString('latin1', tag + 120, tag + 124))
    ? head.readUIntBE(tag + 141, 3)
    : 0;
  const frames = head.readUInt32BE(tag + 8);
  if ((flags & HAS_BYTES) !== 0 && !areFramesOf(head.readUInt32BE(tag + 12), frames)) return null;
  const samples = frames * frame.samples - (added >> 12) - (added & 0xfff);
  return { frames, seconds: samples / frame.sampleRate };
}

/** How far behind the start of its frame the tag of Fraunhofer's encoders lies: a header, and 32 bytes. */
const VBRI_AT = 36;

/** It states the number of bytes, and of frames: https://www.codeproject.com/Articles/8295/MPEG-Audio-Frame-Header#VBRIHeader */
function vbriClaim(head: Buffer): Mp3Claim | null {
  const tag = head.indexOf('VBRI');
  const frame = tag < VBRI_AT || tag + 18 > head.length ? null : layerFrame(head, tag - VBRI_AT);
  if (frame === null) return null;
  const frames = head.readUInt32BE(tag + 14);
  const isSound = areFramesOf(head.readUInt32BE(tag + 10), frames);
  return isSound ? { frames, seconds: (frames * frame.samples) / frame.sampleRate } : null;
}

/** Whether frames may have so many bytes: both numbers are rarely damaged in the same way. */
function areFramesOf(bytes: number, frames: number): boolean {
  return bytes >= LEAST_MP3_FRAME_BYTES * frames;
}

/** The largest number of top-level boxes that are read. A fragmented file has two for each fragment. */
const MAX_BOXES = 100_000;

/** Bytes of audio that a file claims but does not have, for files that do not claim a duration. */
export function missingBytes(file: FileView, demuxer: string): number {
  const bytes = demuxer === 'mov' ? bytesMissingIn(file) : 0;
  return bytes > 0 && longest(mp4Seconds(file, true)) === null ? bytes : 0;
}

/** The bytes that are missing at the end of an MP4 file of boxes. */
function bytesMissingIn(file: FileView): number {
  const { end, type } = endOfBoxes(file);
  if (end > file.size) return type === 'mdat' ? end - file.size : 0;
  // The type of a box that extends to the end of the file consists of letters, so a valid type is no damage.
  if (end === file.size || isBoxType(type)) return 0;
  const { bytes, zeros } = tailOf(file, end);
  return bytes + zeros;
}

/**
 * Where the boxes of an MP4 file end: behind the file if the last one is cut off, or before bytes that are no box. @returns also
 * the type of the last one
 */
function endOfBoxes(file: FileView): { readonly end: number; readonly type: string } {
  let [end, type] = [0, ''];
  for (let boxes = 0; end < file.size && boxes < MAX_BOXES; boxes++) {
    const box = boxHead(readView(file, end, BOX_HEAD_BYTES));
    type = box?.type ?? '';
    if (box === null || box.size < LEAST_BOX_BYTES || !isBoxType(type)) break;
    end += box.size;
  }
  return { end, type };
}

/**
 * The durations of the tracks of sound; for one without tables, and for a file without such tracks, that of the movie, if the file is
 * damaged.
 */
function mp4Seconds(file: FileView, isDamaged: boolean): (number | null)[] {
  const index = indexOf(file);
  if (index === null) return [];
  const boxes = mendIndexBoxes(index);
  const isCut = isDamaged || endOfBoxes(file).end > file.size;
  const ofMovie = isCut ? movieSeconds(index, boxes.movie) : null;
  const sounds = IndexTables.all(index, boxes);
  return sounds.length === 0 ? [ofMovie] : sounds.map((sound) => (sound === null ? ofMovie : sound.seconds));
}

const TIMESTAMP_SCALE = 0x2a_d7b1;
const DURATION = 0x4489;

/** The duration that a Matroska file claims; null unless it is damaged, or its segment is longer than the file. */
function matroskaSeconds(file: FileView, isDamaged: boolean): number | null {
  const bytes = Buffer.from(readView(file, 0, HEAD_BYTES));
  const header = elementAt(bytes, 0);
  const segment = header === null ? null : elementAt(bytes, header.content + header.size);
  if (segment?.id !== MATROSKA.segment) return null;
  const isCut = Number.isFinite(segment.size) && segment.content + segment.size > file.size;
  if (!isCut && !isDamaged) return null;
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
    at = id === MATROSKA.info ? content : content + size;
  }
  return duration !== null && duration > 0 ? (duration * scale) / 1e9 : null;
}
