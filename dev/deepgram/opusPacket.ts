/**
 * The framing of Opus packets (RFC 6716, section 3): enough to know the duration of a packet, and to refuse bytes that are not
 * a packet.
 */

/** Samples a frame at 48 kHz for each of the 32 configurations of the TOC byte (RFC 6716, table 2). */
const FRAME_SAMPLES: readonly number[] = [
  ...repeat(3, [480, 960, 1920, 2880]), // SILK: 10, 20, 40, 60 ms
  ...repeat(2, [480, 960]), // hybrid
  ...repeat(4, [120, 240, 480, 960]), // CELT: 2.5, 5, 10, 20 ms
];

const MAX_FRAME_BYTES = 1275;
const MAX_PACKET_SAMPLES = 5760; // 120 ms

export class OpusPacketError extends Error {
  override readonly name = 'OpusPacketError';
}

/**
 * The duration of an Opus packet in samples at 48 kHz.
 * @throws OpusPacketError if the packet breaks one of the requirements R1 to R7 (RFC 6716, section 3.4)
 */
export function opusPacketSamples(packet: Uint8Array): number {
  const toc = packet[0];
  if (toc === undefined) throw new OpusPacketError('a packet has no bytes (R1)');
  const frames = checkFraming(packet, toc & 3);
  const samples = frames * (FRAME_SAMPLES[toc >> 3] ?? 0);
  if (samples > MAX_PACKET_SAMPLES) throw new OpusPacketError('a packet is longer than 120 ms (R5)');
  return samples;
}

/** Checks the frame lengths of the packet, and gives the number of its frames. */
function checkFraming(packet: Uint8Array, code: number): number {
  if (code === 0) {
    checkFrame(packet.length - 1);
    return 1;
  }
  if (code === 1) {
    if ((packet.length - 1) % 2 !== 0) throw new OpusPacketError('two equal frames need an even number of bytes (R3)');
    checkFrame((packet.length - 1) / 2);
    return 2;
  }
  if (code === 2) {
    const first = frameLength(packet, 1);
    checkFrame(first.bytes);
    checkFrame(packet.length - first.next - first.bytes);
    return 2;
  }
  return checkManyFrames(packet);
}

/** Code 3: a byte with the frame count, whether lengths vary and whether padding follows (section 3.2.5). */
function checkManyFrames(packet: Uint8Array): number {
  const header = packet[1];
  if (header === undefined) throw new OpusPacketError('a code 3 packet needs two bytes (R6)');
  const count = header & 0x3f;
  if (count === 0) throw new OpusPacketError('a code 3 packet holds no frames (R5)');
  let { at, end } = skipPadding(packet, (header & 0x40) !== 0);
  if ((header & 0x80) === 0) {
    if (end < at || (end - at) % count !== 0) throw new OpusPacketError('equal frames do not fill the packet (R6)');
    checkFrame((end - at) / count);
    return count;
  }
  for (let frame = 0; frame < count - 1; frame++) {
    const { bytes, next } = frameLength(packet, at);
    checkFrame(bytes);
    at = next;
    end -= bytes;
  }
  checkFrame(end - at);
  return count;
}

/** The offsets at which the frame lengths start, and the padding at the end begins. */
function skipPadding(packet: Uint8Array, padded: boolean): { at: number; end: number } {
  let at = 2;
  let padding = 0;
  for (let more = padded; more; at++) {
    const byte = packet[at];
    if (byte === undefined) throw new OpusPacketError('the padding length is cut off (R6)');
    padding += byte === 255 ? 254 : byte;
    more = byte === 255;
  }
  return { at, end: packet.length - padding };
}

/** A frame length in one or two bytes (section 3.2.1). */
function frameLength(packet: Uint8Array, at: number): { bytes: number; next: number } {
  const first = packet[at];
  if (first === undefined) throw new OpusPacketError('a frame length is cut off (R4)');
  if (first < 252) return { bytes: first, next: at + 1 };
  const second = packet[at + 1];
  if (second === undefined) throw new OpusPacketError('a frame length is cut off (R4)');
  return { bytes: first + 4 * second, next: at + 2 };
}

function checkFrame(bytes: number): void {
  if (bytes < 0) throw new OpusPacketError('a frame reaches beyond its packet (R4, R6, R7)');
  if (bytes > MAX_FRAME_BYTES) throw new OpusPacketError('a frame is longer than 1275 bytes (R2)');
}

function repeat(times: number, values: readonly number[]): number[] {
  return Array.from({ length: times }, () => values).flat();
}
