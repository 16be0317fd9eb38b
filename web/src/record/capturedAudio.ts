/** Divides what the microphone delivers into stretches, and stores each second of it in the journal. */
import { signal, type ReadonlySignal } from '@preact/signals';
import { sentenceOf } from '../domain/sentence.ts';
import type { Piece } from './cutter.ts';
import { formatFor, loudness } from './format.ts';
import { GapLog } from './gapLog.ts';
import type { Interruption, Missed } from './interruption.ts';
import type { Journal } from './journal.ts';
import { SilenceWatch } from './silenceWatch.ts';
import type { Arrived, Source } from './source.ts';
import { Stretch } from './stretch.ts';

export interface CapturedAudioOptions {
  /** Letters and digits only. */
  readonly deviceId: string;
  readonly journal: Pick<Journal, 'append'>;
  readonly onProblem: (error: unknown) => void;
  /** Called when the journal has the last piece of a file. */
  readonly onFile: (name: string) => void;
  /** Called when a piece could not be stored. Nothing is stored after that. */
  readonly onBroken: () => void;
}

export class CapturedAudio {
  readonly level: ReadonlySignal<number>;
  readonly recordedMs: ReadonlySignal<number>;
  readonly interruption: ReadonlySignal<Interruption | null>;
  readonly missed: ReadonlySignal<readonly Missed[]>;
  readonly isSilent: ReadonlySignal<boolean>;
  readonly #level = signal(0);
  readonly #recordedMs = signal(0);
  readonly #interruption = signal<Interruption | null>(null);
  readonly #gaps = new GapLog();
  readonly #silence = new SilenceWatch();
  readonly #options: CapturedAudioOptions;
  /** The last write. Each write waits for the one before, so that the order is kept. */
  #writing: Promise<unknown> = Promise.resolve();
  #stretch: Stretch | null = null;
  /** Counted at every frame; the signal is updated less often. */
  #countedMs = 0;
  /** Whether the browser's Opus encoder has failed. PCM is recorded from then on. */
  #isOpusBroken = false;
  #isBroken = false;

  constructor(options: CapturedAudioOptions) {
    this.#options = options;
    this.level = this.#level;
    this.recordedMs = this.#recordedMs;
    this.interruption = this.#interruption;
    this.missed = this.#gaps.missed;
    this.isSilent = this.#silence.isSilent;
  }

  /** Whether a piece of this recording could not be stored. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Called when a recording begins. */
  begin(): void {
    this.#isBroken = false;
    this.#isOpusBroken = false;
    this.#gaps.begin({ at: Date.now(), monotonic: performance.now() });
    this.#countedMs = 0;
    this.#recordedMs.value = 0;
  }

  readonly addFrame = (source: Source, arrived: Arrived): void => {
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
    for (const each of others) this.addFrame(source, each);
  };

  /** @param interruption why no frames arrive any more; null if they arrive again */
  readonly interrupt = (interruption: Interruption | null): void => {
    this.#interruption.value = interruption;
    if (interruption === null) return;
    this.#level.value = 0;
    this.#silence.reset();
    this.#gaps.because(interruption.reason);
    // What was captured before is stored now, because a page in the background may be ended at any time.
    this.#endStretch();
  };

  /** Resolves when everything is stored, or could not be. */
  async finish(): Promise<void> {
    this.#endStretch();
    this.#gaps.finish({ at: Date.now(), monotonic: performance.now() });
    // A write may add further writes.
    for (let writing; writing !== this.#writing;) {
      writing = this.#writing;
      await writing;
    }
  }

  /** Called when nothing is recorded any more. */
  close(): void {
    this.#stretch = null;
    this.#level.value = 0;
    this.#silence.reset();
    this.#interruption.value = null;
  }

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

  /** Stores a piece. A missing piece would shift all audio behind it in the file, so the first failure ends the recording. */
  async #store(piece: Piece): Promise<void> {
    if (this.#isBroken) return;
    try {
      await this.#options.journal.append(piece);
    } catch (error) {
      this.#isBroken = true;
      const sentence = `The recording ends here: ${sentenceOf(error)} What was recorded before is kept.`;
      this.#options.onProblem(new Error(sentence, { cause: error }));
      this.#options.onBroken();
      return;
    }
    if (piece.last) this.#options.onFile(piece.name);
  }

  #write(work: () => Promise<void>): void {
    this.#writing = this.#writing.then(work).catch((error: unknown) => {
      this.#options.onProblem(error);
    });
  }
}
