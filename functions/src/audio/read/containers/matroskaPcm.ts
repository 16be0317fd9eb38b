/**
 * Reads tracks of PCM from the Matroska stream that ffmpeg writes to a pipe. It is the one format of ffmpeg with several
 * tracks, the rate and channels of each, and a time stamp for every block. Only what ffmpeg writes is read: no lacing, time
 * stamps in milliseconds. https://www.matroska.org/technical/elements.html
 */
import { ByteInput } from './byteInput.ts';
import { elementAt, MATROSKA, MAX_ELEMENT_HEAD_BYTES } from './ebml.ts';

export interface PcmTrack {
  readonly number: number;
  readonly sampleRate: number;
  readonly channels: number;
}

export type PcmEvent =
  | { readonly kind: 'tracks'; readonly tracks: readonly PcmTrack[] }
  /** `bytes`: signed 16-bit little-endian, channels interleaved. */
  | { readonly kind: 'block'; readonly track: number; readonly seconds: number; readonly bytes: Uint8Array };

const TRACK_ENTRY = 0xae;
const TRACK_NUMBER = 0xd7;
const AUDIO = 0xe1;
const SAMPLE_RATE = 0xb5;
const CHANNELS = 0x9f;
const SIMPLE_BLOCK = 0xa3;
const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;

/** Elements whose content is read as elements. */
const OPENED: ReadonlySet<number> = new Set([MATROSKA.segment, MATROSKA.cluster, BLOCK_GROUP]);

/** The largest element, bytes. A block is a frame of its codec, which lasts a few seconds at most. */
const MAX_ELEMENT_BYTES = 64 * 1024 * 1024;

/** @throws Error if the stream is not such a Matroska stream */
export async function* readMatroskaPcm(source: AsyncIterable<Uint8Array>): AsyncGenerator<PcmEvent, void, undefined> {
  const input = new ByteInput(source);
  let clusterMs = 0;
  for (;;) {
    const element = elementAt(Buffer.from(await input.peek(MAX_ELEMENT_HEAD_BYTES)), 0);
    if (element === null) return; // the end; ffmpeg may have been killed within an element
    const { id, size, content } = element;
    await input.read(content);
    if (OPENED.has(id)) continue;
    if (size > MAX_ELEMENT_BYTES) throw new Error('An element of the decoded stream is too long.');
    const bytes = Buffer.from(await input.read(size));
    if (bytes.length < size) return;
    if (id === MATROSKA.tracks) yield { kind: 'tracks', tracks: tracksOf(bytes) };
    else if (id === MATROSKA.clusterTimestamp) clusterMs = unsigned(bytes);
    else if (id === SIMPLE_BLOCK || id === BLOCK) yield blockOf(bytes, clusterMs);
  }
}

function tracksOf(bytes: Buffer): PcmTrack[] {
  return childrenOf(bytes)
    .filter(({ id }) => id === TRACK_ENTRY)
    .map(({ bytes: entry }) => {
      const fields = childrenOf(entry);
      const audio = childrenOf(fields.find(({ id }) => id === AUDIO)?.bytes ?? Buffer.alloc(0));
      return {
        number: unsigned(fields.find(({ id }) => id === TRACK_NUMBER)?.bytes),
        sampleRate: float(audio.find(({ id }) => id === SAMPLE_RATE)?.bytes, 8000),
        channels: unsigned(audio.find(({ id }) => id === CHANNELS)?.bytes, 1),
      };
    });
}

function childrenOf(bytes: Buffer): { readonly id: number; readonly bytes: Buffer }[] {
  const children: { id: number; bytes: Buffer }[] = [];
  for (let element = elementAt(bytes, 0); element !== null;) {
    const end = Math.min(element.content + element.size, bytes.length);
    children.push({ id: element.id, bytes: bytes.subarray(element.content, end) });
    element = elementAt(bytes, end);
  }
  return children;
}

/**
 * A block: the number of its track (one byte up to 127 tracks), its time from the start of the cluster, a byte of flags, the
 * samples.
 */
function blockOf(bytes: Buffer, clusterMs: number): PcmEvent {
  const HEAD_BYTES = 4;
  const isRead = bytes.length >= HEAD_BYTES && bytes.readUInt8(0) >= 0x80;
  if (!isRead) throw new Error('A block of the decoded stream cannot be read.');
  return {
    kind: 'block',
    track: bytes.readUInt8(0) & 0x7f,
    seconds: (clusterMs + bytes.readInt16BE(1)) / 1000,
    bytes: bytes.subarray(HEAD_BYTES),
  };
}

function unsigned(bytes: Buffer | undefined, absent = 0): number {
  if (bytes === undefined) return absent;
  return bytes.length >= 1 && bytes.length <= 6 ? bytes.readUIntBE(0, bytes.length) : 0;
}

function float(bytes: Buffer | undefined, absent: number): number {
  if (bytes?.length === 4) return bytes.readFloatBE(0);
  return bytes?.length === 8 ? bytes.readDoubleBE(0) : absent;
}
