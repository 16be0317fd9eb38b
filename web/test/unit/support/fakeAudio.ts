/** A platform's audio that the test controls: contexts, tracks, frames and failures. */
import type { AudioPlatform } from '../../../src/record/microphone.ts';
import type { FakeTime } from './fakeTime.ts';

export const RATE = 16_000;
/** Samples in 20 ms. */
export const FRAME = 320;

class FakeTrack extends EventTarget {
  readyState: MediaStreamTrackState = 'live';
  muted = false;
  settings: MediaTrackSettings = { sampleRate: 48_000, deviceId: 'default' };
  readonly label: string;

  constructor(label: string) {
    super();
    this.label = label;
  }

  getSettings(): MediaTrackSettings {
    return { ...this.settings };
  }

  /** Stops it as a script does: without an event. */
  stop(): void {
    this.readyState = 'ended';
  }

  /** Ends it as the platform does. */
  end(): void {
    this.stop();
    this.dispatchEvent(new Event('ended'));
  }

  mute(muted: boolean): void {
    this.muted = muted;
    this.dispatchEvent(new Event(muted ? 'mute' : 'unmute'));
  }
}

class FakeContext extends EventTarget {
  state: AudioContextState = 'suspended';
  readonly sampleRate: number;
  /** The track that it is connected to. */
  track: FakeTrack | null = null;
  /** Whether the platform lets it run. */
  mayRun = true;
  resumed = 0;

  constructor(sampleRate: number) {
    super();
    this.sampleRate = sampleRate;
  }

  createMediaStreamSource(stream: MediaStream): { connect: () => void } {
    this.track = stream.getAudioTracks()[0] as unknown as FakeTrack;
    return { connect: () => undefined };
  }

  resume(): Promise<void> {
    this.resumed++;
    if (!this.mayRun) return new Promise(() => undefined);
    this.#become('running');
    return Promise.resolve();
  }

  /** Suspends it as the platform does when a call arrives. */
  interrupt(): void {
    this.mayRun = false;
    this.#become('suspended');
  }

  close(): Promise<void> {
    this.#become('closed');
    return Promise.resolve();
  }

  #become(state: AudioContextState): void {
    if (this.state === state) return;
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }
}

interface Opened {
  readonly track: FakeTrack;
  readonly context: FakeContext;
  readonly port: { onmessage: ((event: MessageEvent) => void) | null };
  /** Number of samples that its audio clock has counted. */
  samples: number;
}

export class FakeAudio {
  readonly opened: Opened[] = [];
  /** Sample rate of microphones that are opened from now on. */
  sampleRate = RATE;
  /** Why no microphone can be opened; null if one can. */
  refusal: Error | null = null;
  /** Whether the browser asks for permission, without an answer. */
  isAsking = false;
  /** Whether no frames arrive, although there is no obstacle. */
  isDead = false;
  /** What happens when the worklet is loaded. */
  worklet: 'there' | 'missing' | 'stuck' = 'there';
  readonly #contexts: FakeContext[] = [];
  readonly #tracks: FakeTrack[] = [];
  readonly #time: FakeTime;
  #onChange: () => void = () => undefined;
  #onFreeze: () => void = () => undefined;
  readonly #answers: (() => void)[] = [];

  constructor(time: FakeTime) {
    this.#time = time;
  }

  get last(): Opened {
    const last = this.opened.at(-1);
    if (last === undefined) throw new Error('No microphone was opened.');
    return last;
  }

  /** Number of microphones that are still open. */
  get held(): number {
    return this.#tracks.filter(({ readyState }) => readyState === 'live').length;
  }

  /** Number of audio contexts that are not closed: browsers allow only a few. */
  get contexts(): number {
    return this.#contexts.filter(({ state }) => state !== 'closed').length;
  }

  readonly platform: AudioPlatform = {
    mediaDevices: {
      getUserMedia: async () => {
        if (this.refusal !== null) throw this.refusal;
        if (this.isAsking) await new Promise<void>((resolve) => this.#answers.push(resolve));
        const track = new FakeTrack(`Microphone ${this.opened.length + 1}`);
        this.#tracks.push(track);
        return { getTracks: () => [track], getAudioTracks: () => [track] } as unknown as MediaStream;
      },
    },
    createContext: () => {
      const context = new FakeContext(this.sampleRate);
      this.#contexts.push(context);
      return context as unknown as AudioContext;
    },
    createCapture: (context) => {
      if (this.worklet === 'missing') return Promise.reject(new DOMException('Unable to load.', 'AbortError'));
      if (this.worklet === 'stuck') return new Promise(() => undefined);
      const fake = context as unknown as FakeContext;
      if (fake.track === null) throw new Error('Its source has to be there first.');
      const port: Opened['port'] = { onmessage: null };
      this.opened.push({ track: fake.track, context: fake, port, samples: 0 });
      return Promise.resolve({ port } as unknown as AudioWorkletNode);
    },
  };

  answer(): void {
    this.isAsking = false;
    for (const answer of this.#answers.splice(0)) answer();
  }

  readonly pageEvents = (onChange: () => void, onFreeze: () => void): (() => void) => {
    this.#onChange = onChange;
    this.#onFreeze = onFreeze;
    return () => undefined;
  };

  /** The page is shown, a device is added or removed, or the page continues after it was frozen. */
  changePage(): void {
    this.#onChange();
  }

  freeze(): void {
    this.#onFreeze();
  }

  /** Time passes, and the microphone delivers its frames. @param level of the samples; 0 is silence */
  async capture(seconds: number, level = 0.1): Promise<void> {
    for (let i = 0; i < seconds * 50; i++) {
      await this.#time.advance(20);
      this.frame(level);
    }
  }

  /** Delivers one frame now. */
  frame(level = 0.1): void {
    const opened = this.opened.at(-1);
    if (opened === undefined || this.isDead) return;
    const { track, context, port } = opened;
    if (track.readyState === 'ended' || context.state !== 'running') return;
    const length = context.sampleRate / 50;
    opened.samples += length;
    const samples = new Float32Array(length).fill(track.muted ? 0 : level);
    port.onmessage?.({ data: { endSample: opened.samples, samples } } as MessageEvent);
  }
}
