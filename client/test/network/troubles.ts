/** Faults of the device itself, by a seed: its clock is set, promises settle late or never, its store fails. */
import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../../functions/test/crash/random.ts';
import type { Backend } from '../../src/backend.ts';
import type { RecordingStore } from '../../src/store.ts';

const DAY_MS = 24 * 3600_000;
/**
 * Changes of the clock. One that is days forward makes the client forget synced recordings and completions, which the server remembers
 * longer.
 */
const JUMPS_MS = [-DAY_MS, -4 * 365 * DAY_MS, 20 * 3600_000];
const MOST_AHEAD_MS = 3 * DAY_MS;
const MOST_JUMPS = 3;
const MOST_HANGS = 2;
const MOST_FAILURES = 6;

class Injected extends Error {
  override readonly name: string = 'Injected';
}

/** The error that Node gives for a full disk. */
class InjectedFull extends Injected {
  readonly code = 'ENOSPC';
}

/** Stores the error of a device's clock, which outlives the process. */
export interface OffsetKeeper {
  read(): number;
  write(offsetMs: number): void;
}

export class Troubles {
  readonly #random: Random;
  readonly #offset: OffsetKeeper;
  #clockOffsetMs: number;
  #jumps = 0;
  #hangs = 0;
  #failures = 0;

  constructor(seed: number, offset: OffsetKeeper) {
    this.#random = new Random(seed);
    this.#offset = offset;
    this.#clockOffsetMs = offset.read();
  }

  /** Called with every reading of the clock. Now and then it sets the clock. */
  clockOffsetMs(): number {
    if (this.#jumps < MOST_JUMPS && this.#random.chance(0.02)) {
      this.#jumps += 1;
      this.#clockOffsetMs = Math.min(MOST_AHEAD_MS, this.#clockOffsetMs + this.#random.pick(JUMPS_MS));
      this.#offset.write(this.#clockOffsetMs);
    }
    return this.#clockOffsetMs;
  }

  /** Whether an error was injected, or is the time limit of a promise that was made to hang. */
  isMine(error: unknown): boolean {
    return error instanceof Injected || (error instanceof Error && error.name === 'TimeLimitError');
  }

  backend(backend: Backend): Backend {
    return {
      ...backend,
      idToken: (refresh) => this.#hanging(() => backend.idToken(refresh)),
      appCheckToken: () => this.#hanging(() => Promise.resolve('of nobody')),
    };
  }

  readonly store = (store: RecordingStore): RecordingStore => ({
    ...store,
    entries: () => this.#failing(() => store.entries()),
    put: (entries, lease) => this.#failing(() => store.put(entries, lease)),
    remove: (keys, lease) => this.#failing(() => store.remove(keys, lease)),
    audioIds: () => this.#failing(() => store.audioIds()),
    putAudio: (id, audio, entries) => this.#failing(() => store.putAudio(id, audio, entries)),
    readAudio: (id, start, end) => this.#failing(() => store.readAudio(id, start, end)),
    removeAudio: (id, keys, lease) => this.#failing(() => store.removeAudio(id, keys, lease)),
  });

  #hanging<T>(work: () => Promise<T>): Promise<T> {
    if (this.#hangs >= MOST_HANGS || !this.#random.chance(0.05)) return work();
    this.#hangs += 1;
    if (this.#random.chance(0.3)) return new Promise(() => undefined);
    const lateMs = 2000 + this.#random.below(8000);
    return delay(lateMs).then(work);
  }

  /** Fails before the work or after it, because a write that is reported as failed may have happened. */
  async #failing<T>(work: () => Promise<T>): Promise<T> {
    if (this.#failures >= MOST_FAILURES || !this.#random.chance(0.08)) return this.#hanging(work);
    this.#failures += 1;
    if (this.#random.chance(0.5)) await work();
    throw this.#random.chance(0.5) ? new InjectedFull('No space left on device.') : new Injected('The store fails.');
  }
}
