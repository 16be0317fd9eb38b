/**
 * What a recording's first bytes are, whatever its name says. Both ways in ask it of the same bytes, so that they come to the same
 * verdict.
 */
import { AppError } from '../../errors.ts';
import type { FramedFormat, RecordingFormat } from './format.ts';
import { isOpus } from './format.ts';
import { FrameReader } from './frames.ts';
import { isHole, opusPacketSamples48k } from './opusPacket.ts';
import { containerOf, otherKindOf } from './signatures.ts';
import { zerosBefore } from './source.ts';

/** Bytes that are looked at, from the first that is no zero. */
export const HEAD_BYTES = 32 * 1024;
/** Zeros before them at most: empty frames of hours, or padding. */
export const MAX_ZEROS = 4 * 1024 * 1024;

/** Frames that show a codec. */
const ENOUGH_FRAMES = 10;
/** The part of them that must show it: the others may be damaged. */
const CLEAR_SHARE = 0.9;

/**
 * The format to read a recording as: that of its content where this is known, else that of its name.
 *
 * @param head its first {@link HEAD_BYTES} behind up to {@link MAX_ZEROS}, or more, or all of it where it is shorter.
 * @param named the format that its name claims.
 * @throws AppError `recording_corrupt` where the bytes are no audio of any kind that is decoded, with what they are.
 */
export function recogniseFormat(head: Uint8Array, named: RecordingFormat): RecordingFormat {
  // A length may begin with a zero, and so may a size.
  const start = 4 * Math.floor(Math.min(zerosBefore(head), MAX_ZEROS) / 4);
  const bytes = head.subarray(start, start + HEAD_BYTES);
  const extension = containerOf(bytes, named);
  if (extension !== null) return { kind: 'file', extension };
  if (named.kind === 'framed') return recogniseCodec(bytes, named);
  const kind = otherKindOf(bytes);
  const what = kind === null ? 'of no audio format that is known' : `of ${kind}`;
  throw new AppError('recording_corrupt', {
    message: `The bytes are ${what}, not those of a .${named.extension} file.`,
  });
}

/** Corrects a codec that the frames contradict. Where they show nothing clearly, the name is right. */
function recogniseCodec(head: Uint8Array, named: FramedFormat): FramedFormat {
  const frames = firstFrames(head, named);
  if (frames.length < ENOUGH_FRAMES) return named;
  if (isOpus(named)) {
    if (share(frames, (frame) => isPacket(frame)) >= CLEAR_SHARE) return named;
    const codec = (['pcm16', 'pcm8'] as const).find((pcm) => haveSize(frames, nominalBytes({ ...named, codec: pcm })));
    return codec === undefined ? named : { ...named, codec };
  }
  const isPcm = haveSize(frames, nominalBytes(named)) || !areOpus(frames);
  return isPcm ? named : { ...named, codec: 'opus' };
}

/** The payloads of the first frames: their lengths are right whatever the codec is. */
function firstFrames(head: Uint8Array, named: FramedFormat): Uint8Array[] {
  const reader = new FrameReader({ ...named, codec: 'pcm8', channels: 1 });
  const events = [...reader.push(head), ...reader.end()];
  return events.flatMap((event) => (event.kind === 'frame' ? event.payload : []));
}

function isPacket(frame: Uint8Array): boolean {
  return !isHole(frame) && opusPacketSamples48k(frame) !== null;
}

function nominalBytes({ codec, channels, frameSize }: FramedFormat): number {
  return frameSize * channels * (codec === 'pcm16' ? 2 : 1);
}

function haveSize(frames: readonly Uint8Array[], bytes: number): boolean {
  return share(frames, ({ length }) => length === bytes) >= CLEAR_SHARE;
}

/** Whether frames are Opus packets of one configuration: samples of PCM would be valid packets now and then, of any. */
function areOpus(frames: readonly Uint8Array[]): boolean {
  const configuration = (frame: Uint8Array | undefined): number => (frame?.[0] ?? 0) >> 2;
  const ordinary = configuration(frames[Math.floor(frames.length / 2)]);
  return (
    share(frames, (frame) => isPacket(frame) && configuration(frame) === ordinary) >= CLEAR_SHARE &&
    // Silence is one byte over and over.
    share(frames, (frame) => frame.some((byte) => byte !== frame[0])) >= 0.5
  );
}

function share<T>(all: readonly T[], holds: (each: T) => boolean): number {
  return all.filter(holds).length / all.length;
}
