/** Encodes samples as frames of 20 ms: Opus packets by WebCodecs, or PCM. */
import { isOpusSampleRate } from 'offline-audio-sync-contract';
import { within } from '../within.ts';
import { opusConfig, toPcm16 } from './format.ts';

export interface FrameEncoder {
  encode(samples: Float32Array<ArrayBuffer>): void;
  /** Resolves when all frames are encoded. No frame may be added after this call. */
  finish(): Promise<void>;
}

export type OnFrame = (frame: Uint8Array) => void;

/** Time limit for an answer of the encoder, milliseconds. Systems take encoders away from pages, sometimes without an error. */
const ANSWER_LIMIT_MS = 5000;
/** An encoder that returns no packet for this many frames and this many milliseconds has stopped. */
const STALLED_FRAMES = 500;
const STALLED_MS = 10_000;

/** Whether this browser encodes Opus at this rate. If it does not answer, false. */
export async function canEncodeOpus(sampleRate: number): Promise<boolean> {
  if (typeof AudioEncoder === 'undefined' || !isOpusSampleRate(sampleRate)) return false;
  try {
    const asked = AudioEncoder.isConfigSupported(opusConfig(sampleRate));
    return (await within(asked, ANSWER_LIMIT_MS)).supported === true;
  } catch {
    return false;
  }
}

export function pcmEncoder(onFrame: OnFrame): FrameEncoder {
  return {
    encode: (samples) => {
      onFrame(toPcm16(samples));
    },
    finish: () => Promise.resolve(),
  };
}

export function opusEncoder(sampleRate: number, onFrame: OnFrame, onError: (error: Error) => void): FrameEncoder {
  /** When the last packet came, by the monotonic clock in milliseconds, and the number of frames that were added since. */
  let [packetAt, waiting] = [performance.now(), 0];
  const encoder = new AudioEncoder({
    output: (chunk) => {
      [packetAt, waiting] = [performance.now(), 0];
      const packet = new Uint8Array(chunk.byteLength);
      chunk.copyTo(packet);
      onFrame(packet);
    },
    error: onError,
  });
  encoder.configure(opusConfig(sampleRate));
  let samplesIn = 0;
  const close = (): void => {
    if (encoder.state !== 'closed') encoder.close();
  };
  return {
    encode: (samples) => {
      if (encoder.state !== 'configured') return; // The encoder has failed and reported it.
      waiting += 1;
      // Both conditions are needed: if the page itself was suspended, it gets its packets when it continues.
      if (waiting > STALLED_FRAMES && performance.now() - packetAt > STALLED_MS) {
        encoder.close();
        onError(new Error('The encoder of the browser has stopped.'));
        return;
      }
      const timestamp = Math.round((samplesIn / sampleRate) * 1_000_000);
      const shape = { format: 'f32', sampleRate, numberOfFrames: samples.length, numberOfChannels: 1 } as const;
      const audio = new AudioData({ ...shape, timestamp, data: samples });
      encoder.encode(audio);
      audio.close();
      samplesIn += samples.length;
    },
    finish: async () => {
      if (encoder.state !== 'configured') return; // The encoder has failed and reported it.
      try {
        await within(encoder.flush(), ANSWER_LIMIT_MS);
      } finally {
        close();
      }
    },
  };
}
