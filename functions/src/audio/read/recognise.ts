/**
 * Recognises the format of a recording by its first bytes, whatever its name says. The check at upload and the worker both use
 * it on the same bytes, so that they reach the same verdict.
 */
import { AppError } from '../../errors.ts';
import type { FramedFormat, RecordingFormat } from './format.ts';
import { isOpus } from './format.ts';
import { FrameReader } from './frames.ts';
import { isHole, opusPacketSamples48k } from './opusPacket.ts';
import { leadInEnd, MAX_LEAD_IN_BYTES, zerosBefore } from './leadIn.ts';
import { containerAt, containerOf, containersWithin, otherKindOf, restOf, streamKindOf } from './signatures.ts';

/** How many bytes behind the lead-in are read. */
export const HEAD_BYTES = 32 * 1024;

/** How many zeros a file's own format may begin with: the high bytes of a size before its first name. */
const MAX_LEADING_ZEROS = 3;

/** How many frames show the codec. */
const ENOUGH_FRAMES = 10;
/** The share of them that must show it: the others may be damaged. */
const CLEAR_SHARE = 0.9;

export interface Recognised {
  readonly format: RecordingFormat;
  /** Bytes to skip before the file: they are not part of its format. */
  readonly leadInBytes: number;
}

/** {@link recognise}, if only the format is needed. */
export function recogniseFormat(head: Uint8Array, named: RecordingFormat): RecordingFormat {
  return recognise(head, named).format;
}

/**
 * The format in which a recording is read: that of its content if it is known, else that of its name.
 *
 * @param head its first bytes: {@link HEAD_BYTES} behind a lead-in of up to {@link MAX_LEAD_IN_BYTES}, or more, or all of a
 * shorter recording
 * @param named the format that its name claims
 * @throws AppError `recording_corrupt` if the bytes are not audio of a kind that can be decoded; its message says what they are
 */
export function recognise(head: Uint8Array, named: RecordingFormat): Recognised {
  const leadIn = Math.min(leadInEnd(head), MAX_LEAD_IN_BYTES);
  for (let zeros = 0; zeros <= Math.min(MAX_LEADING_ZEROS, leadIn); zeros++) {
    const extension = containerAt(head.subarray(leadIn - zeros, leadIn + HEAD_BYTES));
    if (extension !== null) return { format: { kind: 'file', extension }, leadInBytes: leadIn - zeros };
  }
  const rest = head.subarray(leadIn, leadIn + HEAD_BYTES);
  const kind = named.kind === 'file' ? otherKindOf(rest) : null;
  // Other kinds of files may contain frames of MPEG audio, so these are searched for only in files of no other kind. Leading
  // zeros are skipped in steps of four, because the length of a frame may itself begin with zeros; frames of MPEG audio are
  // found at any offset.
  const start = 4 * Math.floor(Math.min(zerosBefore(head), MAX_LEAD_IN_BYTES) / 4);
  const bytes = head.subarray(start, start + HEAD_BYTES);
  const extension = kind === null ? containerOf(bytes, named) : null;
  if (extension !== null) return { format: { kind: 'file', extension }, leadInBytes: 0 };
  if (named.kind === 'framed') return { format: recogniseCodec(bytes, named), leadInBytes: 0 };
  const [within] = kind === null ? containersWithin(rest) : [];
  if (within) return { format: { kind: 'file', extension: within.extension }, leadInBytes: leadIn + within.at };
  const part = kind === null ? restOf(rest) : null;
  if (part !== null) {
    const message = `The bytes are those of ${part} whose beginning is missing. Without it, the rest cannot be read.`;
    throw new AppError('recording_corrupt', { message });
  }
  const stream = kind ?? streamKindOf(rest);
  const what = stream === null ? 'of no audio format that is known' : `of ${stream}`;
  throw new AppError('recording_corrupt', {
    message: `The bytes are ${what}, not those of a .${named.extension} file.`,
  });
}

/** Corrects a codec that the frames contradict. If the frames show nothing clearly, the name is trusted. */
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

/** The payloads of the first frames. Their lengths do not depend on the codec. */
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

/**
 * Whether the frames are Opus packets of one configuration. Samples of PCM can be valid packets by chance, but of changing
 * configurations.
 */
function areOpus(frames: readonly Uint8Array[]): boolean {
  const configuration = (frame: Uint8Array | undefined): number => (frame?.[0] ?? 0) >> 2;
  const ordinary = configuration(frames[Math.floor(frames.length / 2)]);
  return (
    share(frames, (frame) => isPacket(frame) && configuration(frame) === ordinary) >= CLEAR_SHARE &&
    // A frame of PCM silence is one byte repeated.
    share(frames, (frame) => frame.some((byte) => byte !== frame[0])) >= 0.5
  );
}

function share<T>(all: readonly T[], holds: (each: T) => boolean): number {
  return all.filter(holds).length / all.length;
}
