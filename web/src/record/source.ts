/** A microphone with the format in which its audio is recorded. */
import type { FrameFormat } from 'offline-audio-sync-client';
import type { CapturedFrame } from '../workers/frame.ts';
import { canEncodeOpus } from './encoder.ts';
import { formatFor } from './format.ts';
import type { Microphone, OpenMicrophone } from './microphone.ts';

export interface Source {
  readonly microphone: Microphone;
  readonly format: FrameFormat;
  /** Delivers each frame since the microphone was opened. It may be called once only. */
  start(onFrame: (arrived: Arrived) => void): void;
}

/** A frame and the time when it reached the page. */
export interface Arrived {
  readonly frame: CapturedFrame;
  /** Unix milliseconds. */
  readonly at: number;
  /** By the monotonic clock, milliseconds. */
  readonly monotonic: number;
}

/** @param deviceId letters and digits only @throws Error with a sentence for the user */
export async function openSource(
  openMicrophone: OpenMicrophone,
  deviceId: string,
  onChange: () => void,
): Promise<Source> {
  // Frames arrive as soon as the microphone is open. They are stored until `start` is called.
  const early: Arrived[] = [];
  let onArrival = (arrived: Arrived): void => void early.push(arrived);
  const microphone = await openMicrophone({
    onFrame: (frame) => {
      onArrival({ frame, at: Date.now(), monotonic: performance.now() });
    },
    onChange,
  });
  const { sampleRate } = microphone;
  return {
    microphone,
    format: formatFor(deviceId, sampleRate, await canEncodeOpus(sampleRate)),
    start: (onFrame) => {
      onArrival = onFrame;
      early.splice(0).forEach(onFrame);
    },
  };
}
