/** Records with the microphone, network or not: into the journal as it goes, to the outbox a minute at a time. */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { FrameFormat } from 'offline-audio-sync-client';
import { sentenceOf } from '../domain/sentence.ts';
import type { CapturedFrame } from '../workers/frame.ts';
import { CaptureClock } from './captureClock.ts';
import { Cutter, type Piece } from './cutter.ts';
import { canEncodeOpus, opusEncoder, pcmEncoder, type FrameEncoder } from './encoder.ts';
import { formatFor, loudness } from './format.ts';
import type { Journal } from './journal.ts';
import type { Microphone, MicrophoneEvents } from './microphone.ts';
import { holdAlone } from './oneTab.ts';

export type RecorderState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'recording'; readonly since: number; readonly format: FrameFormat }
  | { readonly kind: 'stopping' };

/**
 * - `delivered`: the outbox has all of it.
 * - `kept`: some of it is still in the journal only; it is handed over later.
 * - `broken`: its end could not be kept, and that was told.
 */
export type Ending = 'delivered' | 'kept' | 'broken';

export interface RecorderOptions {
  readonly uid: string;
  /** Letters and digits. */
  readonly deviceId: string;
  readonly journal: Pick<Journal, 'append' | 'names' | 'read' | 'remove'>;
  /** @throws Error with a sentence for a person */
  readonly openMicrophone: (events: MicrophoneEvents) => Promise<Microphone>;
  /** From when a recording begins until what it returns is called. */
  readonly keepAwake: () => () => void;
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
  #letSleep: () => void = () => undefined;
  #ending: Promise<Ending> | null = null;
  #recovering: Promise<unknown> = Promise.resolve();
  /** A piece could not be kept. */
  #broken = false;
  /** Something in the journal could not be handed over. */
  #undelivered = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.level = this.#level;
  }

  /**
   * Delivers what an earlier page left behind. Where another tab is recording, that is its business.
   * @returns how many files there were
   */
  recover(): Promise<number> {
    const recovering = this.#recovering.then(() => this.#recover());
    this.#recovering = recovering.catch(() => undefined);
    return recovering;
  }

  async #recover(): Promise<number> {
    const release = this.state.value.kind === 'idle' ? await this.#lock() : null;
    if (release === null) return 0;
    try {
      return await this.#deliverAll();
    } catch (error) {
      this.#undelivered = true;
      throw error;
    } finally {
      release();
    }
  }

  /** Tries again what could not be handed over, for when that may have changed. It was told, so it fails without a word. */
  async retry(): Promise<void> {
    if (this.#undelivered && this.state.value.kind === 'idle') await this.recover().catch(() => undefined);
  }

  /** @throws Error with a sentence for a person */
  async start(): Promise<void> {
    if (this.state.value.kind !== 'idle') return;
    this.state.value = { kind: 'starting' };
    try {
      await this.#recovering; // It holds the same lock.
      const release = await this.#lock();
      if (release === null) throw new Error('Another tab is recording already.');
      this.#release = release;
      // Frames come as soon as it is open, and wait until it is known what becomes of them.
      const early: Arrived[] = [];
      let onArrival = (arrived: Arrived): void => void early.push(arrived);
      this.#microphone = await this.#options.openMicrophone({
        onFrame: (frame) => {
          onArrival({ frame, at: Date.now() });
        },
        onEnd: () => void this.stop(),
      });
      this.#broken = false;
      this.#undelivered = false;
      const { sampleRate } = this.#microphone;
      this.#format = formatFor(this.#options.deviceId, sampleRate, await canEncodeOpus(sampleRate));
      onArrival = (arrived) => {
        this.#processFrame(arrived);
      };
      early.forEach(onArrival);
      this.state.value = { kind: 'recording', since: Date.now(), format: this.#format };
      this.#letSleep = this.#options.keepAwake();
    } catch (error) {
      await this.#shut();
      throw error;
    }
  }

  /** Resolves when everything that was heard is with the outbox, or cannot be now. What went wrong was told. */
  async stop(): Promise<Ending> {
    if (this.state.value.kind === 'recording') this.#ending = this.#end();
    return (await this.#ending) ?? 'delivered';
  }

  async #end(): Promise<Ending> {
    this.state.value = { kind: 'stopping' };
    try {
      await this.#microphone?.close().catch(this.#options.onProblem);
      this.#endStretch();
      await this.#written();
      // Also the file whose last piece was not kept, and what could not be handed over when it was whole.
      await this.#deliverAll();
    } catch (error) {
      this.#notDelivered(error);
    } finally {
      await this.#shut();
    }
    if (this.#broken) return 'broken';
    return this.#undelivered ? 'kept' : 'delivered';
  }

  async #shut(): Promise<void> {
    this.#letSleep();
    this.#letSleep = () => undefined;
    await this.#microphone?.close().catch(() => undefined);
    this.#microphone = null;
    this.#stretch = null;
    this.#level.value = 0;
    this.#release();
    this.#release = () => undefined;
    this.state.value = { kind: 'idle' };
  }

  #processFrame(arrived: Arrived): void {
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
        for (const each of moved) this.#processFrame(each);
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
      this.#keep(ended.cutter.end());
    });
  }

  #keep(piece: Piece | null): void {
    if (piece !== null) this.#write(() => this.#store(piece));
  }

  /** A piece that is missing would move all that follows it in its file: so the first one that cannot be kept ends it. */
  async #store(piece: Piece): Promise<void> {
    if (this.#broken) return;
    try {
      await this.#options.journal.append(piece);
    } catch (error) {
      this.#broken = true;
      const sentence = `The recording ends here: ${sentenceOf(error)} What was recorded before is kept.`;
      this.#options.onProblem(new Error(sentence, { cause: error }));
      void this.stop();
      return;
    }
    if (piece.last) await this.#deliver(piece.name).catch(this.#notDelivered);
  }

  async #deliver(name: string): Promise<void> {
    const { journal, deliver, isDelivered } = this.#options;
    const audio = await journal.read(name);
    if (audio.size > 0 && !isDelivered(name)) await deliver(name, audio);
    await journal.remove(name);
  }

  /** Everything in the journal; one file that cannot be handed over does not keep back the others. @returns how many there were */
  async #deliverAll(): Promise<number> {
    const names = await this.#options.journal.names();
    const problems: unknown[] = [];
    for (const name of names) await this.#deliver(name).catch((error: unknown) => problems.push(error));
    if (problems.length > 0) throw problems[0];
    this.#undelivered = false;
    return names.length;
  }

  /** Told once a recording: it is safe in the journal, and the same would be said every minute. */
  readonly #notDelivered = (error: unknown): void => {
    if (!this.#undelivered) this.#options.onProblem(error);
    this.#undelivered = true;
  };

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

  /** One tab records at a time. */
  #lock(): Promise<(() => void) | null> {
    return holdAlone(`recorder/${this.#options.uid}`);
  }
}
