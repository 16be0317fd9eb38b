/** Records with the microphone, with or without a network: into the journal at once, and into the outbox minute by minute. */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { FrameFormat } from 'offline-audio-sync-client';
import { sentenceOf } from '../domain/sentence.ts';
import { within } from '../within.ts';
import { CaptureSession, type PageEvents } from './captureSession.ts';
import type { Piece } from './cutter.ts';
import { Delivery, type DeliveryOptions } from './delivery.ts';
import { formatFor, loudness } from './format.ts';
import { GapLog } from './gapLog.ts';
import type { Interruption, Missed } from './interruption.ts';
import type { Journal } from './journal.ts';
import type { Keeping } from './keeping.ts';
import type { OpenMicrophone } from './microphone.ts';
import { holdAlone } from './oneTab.ts';
import { SilenceWatch } from './silenceWatch.ts';
import type { Arrived, Source } from './source.ts';
import { Stretch } from './stretch.ts';

export type RecorderState =
  | { readonly kind: 'idle' }
  /** `microphone`: the browser may be asking the user for permission. */
  | { readonly kind: 'starting'; readonly step: 'store' | 'microphone' }
  | { readonly kind: 'recording'; readonly format: FrameFormat; readonly microphone: string }
  | { readonly kind: 'stopping' };

/**
 * How a recording ended:
 * - `delivered`: the outbox has all of it.
 * - `kept`: some of it is only in the journal, and is delivered later.
 * - `broken`: its end could not be stored, and the user was told.
 */
export type Ending = 'delivered' | 'kept' | 'broken';

export interface RecorderOptions extends Omit<DeliveryOptions, 'journal'> {
  readonly uid: string;
  /** Letters and digits only. */
  readonly deviceId: string;
  readonly journal: Pick<Journal, 'append' | 'names' | 'read' | 'remove'>;
  /** Checks whether this device can keep a recording. */
  readonly checkKeeping: () => Promise<Keeping>;
  /** @throws Error with a sentence for the user */
  readonly openMicrophone: OpenMicrophone;
  readonly pageEvents: PageEvents;
  /** Keeps the device awake until the returned function is called, and reports whether it succeeds. */
  readonly keepAwake: (onChange: (isAwake: boolean) => void) => () => void;
}

/** How long to wait until the recordings of an earlier page are delivered, milliseconds. */
const RECOVERY_LIMIT_MS = 10_000;
const STILL_RECOVERING = 'An earlier recording is still being saved: try again in a moment.';

