/** Decodes Opus packets to 16 kHz PCM with libopus, compiled to WebAssembly (`opus-decoder`). */
import { setImmediate } from 'node:timers/promises';
import { ChannelConverter, lengthOfPlanes } from './channels.ts';
import type { ChannelMode, Planes } from './channels.ts';
import { OpusInstances } from './opusInstances.ts';
import { hasStereo } from './opusPacket.ts';
import { repacketize } from './opusRepacketizer.ts';
import { SAMPLE_RATE } from './pcm.ts';
import type { SourceFrame } from './pcm.ts';

/** Frames that one call decodes: a call for each packet would take more time than the decoding itself. */
const FRAMES_A_CALL = 120;

/**
 * Decodes consecutive frames; lost frames become silence. The decoder starts without earlier audio, so the first 80 ms differ
 * from what they are within their stream. libopus decodes to 16 kHz directly, which needs no resampler and a third of the PCM.
 * No samples are skipped, because pre-skip belongs to a whole Ogg stream. Between calls other work of the event loop runs, so
 * that a chunk does not delay a heartbeat.
 *
 * Stereo is decoded as stereo and mixed here: libopus makes mono from the mean of both channels, in which they can cancel each
 * other. At 48 kHz `opus-decoder` writes beyond its memory for hostile stereo packets; at 16 kHz none of 339,000 such packets
 * did so, or changed what was decoded after them.
 * @returns the samples of all frames, and the indices of the frames that libopus refused, which are silence too
 */
export async function decodeOpus(frames: readonly SourceFrame[]): Promise<{ pcm: Float32Array; refused: number[] }> {
  const { planes, refused } = await decodeOpusChannels(frames, 'mixed');
  return { pcm: planes[0] ?? new Float32Array(0), refused };
}

/**
 * Like {@link decodeOpus}, but with two channels if `mode` keeps them apart and any packet is stereo.
 * @param instances the instances of libopus, of which one is used
 * @param isJoined whether packets are joined before they are decoded
 */
export async function decodeOpusChannels(
  frames: readonly SourceFrame[],
  mode: ChannelMode,
  instances = new OpusInstances(),
  isJoined = true,
): Promise<{ planes: Planes; refused: number[] }> {
  const channels = hasStereo(frames) ? 2 : 1;
  return instances.lend(channels, async (libopus) => {
    const converter = new ChannelConverter(channels, SAMPLE_RATE, mode);
    const total = frames.reduce((sum, { samples }) => sum + samples, 0);
    const planes = Array.from({ length: converter.width }, () => new Float32Array(total));
    const refused: number[] = [];
    let packetsBefore = 0;
    let at = 0;
    for (let first = 0; first < frames.length; first += FRAMES_A_CALL) {
      if (first > 0) await setImmediate();
      const part = frames.slice(first, first + FRAMES_A_CALL);
      const packets = part.flatMap(({ payload }) => payload ?? []);
      const { channelData, errors } = libopus.decodeFrames(isJoined ? repacketize(packets) : packets);
      // If packets are decoded one by one, the errors show which of them libopus refuses.
      if (isJoined && errors.length > 0) return decodeOpusChannels(frames, mode, instances, false);
      // The errors count packets from the first call on.
      const silent = new Set(errors.map(({ frameNumber }) => frameNumber - packetsBefore));
      packetsBefore += packets.length;
      const decoded = converter.push(channelData);
      const target = planes.map((plane) => plane.subarray(at));
      refused.push(...place(part, decoded, silent, target).map((index) => first + index));
      at += part.reduce((sum, { samples }) => sum + samples, 0);
    }
    return { planes, refused };
  });
}

/**
 * Copies decoded samples to the places of their frames. The places of other frames stay silent.
 * @param silent ordinals, among the frames with a payload, of the packets that gave no samples
 * @returns the indices of those frames
 */
function place(frames: readonly SourceFrame[], decoded: Planes, silent: ReadonlySet<number>, target: Planes): number[] {
  const decodedLength = lengthOfPlanes(decoded);
  const put = (from: number, samples: number, to: number): void => {
    for (const [i, plane] of target.entries()) plane.set(decoded[i]?.subarray(from, from + samples) ?? [], to);
  };
  if (silent.size === 0 && frames.every(({ payload }) => payload !== null)) {
    put(0, decodedLength, 0);
    return checked(
      [],
      decodedLength,
      frames.reduce((sum, { samples }) => sum + samples, 0),
    );
  }
  const refused: number[] = [];
  let packet = 0;
  let from = 0;
  let to = 0;
  for (const [index, { payload, samples }] of frames.entries()) {
    if (payload !== null && silent.has(packet++)) {
      refused.push(index);
    } else if (payload !== null) {
      put(from, samples, to);
      from += samples;
    }
    to += samples;
  }
  return checked(refused, decodedLength, from);
}

/** @throws Error if the numbers differ: every later word would be placed at a wrong time */
function checked<T>(result: T, given: number, claimed: number): T {
  if (given !== claimed) throw new Error(`libopus gave ${given} samples for ${claimed}.`);
  return result;
}
