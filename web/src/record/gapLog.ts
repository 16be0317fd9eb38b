/** Lists what a recording is missing: when, how long and why. */
import { signal, type ReadonlySignal } from '@preact/signals';
import type { InterruptionReason, Missed } from './interruption.ts';
import type { Arrived } from './source.ts';

/** A shorter gap between two stretches is a delay of the platform, milliseconds. */
const LEAST_MS = 200;

type Moment = Pick<Arrived, 'at' | 'monotonic'>;

export class GapLog {
  readonly missed: ReadonlySignal<readonly Missed[]>;
  readonly #missed = signal<readonly Missed[]>([]);
  /** End of what is recorded without a gap. */
  #end: Moment | null = null;
  #reason: InterruptionReason | null = null;
  /** Whether nothing is recorded yet: microphones need a moment before the first frame, which does not count as a gap. */
  #isStart = true;

  constructor() {
    this.missed = this.#missed;
  }

  /** Called when a recording begins. */
  begin(at: Moment): void {
    this.#missed.value = [];
    this.#end = at;
    this.#reason = null;
    this.#isStart = true;
  }

  /** Called when nothing is recorded any more. Only the first reason counts, because it causes the others. */
  because(reason: InterruptionReason): void {
    this.#reason ??= reason;
  }

  stretchEnds(last: Moment): void {
    this.#end = last;
  }

  /** @param frameMs length of the first frame, milliseconds */
  stretchBegins(first: Moment, frameMs: number): void {
    this.#add(first, frameMs);
    this.#isStart = false;
    this.#reason = null;
  }

  /** Called when the recording ends, perhaps during an interruption. */
  finish(at: Moment): void {
    if (this.#reason !== null) this.#add(at, 0);
    this.#reason = null;
  }

  #add(next: Moment, frameMs: number): void {
    if (this.#end === null) return;
    const monotonicMs = next.monotonic - this.#end.monotonic - frameMs;
    const wallMs = next.at - this.#end.at - frameMs;
    // The monotonic clock stops in some sleeping devices, and the wall clock may be set, so the two are compared.
    const isClock = Math.abs(wallMs - monotonicMs) >= LEAST_MS;
    const lengthMs = Math.max(0, Math.round(this.#reason === null ? Math.max(wallMs, monotonicMs) : monotonicMs));
    if (this.#reason === null && (this.#isStart || (lengthMs < LEAST_MS && !isClock))) return;
    const reason = this.#reason ?? (isClock ? 'clock' : 'lost');
    this.#missed.value = [...this.#missed.value, { reason, at: this.#end.at, lengthMs }];
  }
}
