/** Recordings that are whole: from the journal to the outbox. */
import type { Journal } from './journal.ts';

export interface DeliveryOptions {
  readonly journal: Pick<Journal, 'names' | 'read' | 'remove'>;
  /** Accepts a recording that is whole; it is deleted from the journal when this has resolved. */
  readonly deliver: (name: string, audio: Blob) => Promise<void>;
  /** Whether it was delivered before, by a tab that died before it could note that. */
  readonly isDelivered: (name: string) => boolean;
  readonly onProblem: (error: unknown) => void;
}

export class Delivery {
  readonly #options: DeliveryOptions;
  #hasUndelivered = false;

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
    await this.#deliver(name).catch(this.fail);
  }

  /** Everything in the journal; one file that cannot be handed over does not keep back the others. @returns how many there were */
  async all(): Promise<number> {
    const problems: unknown[] = [];
    try {
      const names = await this.#options.journal.names();
      for (const name of names) await this.#deliver(name).catch((error: unknown) => problems.push(error));
      if (problems.length > 0) throw problems[0];
      this.#hasUndelivered = false;
      return names.length;
    } catch (error) {
      this.#hasUndelivered = true;
      throw error;
    }
  }

  /** Told once a recording: it is safe in the journal, and the same would be said every minute. */
  readonly fail = (error: unknown): void => {
    if (!this.#hasUndelivered) this.#options.onProblem(error);
    this.#hasUndelivered = true;
  };

  async #deliver(name: string): Promise<void> {
    const { journal, deliver, isDelivered } = this.#options;
    const audio = await journal.read(name);
    if (audio.size > 0 && !isDelivered(name)) await deliver(name, audio);
    await journal.remove(name);
  }
}
