/** One open microphone: its frames of 20 ms, and the reason if it cannot deliver them. */
import { within } from '../within.ts';
import type { CapturedFrame } from '../workers/frame.ts';
import type { InterruptionReason } from './interruption.ts';

/** The platform's audio: the browser's, or a fake in tests. */
export interface AudioPlatform {
  /** Missing on pages that are not served over https. */
  readonly mediaDevices: Pick<MediaDevices, 'getUserMedia'> | undefined;
  readonly createContext: (options?: AudioContextOptions) => AudioContext;
  /** Creates the worklet of `workers/capture.ts`, which posts a {@link CapturedFrame} for each 20 ms. */
  readonly createCapture: (context: AudioContext) => Promise<AudioWorkletNode>;
}

export interface Microphone {
  /** The platform's name for it; empty if there is none. */
  readonly label: string;
  readonly sampleRate: number;
  /** The device's own delay, milliseconds. */
  readonly latencyMs: number;
  /** Why it delivers nothing; null if it should deliver frames. */
  obstacle(): Extract<InterruptionReason, 'suspended' | 'muted' | 'ended' | 'changed'> | null;
  /** Restarts a suspended audio clock if the platform allows it. */
  resume(): void;
  close(): Promise<void>;
}

export interface MicrophoneEvents {
  readonly onFrame: (frame: CapturedFrame) => void;
  /** Called when `obstacle()` may have changed. */
  readonly onChange: () => void;
}

export type OpenMicrophone = (events: MicrophoneEvents) => Promise<Microphone>;

/** Samples a second. Speech needs no more, and the server decodes to this rate. */
const WANTED_RATE = 16_000;

/** @throws Error with a sentence for the user */
export async function openMicrophone(platform: AudioPlatform, events: MicrophoneEvents): Promise<Microphone> {
  const stream = await ask(platform);
  const stopTracks = (): void => {
    for (const each of stream.getTracks()) each.stop();
  };
  let context: AudioContext | null = null;
  try {
    const [track] = stream.getAudioTracks();
    if (track === undefined) throw new Error('The browser provided no microphone. Choose one in its settings.');
    const opened = contextFor(platform, stream);
    context = opened.context;
    const capture = await createCapture(platform, context);
    capture.port.onmessage = ({ data }: MessageEvent<CapturedFrame>) => {
      events.onFrame(data);
    };
    opened.source.connect(capture);
    return watched(context, track, events.onChange, stopTracks);
  } catch (error) {
    stopTracks();
    // Browsers allow only a few open contexts, and while no microphone works, a recording tries again and again.
    void context?.close();
    throw error;
  }
}

/** Time limit for loading the worklet's file, milliseconds. It comes from the network if the browser has not stored it. */
const CAPTURE_LIMIT_MS = 15_000;
const NO_CAPTURE =
  'A part of the console that records could not be loaded. Check the connection, then reload this page.';

/** @throws Error with a sentence for the user */
async function createCapture(platform: AudioPlatform, context: AudioContext): Promise<AudioWorkletNode> {
  try {
    return await within(platform.createCapture(context), CAPTURE_LIMIT_MS);
  } catch (error) {
    throw new Error(NO_CAPTURE, { cause: error });
  }
}

function watched(
  context: AudioContext,
  track: MediaStreamTrack,
  onChange: () => void,
  stopTracks: () => void,
): Microphone {
  const opened = settingsOf(track);
  const changes = [
    [context, 'statechange'],
    [track, 'mute'],
    [track, 'unmute'],
    [track, 'ended'],
  ] as const;
  for (const [target, event] of changes) target.addEventListener(event, onChange);
  const resume = (): void => {
    // A browser that first wants a user gesture leaves this pending. The session calls again.
    if (context.state !== 'closed') context.resume().catch(() => undefined);
  };
  resume();
  return {
    label: track.label,
    sampleRate: context.sampleRate,
    latencyMs: (opened.latency ?? 0) * 1000,
    obstacle: () => {
      if (track.readyState === 'ended' || context.state === 'closed') return 'ended';
      const { sampleRate, deviceId } = settingsOf(track);
      if (sampleRate !== opened.sampleRate || deviceId !== opened.deviceId) return 'changed';
      // Safari also has the state "interrupted".
      if (context.state !== 'running') return 'suspended';
      return track.muted ? 'muted' : null;
    },
    resume,
    close: async () => {
      for (const [target, event] of changes) target.removeEventListener(event, onChange);
      stopTracks();
      if (context.state !== 'closed') await context.close();
    },
  };
}

/** TypeScript's DOM types lack `latency`. */
function settingsOf(track: MediaStreamTrack): MediaTrackSettings & { latency?: number } {
  return track.getSettings();
}

async function ask({ mediaDevices }: AudioPlatform): Promise<MediaStream> {
  if (mediaDevices === undefined) throw new Error('This browser allows the microphone only on https pages.');
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
      return 'Another program uses the microphone: close it, then try again.';
    default:
      return `The microphone cannot be opened: ${String(error)}`;
  }
}

/** A context at the wanted rate if the browser converts, otherwise at the microphone's own rate (Firefox). */
function contextFor(
  { createContext }: AudioPlatform,
  stream: MediaStream,
): { context: AudioContext; source: MediaStreamAudioSourceNode } {
  const wanted = createContext({ sampleRate: WANTED_RATE });
  try {
    return { context: wanted, source: wanted.createMediaStreamSource(stream) };
  } catch {
    void wanted.close();
    const context = createContext();
    return { context, source: context.createMediaStreamSource(stream) };
  }
}
