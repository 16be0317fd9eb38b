/** Records with the microphone, with or without a network: into the journal at once, and into the outbox minute by minute. */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { FrameFormat } from 'offline-audio-sync-client';
import { within } from '../within.ts';
import { CapturedAudio } from './capturedAudio.ts';
import { CaptureSession, type PageEvents } from './captureSession.ts';
import { Delivery, type DeliveryOptions } from './delivery.ts';
import type { Interruption, Missed } from './interruption.ts';
import type { Journal } from './journal.ts';
import type { Keeping } from './keeping.ts';
import type { OpenMicrophone } from './microphone.ts';
import { holdAlone } from './oneTab.ts';

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
  readonly #options: RecorderOptions;
  readonly #delivery: Delivery;
  readonly #audio: CapturedAudio;
  #session: CaptureSession | null = null;
  #release: () => void = () => undefined;
  #letSleep: () => void = () => undefined;
  #cancelling: AbortController | null = null;
  #ending: Promise<Ending> | null = null;
  #recovering: Promise<unknown> = Promise.resolve();

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#delivery = new Delivery(options);
    this.#audio = new CapturedAudio({
      ...options,
      onFile: (name) => {
        // The next second is stored without waiting for the outbox. At the end, all files are delivered.
        if (this.state.value.kind === 'recording') void this.#delivery.one(name);
      },
      onBroken: () => {
        void this.stop();
      },
    });
    this.level = this.#audio.level;
    this.recordedMs = this.#audio.recordedMs;
    this.interruption = this.#audio.interruption;
    this.missed = this.#audio.missed;
    this.isSilent = this.#audio.isSilent;
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
    this.#ending = null;
    this.#delivery.begin();
    this.#audio.begin();
    const session = new CaptureSession({
      ...this.#options,
      onFrame: this.#audio.addFrame,
      onOpen: ({ format, microphone }) => {
        this.state.value = { kind: 'recording', format, microphone: microphone.label };
      },
      onInterruption: this.#audio.interrupt,
    });
    this.#session = session;
    await session.start();
    if (this.#session !== session) return;
    this.#letSleep = this.#options.keepAwake((isAwake) => {
      this.#isAwake.value = isAwake;
    });
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
      await this.#audio.finish();
      // This includes the file whose last piece could not be stored, and files that could not be delivered before.
      await this.#delivery.all();
    } catch (error) {
      this.#delivery.fail(error);
    } finally {
      await this.#shut();
    }
    if (this.#audio.isBroken) return 'broken';
    return this.#delivery.hasUndelivered ? 'kept' : 'delivered';
  }

  async #shut(): Promise<void> {
    this.#letSleep();
    this.#letSleep = () => undefined;
    this.#isAwake.value = null;
    const session = this.#session;
    this.#session = null;
    await session?.close();
    this.#audio.close();
    this.#release();
    this.#release = () => undefined;
    this.state.value = { kind: 'idle' };
  }

  /** Only one tab records at a time. */
  #lock(): Promise<(() => void) | null> {
    return holdAlone(`recorder/${this.#options.uid}`);
  }
}
