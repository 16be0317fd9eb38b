/** Moves complete recordings from the journal to the outbox. */
import { within } from '../within.ts';
import type { Journal } from './journal.ts';

export interface DeliveryOptions {
  readonly journal: Pick<Journal, 'names' | 'read' | 'remove'>;
  /** Adds a complete recording to the outbox. The journal's copy is deleted when this has resolved. */
  readonly deliver: (name: string, audio: Blob) => Promise<void>;
  /** Whether the outbox has the recording already, from a tab that ended before it could delete the journal's copy. */
  readonly isDelivered: (name: string) => boolean;
  readonly onProblem: (error: unknown) => void;
}

/** How long to wait for the outbox to accept a recording, milliseconds. If it accepts one later, the recording is not added again. */
const ANSWER_LIMIT_MS = 10_000;
const NO_ANSWER = 'What was recorded cannot be sent yet: the storage of this browser does not answer. It is kept here.';

export class Delivery {
  readonly #options: DeliveryOptions;
  #hasUndelivered = false;
  #last: Promise<unknown> = Promise.resolve();
  /** Calls that the outbox has not answered, by name. They are awaited again instead of being repeated. */
  readonly #unanswered = new Map<string, Promise<void>>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Whether a recording is left in the journal because the outbox did not accept it. */
  get hasUndelivered(): boolean {
    return this.#hasUndelivered;
  }

  /** Called when a recording begins: a problem is reported once for each recording. */
  begin(): void {
    this.#hasUndelivered = false;
  }

  /** Delivers one file. If that fails, it stays in the journal. */
  async one(name: string): Promise<void> {
    await this.#afterOthers(() => this.#deliver(name)).catch(this.fail);
  }

  /** Delivers everything in the journal; a file that fails does not stop the others. @returns the number of files */
  async all(): Promise<number> {
    try {
      const count = await this.#afterOthers(() => this.#deliverAll());
      this.#hasUndelivered = false;
      return count;
    } catch (error) {
      this.#hasUndelivered = true;
      throw error;
    }
  }

  async #deliverAll(): Promise<number> {
    const problems: unknown[] = [];
    const names = await this.#options.journal.names();
    for (const name of names) {
      await this.#deliver(name).catch((error: unknown) => problems.push(error));
      if (problems.some((error) => isNoAnswer(error))) break; // The others would wait as long, so they are not tried.
    }
    if (problems.length > 0) throw problems[0];
    return names.length;
  }

  #afterOthers<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Reports a problem once for each recording: the audio is safe in the journal, and the message would be the same every minute. */
  readonly fail = (error: unknown): void => {
    if (!this.#hasUndelivered) this.#options.onProblem(error);
    this.#hasUndelivered = true;
  };

  async #deliver(name: string): Promise<void> {
    const { journal, isDelivered } = this.#options;
    const audio = await journal.read(name);
    if (audio.size > 0 && !isDelivered(name)) await this.#handOver(name, audio);
    await journal.remove(name);
  }

  #handOver(name: string, audio: Blob): Promise<void> {
    const handing =
      this.#unanswered.get(name) ??
      this.#options.deliver(name, audio).finally(() => {
        this.#unanswered.delete(name);
      });
    this.#unanswered.set(name, handing);
    return within(handing, ANSWER_LIMIT_MS, NO_ANSWER);
  }
}

function isNoAnswer(error: unknown): boolean {
  return error instanceof Error && error.message === NO_ANSWER;
}
