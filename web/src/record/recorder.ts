/** Records with the microphone, network or not: into the journal as it goes, to the outbox a minute at a time. */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { FrameFormat } from '../../../client/src/frames.ts';
import type { CapturedFrame } from '../workers/frame.ts';
import { CaptureClock } from './captureClock.ts';
import { Cutter, type Piece } from './cutter.ts';
import { canEncodeOpus, opusEncoder, pcmEncoder, type FrameEncoder } from './encoder.ts';
import { formatFor, loudness } from './format.ts';
import type { Journal } from './journal.ts';
import { openMicrophone, type Microphone } from './microphone.ts';

export type RecorderState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'recording'; readonly since: number; readonly format: FrameFormat }
  | { readonly kind: 'stopping' };

export interface RecorderOptions {
  readonly uid: string;
  /** Letters and digits. */
  readonly deviceId: string;
  readonly journal: Journal;
  /** Takes a recording that is whole; it is deleted here when this has resolved. */
  readonly deliver: (name: string, audio: Blob) => Promise<void>;
  /** Whether it was delivered before, by a tab that died before it could note that. */
  readonly isDelivered: (name: string) => boolean;
  readonly onProblem: (error: unknown) => void;
}

/** A stretch without a gap. */
interface Stretch {
  readonly clock: CaptureClock;
  readonly cutter: Cutter;
  readonly encoder: FrameEncoder;
  /** Frames of which it is not known yet whether they belong to it. */
  readonly doubtful: Arrived[];
}

interface Arrived {
  readonly frame: CapturedFrame;
  /** Unix milliseconds. */
  readonly at: number;
}

