/** Opus packets as frames: checked and measured, not decoded. */
import type { EncodedFrame, FrameSource } from './framedRecording.ts';
import { SAMPLE_RATE } from './pcm.ts';
import type { SourceFrame } from './pcm.ts';

/**
 * What `opus-decoder` reserves for one packet of one channel: 120 ms at 256 kbit/s. It throws a RangeError beyond; no
 * encoder of speech comes near (a 20 ms packet is at most 1,275 bytes: RFC 6716 §3.4).
 */
export const MAX_PACKET_BYTES = 3840;

export class OpusFrames implements FrameSource {
  /** All Opus durations are multiples of 2.5 ms (RFC 6716 §3.1), which are whole samples at this rate. */
  readonly sampleRate = SAMPLE_RATE;
  readonly maxPayloadBytes = MAX_PACKET_BYTES;

  /** Copies the packets together: a chunk keeps some for minutes, and would keep the reader's whole window with each. */
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
