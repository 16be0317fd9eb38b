/**
 * Keeps a microphone delivering for as long as a recording goes on: starts a suspended audio clock again, opens another microphone
 * where one has ended, and says why nothing is recorded. It looks at what is, on every event and twice a second: browsers leave
 * out events (a track that a script stops has none), and a page that was frozen missed all of them.
 */
import { sentenceOf } from '../domain/sentence.ts';
import { within } from '../within.ts';
import type { Interruption, InterruptionReason } from './interruption.ts';
import { openSource, type Arrived, type Source } from './source.ts';
import type { OpenMicrophone } from './microphone.ts';

/** Calls back when something about the page or its devices has changed, and before the page is frozen. @returns how to end it */
export type PageEvents = (onChange: () => void, onFreeze: () => void) => () => void;

export interface CaptureSessionOptions {
  /** Letters and digits. */
  readonly deviceId: string;
  readonly openMicrophone: OpenMicrophone;
  readonly pageEvents: PageEvents;
  readonly onFrame: (source: Source, arrived: Arrived) => void;
  /** Null: it is over. */
  readonly onInterruption: (interruption: Interruption | null) => void;
  /** The first microphone, or another one. */
  readonly onOpen: (source: Source) => void;
}

const LOOK_EVERY_MS = 500;
/** Without a frame for so long, a microphone that seems well is not. A busy page gets its frames later, and all of them. */
export const NO_FRAMES_MS = 2000;
/** A microphone that stays without frames is opened anew after so long, milliseconds. */
export const REOPEN_AFTER_MS = 10_000;
const LONGEST_REOPEN_WAIT_MS = 60_000;
/** An opening without an answer, milliseconds. Browsers may ask a person first. */
const OPEN_LIMIT_MS = 60_000;
const CLOSE_LIMIT_MS = 5000;

export class CaptureSession {
  readonly #options: CaptureSessionOptions;
  #source: Source | null = null;
  #interruption: Interruption | null = null;
  #opening = false;
  /** Of the last opening. */
  #attempt = 0;
  #closed = false;
  #isPaused = false;
  /** When the last frame came, or its microphone was opened: by the monotonic clock. */
  #lastFrameAt = 0;
  /** When a microphone may be opened again, by the monotonic clock. */
  #reopenAt = 0;
  #reopenWaitMs = 0;
  #unwatch: () => void = () => undefined;

  constructor(options: CaptureSessionOptions) {
    this.#options = options;
  }

  /** @throws Error with a sentence for a person */
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

  /** Closes the microphone until {@link resume}, so that the browser, too, shows that nothing is captured. */
  async pause(): Promise<void> {
    this.#interrupt('paused');
    this.#isPaused = true;
    await this.#closeSource();
  }

  /** Opens a microphone again. The interruption is over with its first frame. */
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
    // The person was faster, or a later attempt was.
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
    // The silence that a platform delivers for a muted microphone is not what there was to record.
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
    // It is over with the next frame, and not before.
    if (obstacle === null) return;
    this.#interrupt(obstacle);
    if (obstacle === 'suspended' || obstacle === 'no_frames') microphone.resume();
    if (obstacle === 'ended' || obstacle === 'changed') this.#reopen();
    else if (obstacle !== 'muted' && silentMs >= REOPEN_AFTER_MS) this.#reopen();
  }

  /** Not more often than a person, or a browser that asks one, can bear. */
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
  await within(microphone.close(), CLOSE_LIMIT_MS).catch(() => undefined); // It is not used any more.
}
