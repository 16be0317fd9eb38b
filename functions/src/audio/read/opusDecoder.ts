/** Opus packets to 16 kHz PCM, by libopus compiled to WebAssembly (`opus-decoder`). */
import { setImmediate } from 'node:timers/promises';
import { ChannelConverter, lengthOfPlanes } from './channels.ts';
import type { ChannelMode, Planes } from './channels.ts';
import { OpusInstances } from './opusInstances.ts';
import { hasStereo } from './opusPacket.ts';
import { repacketize } from './opusRepacketizer.ts';
import { SAMPLE_RATE } from './pcm.ts';
import type { SourceFrame } from './pcm.ts';

/** Frames decoded with one call: a call a packet costs more than the decoding. */
const FRAMES_A_CALL = 120;

/**
 * Decodes consecutive frames, lost ones to silence. It starts afresh: the first 80 ms are not what they would be within
 * their stream. libopus decodes straight to 16 kHz (no resampler, a third of the PCM). No samples are skipped: pre-skip belongs
 * to a whole Ogg stream. Gives way to the event loop between calls, so that a chunk does not hold up a heartbeat.
 *
 * Stereo is decoded as such and mixed here: libopus gives mono as the mean of both channels, where they can cancel. At 48 kHz
 * `opus-decoder` writes out of its bounds on hostile stereo packets; at 16 kHz it did not in
 * 339,000 of them, nor change what was decoded after them.
 * @returns the frames' samples, and the indices of frames that libopus refused: silence, too.
 */
export async function decodeOpus(frames: readonly SourceFrame[]): Promise<{ pcm: Float32Array; refused: number[] }> {
  const { planes, refused } = await decodeOpusChannels(frames, 'mixed');
  return { pcm: planes[0] ?? new Float32Array(0), refused };
}

/**
 * {@link decodeOpus}, in two channels where they are wanted apart and there are two.
 * @param instances of libopus, of which one is used
 * @param isJoined whether packets are put together before they are decoded
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
      // Decoded one by one, the packets show which of them libopus refuses.
      if (isJoined && errors.length > 0) return decodeOpusChannels(frames, mode, instances, false);
      // Its errors count packets from the first of all calls.
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
 * Lays decoded samples under the frames that they belong to, nothing under the others.
 * @param silent ordinals among the frames with payload: packets that gave no samples.
 * @returns the indices of those.
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

/** The alignment of every later word hangs on this. */
function checked<T>(result: T, given: number, claimed: number): T {
  if (given !== claimed) throw new Error(`libopus gave ${given} samples for ${claimed}.`);
  return result;
}
