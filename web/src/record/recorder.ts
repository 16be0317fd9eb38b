/** Records with the microphone, network or not: into the journal as it goes, to the outbox a minute at a time. */
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
  /** `microphone`: the browser may be asking a person whether the page may have it. */
  | { readonly kind: 'starting'; readonly step: 'store' | 'microphone' }
  | { readonly kind: 'recording'; readonly format: FrameFormat; readonly microphone: string }
  | { readonly kind: 'stopping' };

/**
 * - `delivered`: the outbox has all of it.
 * - `kept`: some of it is still in the journal only; it is handed over later.
 * - `broken`: its end could not be kept, and that was told.
 */
export type Ending = 'delivered' | 'kept' | 'broken';

export interface RecorderOptions extends Omit<DeliveryOptions, 'journal'> {
  readonly uid: string;
  /** Letters and digits. */
  readonly deviceId: string;
  readonly journal: Pick<Journal, 'append' | 'names' | 'read' | 'remove'>;
  /** Whether what is recorded can be kept. */
  readonly checkKeeping: () => Promise<Keeping>;
  /** @throws Error with a sentence for a person */
  readonly openMicrophone: OpenMicrophone;
  readonly pageEvents: PageEvents;
  /** From when a recording begins until what it returns is called. It tells whether the device stays awake. */
  readonly keepAwake: (onChange: (isAwake: boolean) => void) => () => void;
}

/** For what an earlier page left behind to be handed over, milliseconds. */
const RECOVERY_LIMIT_MS = 10_000;
const STILL_RECOVERING = 'An earlier recording is still being saved: try again in a moment.';

export class Recorder {
  readonly state = signal<RecorderState>({ kind: 'idle' });
  /** How loud it is, from 0 to 1; ten times a second. */
  readonly level: ReadonlySignal<number>;
  /** Audio that was recorded since the last start, milliseconds; it changes ten times a second. */
  readonly recordedMs: ReadonlySignal<number>;
  /** Why nothing is recorded now; null while something is. */
  readonly interruption: ReadonlySignal<Interruption | null>;
  /** What was not recorded since the last start, in its order. */
  readonly missed: ReadonlySignal<readonly Missed[]>;
  /** Whether the microphone has delivered nothing but zeros for a while. They are recorded: nothing proves that it is muted. */
  readonly isSilent: ReadonlySignal<boolean>;
  /** Null before it was checked. */
  readonly keeping: ReadonlySignal<Keeping | null>;
  /** Whether the device is kept from going to sleep; null while nothing is recorded. */
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
  /** Writing happens in order, whatever comes meanwhile. */
  #writing: Promise<unknown> = Promise.resolve();
  #session: CaptureSession | null = null;
  #stretch: Stretch | null = null;
  /** Counted at every frame; the signal follows it. */
  #countedMs = 0;
  /** The encoder of the browser failed: PCM is recorded from there on. */
  #isOpusBroken = false;
  #release: () => void = () => undefined;
  #letSleep: () => void = () => undefined;
  #cancelling: AbortController | null = null;
  #ending: Promise<Ending> | null = null;
  #recovering: Promise<unknown> = Promise.resolve();
  /** A piece could not be kept. */
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

  /** Looks whether what is recorded can be kept, and shows it in `keeping`. */
  async checkKeeping(): Promise<void> {
    this.#keeping.value = await this.#options.checkKeeping();
  }

  /**
   * Delivers what an earlier page left behind. Where another tab is recording, that tab does it.
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
      return await this.#delivery.all();
    } finally {
      release();
    }
  }

  /** Tries again what could not be handed over, for when that may have changed. It was told, so it fails without a word. */
  async retry(): Promise<void> {
    if (this.#delivery.hasUndelivered && this.state.value.kind === 'idle') await this.recover().catch(() => undefined);
  }

  /** Resolves when it records, or `stop` was called meanwhile. @throws Error with a sentence for a person */
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
    // It holds the same lock.
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

  /** Resolves when everything that was recorded is with the outbox, or cannot be now. What went wrong was told. */
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
      // Also the file whose last piece was not kept, and what could not be handed over when it was whole.
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
    // What was captured before is kept now: a page in the background may not live to see the end of it.
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
    // Not waited for: whatever the outbox does, the next second is kept. At the end, all of them are handed over.
    if (piece.last && this.state.value.kind === 'recording') void this.#delivery.one(piece.name);
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

  /** One tab records at a time. */
  #lock(): Promise<(() => void) | null> {
    return holdAlone(`recorder/${this.#options.uid}`);
  }
}