export class Recorder {
  readonly state = signal<RecorderState>({ kind: 'idle' });
  /** How loud it is, from 0 to 1; ten times a second. */
  readonly level: ReadonlySignal<number>;
  readonly #level = signal(0);
  readonly #options: RecorderOptions;
  /** Writing happens in order, whatever comes meanwhile. */
  #writing: Promise<unknown> = Promise.resolve();
  #microphone: Microphone | null = null;
  #stretch: Stretch | null = null;
  #format: FrameFormat | null = null;
  #release: () => void = () => undefined;
  #wakeLock: WakeLockSentinel | null = null;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.level = this.#level;
  }

  /** Delivers what an earlier page left behind. Where another tab is recording, that is its business. */
  async recover(): Promise<number> {
    const release = await this.#lock();
    if (release === null) return 0;
    try {
      const names = await this.#options.journal.names();
      for (const name of names) await this.#deliver(name);
      return names.length;
    } finally {
      release();
    }
  }

  /** @throws Error with a sentence for a person */
  async start(): Promise<void> {
    if (this.state.value.kind !== 'idle') return;
    this.state.value = { kind: 'starting' };
    try {
      const release = await this.#lock();
      if (release === null) throw new Error('Another tab is recording already.');
      this.#release = release;
      // Frames come as soon as it is open, and wait until it is known what becomes of them.
      const early: Arrived[] = [];
      let take = (arrived: Arrived): void => void early.push(arrived);
      this.#microphone = await openMicrophone({
        onFrame: (frame) => {
          take({ frame, at: Date.now() });
        },
        onEnd: () => void this.stop(),
      });
      const { sampleRate } = this.#microphone;
      this.#format = formatFor(this.#options.deviceId, sampleRate, await canEncodeOpus(sampleRate));
      take = (arrived) => {
        this.#take(arrived);
      };
      early.forEach(take);
      this.state.value = { kind: 'recording', since: Date.now(), format: this.#format };
      void this.#stayAwake();
    } catch (error) {
      await this.#shut();
      throw error;
    }
  }

  /** Resolves when everything that was heard is with the outbox. */
  async stop(): Promise<void> {
    if (this.state.value.kind !== 'recording') return;
    this.state.value = { kind: 'stopping' };
    try {
      await this.#microphone?.close();
      this.#endStretch();
      await this.#written();
    } catch (error) {
      this.#options.onProblem(error);
    } finally {
      await this.#shut();
    }
  }

  async #shut(): Promise<void> {
    await this.#microphone?.close().catch(() => undefined);
    this.#microphone = null;
    this.#stretch = null;
    this.#level.value = 0;
    this.#release();
    this.#release = () => undefined;
    await this.#wakeLock?.release().catch(() => undefined);
    this.#wakeLock = null;
    this.state.value = { kind: 'idle' };
  }

  #take(arrived: Arrived): void {
    const { endSample, samples } = arrived.frame;
    if (Math.round(endSample / samples.length) % 5 === 0) this.#level.value = loudness(samples);
    this.#stretch ??= this.#beginStretch(endSample - samples.length);
    const { clock, doubtful, encoder } = this.#stretch;
    doubtful.push(arrived);
    switch (clock.observe(endSample, arrived.at)) {
      case 'doubtful':
        return;
      case 'steady':
        for (const { frame } of doubtful.splice(0)) encoder.encode(frame.samples);
        return;
      case 'gap': {
        const moved = doubtful.splice(0);
        this.#endStretch();
        for (const each of moved) this.#take(each);
      }
    }
  }

  #beginStretch(firstSample: number): Stretch {
    const { sampleRate = 16_000, latencyMs = 0 } = this.#microphone ?? {};
    const format = this.#format ?? formatFor(this.#options.deviceId, sampleRate, false);
    const clock = new CaptureClock(sampleRate);
    const cutter = new Cutter(format, () => clock.timeOf(firstSample) - latencyMs);
    const onFrame = (frame: Uint8Array): void => {
      this.#keep(cutter.push(frame));
    };
    const onError = (error: Error): void => {
      this.#options.onProblem(error);
      void this.stop();
    };
    const encoder = format.codec === 'pcm16' ? pcmEncoder(onFrame) : opusEncoder(sampleRate, onFrame, onError);
    return { clock, cutter, encoder, doubtful: [] };
  }

  #endStretch(): void {
    const ended = this.#stretch;
    this.#stretch = null;
    if (ended === null) return;
    for (const { frame } of ended.doubtful.splice(0)) ended.encoder.encode(frame.samples);
    this.#write(async () => {
      await ended.encoder.finish();
      // Behind the pieces that finishing has brought.
      this.#write(() => this.#store(ended.cutter.end()));
    });
  }

  #keep(piece: Piece | null): void {
    if (piece !== null) this.#write(() => this.#store(piece));
  }

  async #store(piece: Piece | null): Promise<void> {
    if (piece === null) return;
    await this.#options.journal.append(piece);
    if (piece.last) await this.#deliver(piece.name);
  }

  async #deliver(name: string): Promise<void> {
    const { journal, deliver, isDelivered } = this.#options;
    const audio = await journal.read(name);
    if (audio.size > 0 && !isDelivered(name)) await deliver(name, audio);
    await journal.remove(name);
  }

  #write(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(work).catch((error: unknown) => {
      this.#options.onProblem(error);
    });
  }

  /** What writing brings about is written, too. */
  async #written(): Promise<void> {
    for (let writing; writing !== this.#writing;) {
      writing = this.#writing;
      await writing;
    }
  }

  /** One tab records at a time. @returns how to let go; null where another one has it. */
  async #lock(): Promise<(() => void) | null> {
    const { locks } = navigator as Partial<Navigator>;
    if (locks === undefined) return () => undefined;
    return new Promise((resolve, reject) => {
      locks
        .request(`recorder/${this.#options.uid}`, { ifAvailable: true }, (lock) => {
          if (lock === null) {
            resolve(null);
            return undefined;
          }
          return new Promise<void>((release) => {
            resolve(release);
          });
        })
        .catch(reject);
    });
  }

  /** Phones that go to sleep stop recording. */
  async #stayAwake(): Promise<void> {
    const { wakeLock } = navigator as Partial<Navigator>;
    this.#wakeLock = (await wakeLock?.request('screen').catch(() => null)) ?? null;
  }
}
