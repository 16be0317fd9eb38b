/** Frames of 20 ms from samples: Opus packets by WebCodecs, or PCM. */
import { isOpusSampleRate } from 'offline-audio-sync-contract';
import { within } from '../within.ts';
import { opusConfig, toPcm16 } from './format.ts';

export interface FrameEncoder {
  encode(samples: Float32Array<ArrayBuffer>): void;
  /** All frames that it was given have come out when this resolves. Nothing more goes in. */
  finish(): Promise<void>;
}

export type OnFrame = (frame: Uint8Array) => void;

/** Systems take encoders from pages, some without a word. Milliseconds. */
const ANSWER_LIMIT_MS = 5000;
/** An encoder that gives no packet for so many frames, and for so long, is lost. */
const STALLED_FRAMES = 500;
const STALLED_MS = 10_000;

/** Whether this browser encodes Opus at this rate. Where it does not say, it is taken for one that does not. */
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
  /** When the last packet came, by the monotonic clock, and frames that went in since. */
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
      if (encoder.state !== 'configured') return; // It failed, and said so.
      waiting += 1;
      // Both: a page that stood still itself gets its packets when it goes on.
      if (waiting > STALLED_FRAMES && performance.now() - packetAt > STALLED_MS) {
        encoder.close();
        onError(new Error('The encoder of the browser stands still.'));
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
      if (encoder.state !== 'configured') return; // It failed, and said so.
      try {
        await within(encoder.flush(), ANSWER_LIMIT_MS);
      } finally {
        close();
      }
    },
  };
}
