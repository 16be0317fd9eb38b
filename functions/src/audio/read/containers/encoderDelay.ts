/**
 * Decides whether an encoder's delay still comes before the audio, and how long it is: that follows from the codec, whatever the
 * container. The frames of AAC overlap, so the first frame of a stream only prepares the second: 1,024 samples, 64 ms at 16 kHz. An
 * edit list of MP4, iTunes' own field, or a tag in the first frame of MP3 says to drop the delay, and decoders do so. Frames without a
 * container, and fragments that were written during recording, have none of these.
 */
import { closeSync } from 'node:fs';
import type { FileExtension } from '../format.ts';
import { layerFrame } from '../mpegFrames.ts';
import { EDITS_BYTES } from './cafPackets.ts';
import { chunksOfCaf } from './chunkClaims.ts';
import { headOf } from './claims.ts';
import { elementAt, MATROSKA } from './ebml.ts';
import { openView, readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import { indexOf } from './mp4Index.ts';
import { soundOffsets } from './mp4Samples.ts';
import { isMpegSound, soundOfWav } from './wavSound.ts';

/** Whether the first frame of each track is the delay of AAC. */
export function hasAacDelay(file: FileView, extension: FileExtension): boolean {
  if (extension === 'aac') return true;
  if (extension === 'webm') return hasOnlyAac(tracksOf(file));
  const index = extension === 'm4a' ? indexOf(file) : null;
  return index !== null && index.includes('mp4a') && !isMp3(index) && !statesDelay(index);
}

function statesDelay(index: Buffer): boolean {
  return ['elst', 'iTunSMPB'].some((known) => index.includes(known));
}

/** The description of a decoder for layers of MPEG in MP4: ISO 14496-1, 7.2.6.6. QuickTime has a type of its own. */
const MP3_IN_MP4 = /\x04(?:\x80\x80\x80)?[\x0d-\x20][\x69\x6b]|stsd\0{4}\0\0\0\x01[^]{4}\.mp3/;

function isMp3(index: Buffer): boolean {
  return MP3_IN_MP4.test(index.toString('latin1', 0, DESCRIPTIONS_BYTES));
}

/** The samples of the delay: of layer II those of its filters; of layer III 576 of the encoder and 529 of every decoder. */
const MPEG_DELAYS: Readonly<Record<number, number>> = { 2: 481, 3: 576 + 529 };

const NOTHING = Buffer.alloc(0);

/** Descriptions of tracks lie within the first bytes of an index. */
const DESCRIPTIONS_BYTES = 64 * 1024;

/** Tags that encoders write into an extra first frame. If there is one, decoders drop the delay themselves. */
const MP3_TAGS = ['Xing', 'Info'];
const MP3_TAG_WITHIN = 64;

/**
 * Bytes of the header of a layer III frame, and of its checksum. The bits behind them state how far back, in earlier frames,
 * the data of this frame begins.
 */
const HEADER_BYTES = 4;
const CHECKSUM_BYTES = 2;

/** The delay before the audio of MPEG that no such tag states, seconds; 0 if the beginning was cut off, and for other files. */
export function mpegDelaySeconds(path: string, extension: FileExtension): number {
  const startIn = MPEG_STARTS[extension];
  if (startIn === undefined) return 0;
  const file = openView(path);
  const head = startIn(file);
  closeSync(file.fd);
  const frame = layerFrame(head, 0);
  const [, second = 0] = head;
  const layer = 4 - ((second >> 1) & 0b11);
  const hasTag = MP3_TAGS.some((tag) => head.subarray(0, MP3_TAG_WITHIN).includes(tag));
  const isStart = layer === 2 || !reachesBack(head);
  return frame === null || hasTag || !isStart ? 0 : (MPEG_DELAYS[layer] ?? 0) / frame.sampleRate;
}

/** Whether the data of a frame of layer III begins in earlier frames. */
function reachesBack(frame: Buffer): boolean {
  const [, second = 0] = frame;
  const sideInfo = HEADER_BYTES + ((second & 1) === 0 ? CHECKSUM_BYTES : 0);
  const [first = 0, next = 0] = frame.subarray(sideInfo);
  const isMpeg1 = second >> 3 === 0b11111;
  return first > 0 || (isMpeg1 && next >= 0x80);
}

/** The first bytes of MPEG audio in a WAV file; empty if it contains something else. */
function startInWav(file: FileView): Buffer {
  const sound = soundOfWav(file);
  return sound !== null && isMpegSound(sound) ? sound.head : NOTHING;
}

/** The first bytes of MP3 in a CAF file, behind the number of edits. */
function startInCaf(file: FileView): Buffer {
  const chunks = [...chunksOfCaf(file)];
  const [description, data] = ['desc', 'data'].map((kind) => chunks.find(({ name }) => name === kind)?.content);
  const isMpeg = /^\.mp[23]$/.test(description?.toString('latin1', 8, 12) ?? '');
  return isMpeg ? (data?.subarray(EDITS_BYTES) ?? NOTHING) : NOTHING;
}

/** The first bytes of MP3 in an MP4 file that does not state the delay. */
function startInMp4(file: FileView): Buffer {
  const index = indexOf(file);
  if (index === null || !isMp3(index) || statesDelay(index)) return NOTHING;
  const [first] = soundOffsets(index) ?? [];
  return first === undefined ? NOTHING : Buffer.from(readView(file, first, MP3_TAG_WITHIN));
}

/** Ids of a group of blocks, of a block in it, of one by itself, and of the delay of a track. */
const [BLOCK_GROUP, BLOCK, SIMPLE_BLOCK, CODEC_DELAY] = [0xa0, 0xa1, 0xa3, Buffer.from([0x56, 0xaa])];

/** Bytes of a block before its frame: the track, the time, flags. */
const BLOCK_HEAD_BYTES = 4;

/** How many bytes of a Matroska file are searched for its first frame. */
const MATROSKA_BYTES = 64 * 1024;

/** The description of the tracks of a Matroska file; empty if it is not among the first bytes. */
function tracksOf(file: FileView): Buffer {
  for (const { id, inside } of elementsOf(file)) if (id === MATROSKA.tracks) return inside;
  return NOTHING;
}

const SOUND_TRACK = /\x83\x81\x02/g;

/** Whether all tracks of sound are AAC whose delay is not stated. */
function hasOnlyAac(tracks: Buffer): boolean {
  const text = tracks.toString('latin1');
  const aac = text.match(/A_AAC/g)?.length ?? 0;
  return aac > 0 && aac === text.match(SOUND_TRACK)?.length && !tracks.includes(CODEC_DELAY);
}

/** The first bytes of layers II and III in a Matroska file; empty if it contains something else, or states the delay. */
function startInMatroska(file: FileView): Buffer {
  let isMpeg = false;
  for (const { id, inside } of elementsOf(file)) {
    if (id === MATROSKA.tracks)
      isMpeg = /A_MPEG\/L[23]/.test(inside.toString('latin1')) && !inside.includes(CODEC_DELAY);
    const frame = inside.subarray(BLOCK_HEAD_BYTES);
    if (isMpeg && (id === BLOCK || id === SIMPLE_BLOCK) && layerFrame(frame, 0) !== null) return frame;
  }
  return NOTHING;
}

/** The elements of a Matroska file up to its first frames. */
function* elementsOf(file: FileView): Generator<{ readonly id: number; readonly inside: Buffer }> {
  const bytes = Buffer.from(readView(file, 0, MATROSKA_BYTES));
  const outer: readonly number[] = [MATROSKA.segment, MATROSKA.cluster, BLOCK_GROUP];
  for (let element = elementAt(bytes, 0), at = 0; element !== null; element = elementAt(bytes, at)) {
    const { id, content, size } = element;
    yield { id, inside: bytes.subarray(content, Math.min(bytes.length, content + size)) };
    at = outer.includes(id) ? content : content + size;
  }
}

/** Where the first frame of MPEG audio stands in files that may have some. */
const MPEG_STARTS: Readonly<Partial<Record<FileExtension, (file: FileView) => Buffer>>> = {
  mp3: headOf,
  wav: startInWav,
  webm: startInMatroska,
  caf: startInCaf,
  m4a: startInMp4,
};
