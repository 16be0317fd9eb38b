/** Opus packets as frames of a chunk. They are copied, not decoded. */
import type { EncodedFrame, FrameSource } from './framedRecording.ts';
import { SAMPLE_RATE } from './pcm.ts';
import type { SourceFrame } from './pcm.ts';

/**
 * The memory that `opus-decoder` reserves for one packet of one channel, bytes: 120 ms at 256 kbit/s. It throws a RangeError
 * for more. Encoders of speech stay far below (a packet of 20 ms has at most 1,275 bytes: RFC 6716 section 3.4).
 */
export const MAX_PACKET_BYTES = 3840;

export class OpusFrames implements FrameSource {
  /** All durations of Opus are multiples of 2.5 ms (RFC 6716 section 3.1), which are whole samples at this rate. */
  readonly sampleRate = SAMPLE_RATE;
  readonly maxPayloadBytes = MAX_PACKET_BYTES;

  /**
   * Copies the packets into one buffer: a chunk keeps some of them for minutes, and each would keep the reader's whole window
   * in memory.
   */
  toSourceFrames(encoded: readonly EncodedFrame[]): SourceFrame[] {
    const bytes = new Uint8Array(encoded.reduce((sum, { payload }) => sum + (payload?.length ?? 0), 0));
    let offset = 0;
    return encoded.map((frame) => {
      const { payload, samples } = frame;
      if (payload === null) return frame;
      bytes.set(payload, offset);
      return { payload: bytes.subarray(offset, (offset += payload.length)), samples };
    });
  }

  end(): SourceFrame[] {
    return [];
  }
}
