/** The microphone, as frames of 20 ms. */
import captureUrl from '../workers/capture.ts?worker&url';
import type { CapturedFrame } from '../workers/frame.ts';

export interface Microphone {
  readonly sampleRate: number;
  /** What the device itself takes to deliver sound, milliseconds. */
  readonly latencyMs: number;
  close(): Promise<void>;
}

export interface MicrophoneEvents {
  readonly onFrame: (frame: CapturedFrame) => void;
  /** It was unplugged, or taken away. */
  readonly onEnd: () => void;
}

/** Speech needs no more, and it is what the server decodes to. */
const WANTED_RATE = 16_000;

/** @throws Error with a sentence for a person */
export async function openMicrophone({ onFrame, onEnd }: MicrophoneEvents): Promise<Microphone> {
  const stream = await ask();
  const [track] = stream.getAudioTracks();
  const stopTracks = (): void => {
    for (const each of stream.getTracks()) each.stop();
  };
  try {
    const { context, source } = contextFor(stream);
    await context.audioWorklet.addModule(captureUrl);
    const capture = new AudioWorkletNode(context, 'capture', { numberOfOutputs: 0 });
    capture.port.onmessage = ({ data }: MessageEvent<CapturedFrame>) => {
      onFrame(data);
    };
    source.connect(capture);
    await context.resume();
    track?.addEventListener('ended', onEnd);
    // A phone call, say, stops the audio clock: what comes after is a new stretch.
    const settings: MediaTrackSettings & { latency?: number } = track?.getSettings() ?? {};
    return {
      sampleRate: context.sampleRate,
      latencyMs: (settings.latency ?? 0) * 1000,
      close: async () => {
        track?.removeEventListener('ended', onEnd);
        stopTracks();
        await context.close();
      },
    };
  } catch (error) {
    stopTracks();
    throw error;
  }
}

async function ask(): Promise<MediaStream> {
  const { mediaDevices } = navigator as Partial<Navigator>;
  if (mediaDevices === undefined) throw new Error('This browser gives no microphone to pages that are not on https.');
  try {
    return await mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false } });
  } catch (error) {
    throw new Error(sentenceFor(error), { cause: error });
  }
}

function sentenceFor(error: unknown): string {
  switch (error instanceof DOMException ? error.name : '') {
    case 'NotAllowedError':
      return 'The microphone is not allowed: allow it for this site in the browser, then try again.';
    case 'NotFoundError':
      return 'There is no microphone on this device.';
    case 'NotReadableError':
      return 'Another program has the microphone: close it, then try again.';
    default:
      return `The microphone does not open: ${String(error)}`;
  }
}

/** At the wanted rate where the browser converts, at the microphone's own otherwise (Firefox). */
function contextFor(stream: MediaStream): { context: AudioContext; source: MediaStreamAudioSourceNode } {
  const wanted = new AudioContext({ sampleRate: WANTED_RATE });
  try {
    return { context: wanted, source: wanted.createMediaStreamSource(stream) };
  } catch {
    void wanted.close();
    const context = new AudioContext();
    return { context, source: context.createMediaStreamSource(stream) };
  }
}
