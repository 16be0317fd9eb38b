/** A pause that a person makes. What was recorded is a whole recording; what follows is another one, at its own time: so the pause stays a gap. */
import { computed, signal, type ReadonlySignal } from '@preact/signals';
import type { Ending, Recorder } from './recorder.ts';

export class Pausing {
  /** Audio recorded since the person began, pauses left out, milliseconds. */
  readonly recordedMs: ReadonlySignal<number>;
  readonly isPaused: ReadonlySignal<boolean>;
  readonly #isPaused = signal(false);
  /** Before the last pause. */
  readonly #beforeMs = signal(0);
  readonly #recorder: Pick<Recorder, 'start' | 'stop' | 'recordedMs' | 'state'>;

  constructor(recorder: Pick<Recorder, 'start' | 'stop' | 'recordedMs' | 'state'>) {
    this.#recorder = recorder;
    this.isPaused = this.#isPaused;
    this.recordedMs = computed(() => this.#beforeMs.value + (this.#isPaused.value ? 0 : recorder.recordedMs.value));
  }

  /** Begins, or goes on after a pause. @throws Error with a sentence for a person */
  async start(): Promise<void> {
    if (!this.#isPaused.value) this.#beforeMs.value = 0;
    await this.#recorder.start();
    if (this.#recorder.state.value.kind === 'recording') this.#isPaused.value = false;
  }

  async pause(): Promise<Ending> {
    const ending = await this.#recorder.stop();
    this.#beforeMs.value += this.#recorder.recordedMs.value;
    this.#isPaused.value = true;
    return ending;
  }

  /** Ends it, whether it is paused or not. */
  async finish(): Promise<Ending> {
    const ending = this.#isPaused.value ? 'delivered' : await this.#recorder.stop();
    this.#isPaused.value = false;
    return ending;
  }
}
