/**
 * Keeps the microphone delivering during a recording: it restarts a suspended audio clock, opens a new microphone when one has ended, and
 * reports why nothing is recorded. It checks the state at every event and twice a second, because browsers omit some events (a track that a
 * script stops sends none), and a frozen page misses all of them.
 */
import { sentenceOf } from '../domain/sentence.ts';
import { within } from '../within.ts';
import type { Interruption, InterruptionReason } from './interruption.ts';
import { openSource, type Arrived, type Source } from './source.ts';
import type { OpenMicrophone } from './microphone.ts';

/** Calls back when the page or its devices have changed, and before the page is frozen. @returns a function that ends it */
export type PageEvents = (onChange: () => void, onFreeze: () => void) => () => void;

export interface CaptureSessionOptions {
  /** Letters and digits only. */
  readonly deviceId: string;
  readonly openMicrophone: OpenMicrophone;
  readonly pageEvents: PageEvents;
  readonly onFrame: (source: Source, arrived: Arrived) => void;
  /** Called with null when the interruption is over. */
  readonly onInterruption: (interruption: Interruption | null) => void;
  /** Called when the first or another microphone is open. */
  readonly onOpen: (source: Source) => void;
}

const LOOK_EVERY_MS = 500;
/**
 * If no frame arrives for this long, the microphone has stopped, although it reports no obstacle, milliseconds. A busy page gets its frames
 * late, but it gets them all.
 */
export const NO_FRAMES_MS = 2000;
/** A microphone without frames is opened again after this time, milliseconds. */
export const REOPEN_AFTER_MS = 10_000;
const LONGEST_REOPEN_WAIT_MS = 60_000;
/** Time limit for opening a microphone, milliseconds. It is long, because browsers may ask the user first. */
const OPEN_LIMIT_MS = 60_000;
const CLOSE_LIMIT_MS = 5000;

export class CaptureSession {
  readonly #options: CaptureSessionOptions;
  #source: Source | null = null;
  #interruption: Interruption | null = null;
  #opening = false;
  /** Number of the latest attempt to open a microphone. */
  #attempt = 0;
  #closed = false;
  #isPaused = false;
  /** When the last frame arrived or the microphone was opened, by the monotonic clock, milliseconds. */
  #lastFrameAt = 0;
  /** Earliest time to open a microphone again, by the monotonic clock, milliseconds. */
  #reopenAt = 0;
  #reopenWaitMs = 0;
  #unwatch: () => void = () => undefined;

  constructor(options: CaptureSessionOptions) {
    this.#options = options;
  }

  /** @throws Error with a sentence for the user */
  async start(): Promise<void> {
    this.#opening = true;
    await this.#open();
    this.#opening = false;
    if (this.#closed) return;
    const look = (): void => {
      this.#look();
    };
    const timer = setInterval(look, LOOK_EVERY_MS);
    const unlisten = this.#options.pageEvents(look, () => {
      this.#interrupt('frozen');
    });
    this.#unwatch = () => {
      clearInterval(timer);
      unlisten();
    };
  }

  /** Closes the microphone until {@link resume}, so that the browser also shows that nothing is captured. */
  async pause(): Promise<void> {
    this.#interrupt('paused');
    this.#isPaused = true;
    await this.#closeSource();
  }

  /** Opens a microphone again. The interruption ends with its first frame. */
  resume(): void {
    this.#isPaused = false;
    this.#reopenAt = 0;
    this.#look();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#unwatch();
    await this.#closeSource();
  }

  async #open(): Promise<void> {
    const { openMicrophone, deviceId, onOpen } = this.#options;
    const attempt = ++this.#attempt;
    const source = await openSource(openMicrophone, deviceId, () => {
      this.#look();
    });
    // The user stopped or paused meanwhile, or a later attempt has begun.
    if (this.#closed || this.#isPaused || attempt !== this.#attempt) {
      await closeSource(source);
      return;
    }
    this.#source = source;
    this.#lastFrameAt = performance.now();
    onOpen(source);
    source.start((arrived) => {
      this.#onFrame(source, arrived);
    });
  }

  async #closeSource(): Promise<void> {
    const source = this.#source;
    this.#source = null;
    if (source !== null) await closeSource(source);
  }

  #onFrame(source: Source, arrived: Arrived): void {
    if (source !== this.#source || this.#closed) return;
    this.#lastFrameAt = performance.now();
    const obstacle = source.microphone.obstacle();
    // A muted microphone delivers silence, which must not be recorded as if the room were silent.
    if (obstacle !== null) {
      this.#interrupt(obstacle);
      return;
    }
    this.#reopenWaitMs = 0;
    this.#reopenAt = 0;
    this.#set(null);
    this.#options.onFrame(source, arrived);
  }

  #look(): void {
    if (this.#closed || this.#isPaused) return;
    const { microphone } = this.#source ?? {};
    if (microphone === undefined) {
      this.#reopen();
      return;
    }
    const silentMs = performance.now() - this.#lastFrameAt;
    const obstacle = microphone.obstacle() ?? (silentMs >= NO_FRAMES_MS ? 'no_frames' : null);
    // The interruption ends with the next frame, not with the end of the obstacle.
    if (obstacle === null) return;
    this.#interrupt(obstacle);
    if (obstacle === 'suspended' || obstacle === 'no_frames') microphone.resume();
    if (obstacle === 'ended' || obstacle === 'changed') this.#reopen();
    else if (obstacle !== 'muted' && silentMs >= REOPEN_AFTER_MS) this.#reopen();
  }

  /** Opens a microphone again, with growing waits, because browsers may ask the user each time. */
  #reopen(): void {
    const now = performance.now();
    if (this.#opening || now < this.#reopenAt) return;
    this.#opening = true;
    this.#reopenWaitMs = Math.min(Math.max(2 * this.#reopenWaitMs, 1000), LONGEST_REOPEN_WAIT_MS);
    this.#reopenAt = now + this.#reopenWaitMs;
    const attempt = async (): Promise<void> => {
      await this.#closeSource();
      await within(this.#open(), OPEN_LIMIT_MS);
    };
    attempt()
      .catch((error: unknown) => {
        this.#interrupt('unavailable', sentenceOf(error));
      })
      .finally(() => {
        this.#opening = false;
      });
  }

  #interrupt(reason: InterruptionReason, detail: string | null = null): void {
    if (!this.#closed && !this.#isPaused) this.#set({ reason, detail });
  }

  #set(interruption: Interruption | null): void {
    const before = this.#interruption;
    if (before?.reason === interruption?.reason && before?.detail === interruption?.detail) return;
    this.#interruption = interruption;
    this.#options.onInterruption(interruption);
  }
}

async function closeSource({ microphone }: Source): Promise<void> {
  // The microphone is not used any more, so a failure does not matter.
  await within(microphone.close(), CLOSE_LIMIT_MS).catch(() => undefined);
}
