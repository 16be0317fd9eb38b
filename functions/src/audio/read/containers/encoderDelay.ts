/**
 * Decides whether an encoder's delay still comes before the audio. The frames of AAC overlap, so the first frame of a stream
 * only prepares the second: 1,024 samples, 64 ms at 16 kHz. An edit list of MP4, or iTunes' own field, says to drop them, and
 * decoders do so. Frames without a container, and fragments that were written during recording, have neither.
 */
import { closeSync } from 'node:fs';
import type { FileExtension } from '../format.ts';
import { layerFrame } from '../mpegFrames.ts';
import { headOf } from './claims.ts';
import { elementAt, MATROSKA } from './ebml.ts';
import { openView, readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { indexOf } from './mp4Index.ts';
import { soundOfWav } from './wavSound.ts';

export function hasEncoderDelay(file: FileView, extension: FileExtension): boolean {
  if (extension === 'aac') return true;
  const index = extension === 'm4a' ? indexOf(file) : null;
  return index !== null && index.includes('mp4a') && !['elst', 'iTunSMPB'].some((known) => index.includes(known));
}

/** Samples before the audio of an MP3 file: LAME adds 576, and every decoder adds 529. */
const MP3_DELAY = 576 + 529;

/** Tags that encoders write into an extra first frame. If there is one, decoders drop the delay themselves. */
const MP3_TAGS = ['Xing', 'Info', 'VBRI'];
const MP3_TAG_WITHIN = 64;

/**
 * Bytes of the header of a layer III frame, and of its checksum. The bits behind them state how far back, in earlier frames,
 * the data of this frame begins.
 */
const HEADER_BYTES = 4;
const CHECKSUM_BYTES = 2;

/** The delay before the audio of MP3 without such a tag, seconds; 0 if the beginning was cut off, and for other files. */
export function mp3DelaySeconds(path: string, extension: FileExtension): number {
  const startIn = MP3_STARTS[extension];
  if (startIn === undefined) return 0;
  const file = openView(path);
  const head = startIn(file);
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

/** The first bytes of MP3 in a WAV file; empty if it contains something else. */
function startInWav(file: FileView): Buffer {
  const sound = soundOfWav(file);
  return sound?.codec === MP3_IN_WAV ? sound.head : Buffer.alloc(0);
}

/** Ids of a group of blocks, of a block in it, of one by itself, and of the delay of a track. */
const [BLOCK_GROUP, BLOCK, SIMPLE_BLOCK, CODEC_DELAY] = [0xa0, 0xa1, 0xa3, Buffer.from([0x56, 0xaa])];

/** Bytes of a block before its frame: the track, the time, flags. */
const BLOCK_HEAD_BYTES = 4;

/** How many bytes of a Matroska file are searched for its first frame. */
const MATROSKA_BYTES = 64 * 1024;

/** The first bytes of MP3 in a Matroska file; empty if it contains something else, or states the delay. */
function startInMatroska(file: FileView): Buffer {
  const bytes = Buffer.from(readView(file, 0, MATROSKA_BYTES));
  const outer: readonly number[] = [MATROSKA.segment, MATROSKA.cluster, BLOCK_GROUP];
  let isMp3 = false;
  for (let element = elementAt(bytes, 0), at = 0; element !== null; element = elementAt(bytes, at)) {
    const { id, content, size } = element;
    const inside = bytes.subarray(content, Math.min(bytes.length, content + size));
    if (id === MATROSKA.tracks) isMp3 = inside.includes('A_MPEG/L3') && !inside.includes(CODEC_DELAY);
    const frame = inside.subarray(BLOCK_HEAD_BYTES);
    if (isMp3 && (id === BLOCK || id === SIMPLE_BLOCK) && layerFrame(frame, 0) !== null) return frame;
    at = outer.includes(id) ? content : content + size;
  }
  return Buffer.alloc(0);
}

/** Where the first frame of MP3 stands in files that may have some. */
const MP3_STARTS: Readonly<Partial<Record<FileExtension, (file: FileView) => Buffer>>> = {
  mp3: headOf,
  wav: startInWav,
  webm: startInMatroska,
};