export class Recorder {
  readonly state = signal<RecorderState>({ kind: 'idle' });
  /** Loudness from 0 to 1; updated ten times a second. */
  readonly level: ReadonlySignal<number>;
  /** Length of the audio that was recorded since the last start, milliseconds; updated ten times a second. */
  readonly recordedMs: ReadonlySignal<number>;
  /** Why nothing is recorded now; null while audio is recorded. */
  readonly interruption: ReadonlySignal<Interruption | null>;
  /** What was not recorded since the last start, in order of time. */
  readonly missed: ReadonlySignal<readonly Missed[]>;
  /** Whether the microphone has delivered only zeros for a while. They are recorded, because they do not prove that it is muted. */
  readonly isSilent: ReadonlySignal<boolean>;
  /** Null until it is checked. */
  readonly keeping: ReadonlySignal<Keeping | null>;
  /** Whether the device is kept awake; null while nothing is recorded. */
  readonly isAwake: ReadonlySignal<boolean | null>;
  readonly #keeping = signal<Keeping | null>(null);
  readonly #isAwake = signal<boolean | null>(null);
  readonly #level = signal(0);
  readonly #recordedMs = signal(0);
  readonly #interruption = signal<Interruption | null>(null);
  readonly #gaps = new GapLog();
  readonly #silence = new SilenceWatch();
  readonly #options: RecorderOptions;
  readonly #delivery: Delivery;
  /** The last write. Each write waits for the one before, so that the order is kept. */
  #writing: Promise<unknown> = Promise.resolve();
  #session: CaptureSession | null = null;
  #stretch: Stretch | null = null;
  /** Counted at every frame; the signal is updated less often. */
  #countedMs = 0;
  /** Whether the browser's Opus encoder has failed. PCM is recorded from then on. */
  #isOpusBroken = false;
  #release: () => void = () => undefined;
  #letSleep: () => void = () => undefined;
  #cancelling: AbortController | null = null;
  #ending: Promise<Ending> | null = null;
  #recovering: Promise<unknown> = Promise.resolve();
  /** Whether a piece could not be stored. */
  #broken = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#delivery = new Delivery(options);
    this.level = this.#level;
    this.recordedMs = this.#recordedMs;
    this.interruption = this.#interruption;
    this.missed = this.#gaps.missed;
    this.isSilent = this.#silence.isSilent;
    this.keeping = this.#keeping;
    this.isAwake = this.#isAwake;
  }

  /** Checks whether a recording can be kept, and stores the result in `keeping`. */
  async checkKeeping(): Promise<void> {
    this.#keeping.value = await this.#options.checkKeeping();
  }

  /**
   * Delivers the recordings that an earlier page left behind. If another tab is recording, that tab does it.
   * @returns the number of files
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
      return await this.#delivery.all();
    } finally {
      release();
    }
  }

  /** Tries again to deliver what failed before. The user was told then, so another failure is not reported. */
  async retry(): Promise<void> {
    if (this.#delivery.hasUndelivered && this.state.value.kind === 'idle') await this.recover().catch(() => undefined);
  }

  /** Resolves when recording has begun, or when `stop` was called meanwhile. @throws Error with a sentence for the user */
  async start(): Promise<void> {
    if (this.state.value.kind !== 'idle') return;
    this.state.value = { kind: 'starting', step: 'store' };
    const cancelling = new AbortController();
    this.#cancelling = cancelling;
    const cancelled = new Promise<void>((resolve) => {
      cancelling.signal.addEventListener('abort', () => {
        resolve();
      });
    });
    try {
      await Promise.race([this.#begin(cancelling.signal), cancelled]);
      if (cancelling.signal.aborted) await this.#shut();
    } catch (error) {
      await this.#shut();
      throw error;
    }
  }

  async #begin(cancelled: AbortSignal): Promise<void> {
    // Recovery uses the same lock.
    await within(this.#recovering, RECOVERY_LIMIT_MS, STILL_RECOVERING);
    await this.checkKeeping();
    const { obstacle = null } = this.keeping.value ?? {};
    if (obstacle !== null) throw new Error(obstacle);
    const release = await this.#lock();
    if (release === null) throw new Error('Another tab is recording already.');
    if (cancelled.aborted) {
      release();
      return;
    }
    this.#release = release;
    this.state.value = { kind: 'starting', step: 'microphone' };
    this.#reset();
    const session = new CaptureSession({
      ...this.#options,
      onFrame: this.#processFrame,
      onOpen: ({ format, microphone }) => {
        this.state.value = { kind: 'recording', format, microphone: microphone.label };
      },
      onInterruption: this.#onInterruption,
    });
    this.#session = session;
    await session.start();
    if (this.#session !== session) return;
    this.#letSleep = this.#options.keepAwake((isAwake) => {
      this.#isAwake.value = isAwake;
    });
  }

  #reset(): void {
    this.#broken = false;
    this.#ending = null;
    this.#isOpusBroken = false;
    this.#delivery.begin();
    this.#gaps.begin({ at: Date.now(), monotonic: performance.now() });
    this.#countedMs = 0;
    this.#recordedMs.value = 0;
  }

  /** Records nothing until {@link resume}. What was recorded before is kept. */
  async pause(): Promise<void> {
    if (this.state.value.kind === 'recording') await this.#session?.pause();
  }

  resume(): void {
    this.#session?.resume();
  }

  /** Resolves when everything is delivered, or cannot be now. Problems are reported to the user. */
  async stop(): Promise<Ending> {
    if (this.state.value.kind === 'starting') this.#cancelling?.abort();
    if (this.state.value.kind === 'recording') this.#ending = this.#end();
    return (await this.#ending) ?? 'delivered';
  }

  async #end(): Promise<Ending> {
    this.state.value = { kind: 'stopping' };
    try {
      await this.#session?.close();
      this.#endStretch();
      this.#gaps.finish({ at: Date.now(), monotonic: performance.now() });
      await this.#written();
      // This includes the file whose last piece could not be stored, and files that could not be delivered before.
      await this.#delivery.all();
    } catch (error) {
      this.#delivery.fail(error);
    } finally {
      await this.#shut();
    }
    if (this.#broken) return 'broken';
    return this.#delivery.hasUndelivered ? 'kept' : 'delivered';
  }

  async #shut(): Promise<void> {
    this.#letSleep();
    this.#letSleep = () => undefined;
    this.#isAwake.value = null;
    const session = this.#session;
    this.#session = null;
    await session?.close();
    this.#stretch = null;
    this.#level.value = 0;
    this.#silence.reset();
    this.#interruption.value = null;
    this.#release();
    this.#release = () => undefined;
    this.state.value = { kind: 'idle' };
  }

  readonly #onInterruption = (interruption: Interruption | null): void => {
    this.#interruption.value = interruption;
    if (interruption === null) return;
    this.#level.value = 0;
    this.#silence.reset();
    this.#gaps.because(interruption.reason);
    // What was captured before is stored now, because a page in the background may be ended at any time.
    this.#endStretch();
  };

  readonly #processFrame = (source: Source, arrived: Arrived): void => {
    const { endSample, samples } = arrived.frame;
    if (Math.round(endSample / samples.length) % 5 === 0) {
      this.#level.value = loudness(samples);
      this.#recordedMs.value = this.#countedMs;
    }
    this.#silence.observe(samples, source.microphone.sampleRate);
    if (this.#stretch !== null && this.#stretch.source !== source) this.#endStretch();
    this.#stretch ??= this.#beginStretch(source, arrived);
    const others = this.#stretch.add(arrived);
    if (others.length === 0) return;
    this.#endStretch();
    for (const each of others) this.#processFrame(source, each);
  };

  #beginStretch(source: Source, first: Arrived): Stretch {
    const { sampleRate } = source.microphone;
    this.#gaps.stretchBegins(first, (first.frame.samples.length / sampleRate) * 1000);
    const format = this.#isOpusBroken ? formatFor(this.#options.deviceId, sampleRate, false) : source.format;
    const stretch: Stretch = new Stretch(source, format, first, {
      onPiece: (piece) => {
        this.#write(() => this.#store(piece));
      },
      onRecorded: (ms) => {
        this.#countedMs += ms;
      },
      onError: () => {
        this.#isOpusBroken = true;
        if (this.#stretch !== stretch) return;
        this.#gaps.because('encoder');
        this.#endStretch();
      },
    });
    return stretch;
  }

  #endStretch(): void {
    const ended = this.#stretch;
    this.#stretch = null;
    if (ended === null) return;
    ended.recordDoubtful();
    this.#write(() => ended.end());
    this.#gaps.stretchEnds(ended.lastRecorded);
    this.#recordedMs.value = this.#countedMs;
  }

  /** Stores a piece. A missing piece would shift all audio behind it in the file, so the first failure ends the recording. */
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
    // The next second is stored without waiting for the outbox. At the end, all files are delivered.
    if (piece.last && this.state.value.kind === 'recording') void this.#delivery.one(piece.name);
  }

  #write(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(work).catch((error: unknown) => {
      this.#options.onProblem(error);
    });
  }

  /** Resolves when all writes are done, including writes that they add. */
  async #written(): Promise<void> {
    for (let writing; writing !== this.#writing;) {
      writing = this.#writing;
      await writing;
    }
  }

  /** Only one tab records at a time. */
  #lock(): Promise<(() => void) | null> {
    return holdAlone(`recorder/${this.#options.uid}`);
  }
}
