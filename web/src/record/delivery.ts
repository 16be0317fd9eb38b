/** Recordings that are whole: from the journal to the outbox. */
import { within } from '../within.ts';
import type { Journal } from './journal.ts';

export interface DeliveryOptions {
  readonly journal: Pick<Journal, 'names' | 'read' | 'remove'>;
  /** Accepts a recording that is whole; it is deleted from the journal when this has resolved. */
  readonly deliver: (name: string, audio: Blob) => Promise<void>;
  /** Whether it was delivered before, by a tab that died before it could note that. */
  readonly isDelivered: (name: string) => boolean;
  readonly onProblem: (error: unknown) => void;
}

/** For the outbox to accept a recording, milliseconds. What it accepts later is not handed over again. */
const ANSWER_LIMIT_MS = 10_000;
const NO_ANSWER = 'What was recorded cannot be sent yet: the storage of this browser does not answer. It is kept here.';

export class Delivery {
  readonly #options: DeliveryOptions;
  #hasUndelivered = false;
  #last: Promise<unknown> = Promise.resolve();
  /** What the outbox has not answered, by name: it is waited for again, and not handed over twice. */
  readonly #unanswered = new Map<string, Promise<void>>();

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Something in the journal could not be handed over. */
  get hasUndelivered(): boolean {
    return this.#hasUndelivered;
  }

  /** A recording begins: what it cannot hand over is told once. */
  begin(): void {
    this.#hasUndelivered = false;
  }

  /** What cannot be handed over stays in the journal. */
  async one(name: string): Promise<void> {
    await this.#afterOthers(() => this.#deliver(name)).catch(this.fail);
  }

  /** Everything in the journal; one file that cannot be handed over does not keep back the others. @returns how many there were */
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
      if (problems.some((error) => isNoAnswer(error))) break; // The others would wait as long.
    }
    if (problems.length > 0) throw problems[0];
    return names.length;
  }

  #afterOthers<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Told once a recording: it is safe in the journal, and the same would be said every minute. */
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
