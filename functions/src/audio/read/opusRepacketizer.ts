/**
 * Joins Opus packets of one frame each into fewer packets of many frames: each packet has a fixed cost, besides its decoding.
 */
import { MAX_PACKET_BYTES } from './opusFrames.ts';
import { MAX_PACKET_SAMPLES_48K, opusPacketSamples48k } from './opusPacket.ts';

/**
 * The code of a packet that states its number of frames (RFC 6716 section 3.2.5), and the bit that says that each frame states
 * its size.
 */
const MANY_FRAMES = 0b11;
const STATED_SIZES = 0b1000_0000;
/** The most bytes that a stated size takes. */
const SIZE_BYTES = 2;

/**
 * Joins neighbouring packets of one frame that have the same TOC byte, up to 120 ms. libopus decodes the frames of a packet one
 * after the other, just as it decodes packets, so the samples are the same. Other packets are not changed.
 */
export function repacketize(packets: readonly Uint8Array[]): Uint8Array[] {
  const fewer: Uint8Array[] = [];
  let group: Uint8Array[] = [];
  let bytes = 0;
  let samples = 0;
  const flush = (): void => {
    fewer.push(...(group.length > 1 ? [joinPackets(group)] : group));
    [group, bytes, samples] = [[], 0, 0];
  };
  for (const packet of packets) {
    const isSingle = ((packet[0] ?? 0) & 0b11) === 0;
    const ownSamples = opusPacketSamples48k(packet) ?? Infinity;
    const fits =
      bytes + packet.length + SIZE_BYTES <= MAX_PACKET_BYTES && samples + ownSamples <= MAX_PACKET_SAMPLES_48K;
    if (!isSingle || !fits || packet[0] !== group[0]?.[0]) flush();
    group.push(packet);
    bytes += packet.length + SIZE_BYTES;
    samples += ownSamples;
  }
  flush();
  return fewer;
}

/** @param packets of one frame each, with the same TOC */
function joinPackets(packets: readonly Uint8Array[]): Uint8Array {
  const frames = packets.map((packet) => packet.subarray(1));
  const sizes = frames.slice(0, -1).flatMap(({ length }) => statedSize(length));
  return Buffer.concat([
    Uint8Array.of((packets[0]?.[0] ?? 0) | MANY_FRAMES, STATED_SIZES | frames.length, ...sizes),
    ...frames,
  ]);
}

/** Encodes the size of a frame: RFC 6716 section 3.2.1. */
function statedSize(bytes: number): number[] {
  if (bytes < 252) return [bytes];
  const first = 252 + (bytes % 4);
  return [first, (bytes - first) / 4];
}
