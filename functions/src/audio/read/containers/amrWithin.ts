/**
 * AMR in MP4 (phones call it 3GP), Matroska, WAV and CAF. ffmpeg decodes nothing from the frames that the encoder marks as
 * pauses, reports them as errors like damage, and drops the rest of their packet. So the packets are extracted and read as an
 * AMR file, whose frames tell pauses from damage (`frameParts.ts`).
 */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { AMR_FRAME_SECONDS, amrFrames, amrMagic, countFrames, NO_DATA } from '../amrFrames.ts';
import type { FileExtension } from '../format.ts';
import { readView } from './fileView.ts';
import type { FileView } from './fileView.ts';
import type { PcmEvent } from './matroskaPcm.ts';
import { indexOf } from './mp4Index.ts';
import { Origin } from './timeline.ts';

/** A time stamp nearer than this to the frames before it is rounded. */
const TOLERANCE_SECONDS = 0.1;

/** A byte with which no frame begins. */
const NO_FRAME = 0xff;

const WIDE_BAND_RATE = 16_000;

// oxlint-disable-next-line no-control-regex -- bytes, read as Latin-1
const AMR_IN_MP4 = /stsd\0{4}\0\0\0\x01[^]{4}sa(?:mr|wb)/;
const SOUND_IN_MP4 = /hdlr[^]{8}soun/g;
const AMR_IN_CAF = /^caff[^]{4}desc[^]{16}sa(?:mr|wb)/;

/** The format numbers of narrow-band and wide-band AMR, in a WAV file and in Matroska. */
const AMR_IN_WAV = /^RIFF[^]{4}WAVEfmt [^]{4}[8WX]\0/;
const AMR_IN_MATROSKA = /A_MS\/ACM[^]{1,60}?\x63\xa2.[8WX]\0/s;
const SOUND_IN_MATROSKA = /\x83\x81\x02/g;
const MATROSKA_HEAD_BYTES = 64 * 1024;

/** Whether AMR is the only audio in a container. */
export function holdsAmr(file: FileView, extension: FileExtension): boolean {
  if (extension === 'caf') return AMR_IN_CAF.test(latin1(readView(file, 0, 64)));
  if (extension === 'wav') return AMR_IN_WAV.test(latin1(readView(file, 0, 64)));
  if (extension === 'webm') {
    const head = latin1(readView(file, 0, MATROSKA_HEAD_BYTES)).split('\x1f\x43\xb6\x75')[0] ?? '';
    return AMR_IN_MATROSKA.test(head) && head.match(SOUND_IN_MATROSKA)?.length === 1;
  }
  const index = extension === 'm4a' ? indexOf(file) : null;
  if (index === null) return false;
  const text = latin1(index);
  return AMR_IN_MP4.test(text) && text.match(SOUND_IN_MP4)?.length === 1;
}

/**
 * Writes the frames of a container as an AMR file. A gap in its time stamps becomes frames without data.
 * @param gap what a gap is: if it is lost, it becomes bytes that are not frames
 * @param maxSeconds no gap leads beyond this: a time stamp that claims so is damaged
 * @returns the duration of the frames, seconds
 */
export async function extractAmr(
  packets: AsyncIterable<PcmEvent>,
  to: string,
  gap: 'silence' | 'lost',
  maxSeconds: number,
): Promise<number> {
  const writer = new AmrWriter(gap, maxSeconds);
  await pipeline(async function* () {
    for await (const event of packets) yield* writer.push(event);
  }, createWriteStream(to));
  return writer.seconds;
}

class AmrWriter {
  readonly #gap: 'silence' | 'lost';
  readonly #maxSeconds: number;
  readonly #origin = new Origin();
  #format = amrFrames(amrMagic(false));
  #frames = 0;
  #bytes = 0;
  #packetFrames = 1;

  constructor(gap: 'silence' | 'lost', maxSeconds: number) {
    this.#gap = gap;
    this.#maxSeconds = maxSeconds;
  }

  get seconds(): number {
    return this.#frames * AMR_FRAME_SECONDS;
  }

  *push(event: PcmEvent): Generator<Uint8Array, void, undefined> {
    if (event.kind === 'tracks') {
      const magic = amrMagic(event.tracks[0]?.sampleRate === WIDE_BAND_RATE);
      this.#format = amrFrames(magic);
      yield magic;
      return;
    }
    const ahead = event.seconds - this.#origin.from(event.seconds) - this.seconds;
    if (ahead > TOLERANCE_SECONDS && event.seconds <= this.#maxSeconds) {
      yield this.#missing(Math.round(ahead / AMR_FRAME_SECONDS));
    }
    // A damaged packet counts as many frames as the one before.
    this.#packetFrames = countFrames(event.bytes, this.#format) ?? this.#packetFrames;
    this.#frames += this.#packetFrames;
    this.#bytes += event.bytes.length;
    yield event.bytes;
  }

  /**
   * Bytes for missing frames. Lost frames get the mean size of the frames so far, because lost time is measured by its bytes.
   */
  #missing(frames: number): Uint8Array {
    const frameBytes = this.#bytes / Math.max(1, this.#frames);
    this.#frames += frames;
    if (this.#gap === 'silence') return new Uint8Array(frames).fill(NO_DATA);
    return new Uint8Array(Math.round(frames * frameBytes)).fill(NO_FRAME);
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
