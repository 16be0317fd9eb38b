/** Builds `.bin` recordings, whole and damaged, for tests. */
import { createHash } from 'node:crypto';
import type { FramedFormat } from '../../../../src/audio/read/format.ts';
import { FrameReader } from '../../../../src/audio/read/frames.ts';
import type { FrameEvent } from '../../../../src/audio/read/frameEvents.ts';

export const OPUS: FramedFormat = { kind: 'framed', codec: 'opus', sampleRate: 16_000, channels: 1, frameSize: 160 };
export const PCM16: FramedFormat = { ...OPUS, codec: 'pcm16' };
export const PCM8: FramedFormat = { ...OPUS, codec: 'pcm8' };

/** TOC of one CELT frame of 10 ms, wideband, mono; of 20 ms; and of a SILK frame of 60 ms. */
export const TOC_10_MS = 22 << 3;
export const TOC_20_MS = 23 << 3;
export const TOC_60_MS = 11 << 3;

export function length(bytes: number): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(bytes);
  return prefix;
}

export function frame(payload: Uint8Array, claimed: number = payload.length): Buffer {
  return Buffer.concat([length(claimed), payload]);
}

/** Bytes like those of a compressed packet: no runs, no pattern, the same for the same seed. */
export function noise(bytes: number, seed: number): Buffer {
  let state = Math.imul(seed + 1, 0x9e37_79b1) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  };
  return Buffer.from(Uint8Array.from({ length: bytes }, next));
}

/** A packet of one frame: valid by its outside, noise inside. */
export function opusPacket(bytes: number, seed: number, toc: number = TOC_10_MS): Buffer {
  const packet = noise(bytes, seed);
  packet[0] = toc;
  return packet;
}

/** Packets of varying size, as a variable bit rate makes them: 40 to 120 bytes. */
export function opusPackets(count: number, toc: number = TOC_10_MS): Buffer[] {
  return Array.from({ length: count }, (_, i) => opusPacket(40 + ((i * 37) % 81), i, toc));
}

/** Near-silent pcm16: samples of -1, 0 and 1, the worst case for telling lengths from content. */
export function quietPcm16(samples: number, seed: number): Buffer {
  const pcm = Buffer.alloc(samples * 2);
  for (const [i, byte] of noise(samples, seed).entries()) pcm.writeInt16LE((byte % 3) - 1, i * 2);
  return pcm;
}

/** All events of a recording that arrives in pieces of the given sizes (the last size repeats). */
export function readAll(
  bytes: Uint8Array,
  format: FramedFormat,
  sizes: readonly number[] = [bytes.length],
): FrameEvent[] {
  const reader = new FrameReader(format);
  const events: FrameEvent[] = [];
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = Math.max(1, sizes[Math.min(i, sizes.length - 1)] ?? 1);
    events.push(...reader.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return [...events, ...reader.end()];
}

/** A frame in short: short enough that a failing comparison can be read. */
export function digest(payload: Uint8Array): string {
  return `frame of ${payload.length}: ${createHash('md5').update(payload).digest('hex').slice(0, 12)}`;
}

/** Every event in short, in order. */
export function summary(events: readonly FrameEvent[]): string[] {
  return events.map((event) => {
    switch (event.kind) {
      case 'frame':
        return digest(event.payload);
      case 'empty':
        return 'empty';
      case 'corrupt':
        return `${event.reason} ${event.bytes} bytes, ${event.lostFrames} lost${event.recovered ? '' : ', to the end'}`;
      case 'torn':
        return `torn ${event.bytes} bytes`;
    }
  });
}

/** The frames among the events, in short. */
export function framesOf(events: readonly FrameEvent[]): string[] {
  return summary(events.filter(({ kind }) => kind === 'frame'));
}
