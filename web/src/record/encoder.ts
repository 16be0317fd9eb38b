/** Frames of 20 ms from samples: Opus packets by WebCodecs, or PCM. */
import { isOpusSampleRate } from 'offline-audio-sync-contract';
import { opusConfig, toPcm16 } from './format.ts';

export interface FrameEncoder {
  encode(samples: Float32Array<ArrayBuffer>): void;
  /** All frames that it was given have come out when this resolves. Nothing more goes in. */
  finish(): Promise<void>;
}

export type OnFrame = (frame: Uint8Array) => void;

/** Whether this browser encodes Opus at this rate. */
export async function canEncodeOpus(sampleRate: number): Promise<boolean> {
  if (typeof AudioEncoder === 'undefined' || !isOpusSampleRate(sampleRate)) return false;
  const { supported } = await AudioEncoder.isConfigSupported(opusConfig(sampleRate));
  return supported === true;
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
  const encoder = new AudioEncoder({
    output: (chunk) => {
      const packet = new Uint8Array(chunk.byteLength);
      chunk.copyTo(packet);
      onFrame(packet);
    },
    error: onError,
  });
  encoder.configure(opusConfig(sampleRate));
  let samplesIn = 0;
  return {
    encode: (samples) => {
      if (encoder.state !== 'configured') return; // It failed, and said so.
      const timestamp = Math.round((samplesIn / sampleRate) * 1_000_000);
      const shape = { format: 'f32', sampleRate, numberOfFrames: samples.length, numberOfChannels: 1 } as const;
      const audio = new AudioData({ ...shape, timestamp, data: samples });
      encoder.encode(audio);
      audio.close();
      samplesIn += samples.length;
    },
    finish: async () => {
      if (encoder.state !== 'configured') return; // It failed, and said so.
      await encoder.flush();
      encoder.close();
    },
  };
}
