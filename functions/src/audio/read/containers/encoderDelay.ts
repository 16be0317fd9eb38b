/**
 * Whether an encoder's delay is still before the audio. The frames of AAC overlap, so the first one of a stream only leads to the second:
 * 1,024 samples, 64 ms at 16 kHz. An edit list of MP4, or what iTunes writes in its place, says to leave that out, and decoders do. Frames
 * without a container, and fragments written as they were recorded, have neither.
 */
import { closeSync } from 'node:fs';
import type { FileExtension } from '../format.ts';
import { layerFrame } from '../mpegFrames.ts';
import { chunksOfWav } from './chunkClaims.ts';
import { headOf } from './claims.ts';
import { openView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { indexOf } from './mp4Index.ts';

export function hasEncoderDelay(file: FileView, extension: FileExtension): boolean {
  if (extension === 'aac') return true;
  const index = extension === 'm4a' ? indexOf(file) : null;
  return index !== null && index.includes('mp4a') && !['elst', 'iTunSMPB'].some((known) => index.includes(known));
}

/** Samples before the audio of an MP3 file: LAME puts 576 there, and every decoder 529. */
const MP3_DELAY = 576 + 529;

/** What encoders write into a first frame of their own: with it, decoders leave out what is before the audio. */
const MP3_TAGS = ['Xing', 'Info', 'VBRI'];
const MP3_TAG_WITHIN = 64;

/** The first bits behind the header of a frame of layer III: how far back in frames before it its own sound begins. */
const HEADER_BYTES = 4;
const CHECKSUM_BYTES = 2;

/** How much stands before the audio of MP3 that does not say so, seconds: nothing where its beginning was cut off, or in other files. */
export function mp3DelaySeconds(path: string, extension: FileExtension): number {
  if (extension !== 'mp3' && extension !== 'wav') return 0;
  const file = openView(path);
  const head = extension === 'mp3' ? headOf(file) : startOfMp3In(file);
  closeSync(file.fd);
  const frame = layerFrame(head, 0);
  const [, second = 0] = head;
  const isLayer3 = ((second >> 1) & 0b11) === 1;
  const hasTag = MP3_TAGS.some((tag) => head.subarray(0, MP3_TAG_WITHIN).includes(tag));
  if (frame === null || !isLayer3 || hasTag) return 0;
  const sideInfo = HEADER_BYTES + ((second & 1) === 0 ? CHECKSUM_BYTES : 0);
  const [first = 0, next = 0] = head.subarray(sideInfo);
  const isMpeg1 = second >> 3 === 0b11111;
  const reachesBack = first > 0 || (isMpeg1 && next >= 0x80);
  return reachesBack ? 0 : MP3_DELAY / frame.sampleRate;
}

const MP3_IN_WAV = 0x55;

/** The first bytes of MP3 in a WAV file; none where it holds something else. */
function startOfMp3In(file: FileView): Buffer {
  const chunks = [...chunksOfWav(file)];
  const [format, data] = ['fmt ', 'data'].map((kind) => chunks.find(({ name }) => name === kind)?.content);
  const isMp3 = format !== undefined && format.length > 2 && format.readUInt16LE(0) === MP3_IN_WAV;
  return isMp3 && data !== undefined ? data : Buffer.alloc(0);
}
