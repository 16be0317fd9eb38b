/**
 * Turns recordings into chunks in one streaming pass: joins neighbours into runs, detects speech, plans chunks. Reading is only a few
 * passages ahead of detection, so memory stays flat: it holds the frames of these passages, and frames that may still become part of a
 * chunk.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Detection, Listener } from '../audio/detect/listener.ts';
import type { Passage } from '../audio/detect/passages.ts';
import { SAMPLE_RATE } from '../audio/read/pcm.ts';
import { openRecording, readRecording } from '../audio/read/readRecording.ts';
import { LIMITS } from 'offline-audio-sync-contract';
import { AppError } from '../errors.ts';
import type { JobFile } from '../jobs/job.ts';
import { Run } from './run.ts';
import type { ScanDeps, ScanEvent } from './scanEvent.ts';

/**
 * Scans recordings for speech that is not covered.
 * @param files in the order of `inTimeOrder`.
 * @throws Storage's errors, which a retry may overcome. A fault of a recording is an event instead.
 */
export async function* scanRecordings(files: readonly JobFile[], deps: ScanDeps): AsyncGenerator<ScanEvent> {
  const queue = new ListenQueue(deps);
  let run: Run | null = null;

  for (const named of files) {
    deps.signal.throwIfAborted();
    const { file, bytes } = await open(named, deps);
    if (run !== null && !run.continuesWith(file)) {
      queue.end(run);
      run = null;
    }
    if (deps.onReading !== undefined) {
      if (run !== null) queue.add(run, run.flush());
      while (!queue.isEmpty) yield* queue.next();
      await deps.onReading(file);
    }
    run ??= new Run(file, deps);
    const { blocks, report } = readRecording(bytes, file.format, {
      signal: deps.signal,
      maxSeconds: LIMITS.maxRecordingSeconds,
      channels: 'separate',
      decoder: deps.settings.decoder,
      ffmpegPath: deps.settings.ffmpegPath,
    });
    run.start(file, report);
    try {
      for await (const frames of blocks) {
        queue.add(run, run.push(frames));
        while (queue.isFull || queue.hasAnswer) yield* queue.next();
      }
      run.finish(file, null);
    } catch (error) {
      if (!(error instanceof AppError) || error.remedy !== 'never') throw error;
      run.finish(file, error);
      queue.end(run);
      run = null;
    }
  }
  if (run !== null) queue.end(run);
  while (!queue.isEmpty) yield* queue.next();
}

/** Opens a recording, with the format that its first bytes show. If it cannot be opened, reading it throws. */
async function open(named: JobFile, deps: ScanDeps): Promise<{ file: JobFile; bytes: AsyncIterable<Uint8Array> }> {
  try {
    const { format, bytes } = await openRecording(deps.open(named), named.format, deps.signal);
    return { file: isDeepStrictEqual(format, named.format) ? named : { ...named, format }, bytes };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { file: named, bytes: failing(error) };
  }
}

// oxlint-disable-next-line typescript/require-await -- what reads it expects a source of bytes
async function* failing(error: AppError): AsyncGenerator<Uint8Array, void, undefined> {
  throw error;
}

/** Passages that are being searched for speech, in their order: as many as keep the listener busy. */
class ListenQueue {
  readonly #listener: Listener;
  readonly #signal: AbortSignal;
  readonly #entries: { readonly run: Run; readonly work: Work | null }[] = [];

  constructor({ listener, signal }: ScanDeps) {
    this.#listener = listener;
    this.#signal = signal;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  get isFull(): boolean {
    return this.#entries.length > 2 * this.#listener.parallel;
  }

  /** Whether the result of the first passage has arrived. */
  get hasAnswer(): boolean {
    const first = this.#entries[0];
    return first !== undefined && (first.work?.answered ?? true);
  }

  add(run: Run, passages: readonly Passage[]): void {
    for (const passage of passages) {
      const work: Work = { passage, detection: this.#listener.listen(passage, this.#signal), answered: false };
      const note = (): void => {
        work.answered = true;
      };
      // Awaited later or never: until then a failure must not count as unhandled.
      work.detection.then(note, note);
      this.#entries.push({ run, work });
    }
  }

  /** Marks the end of a run. */
  end(run: Run): void {
    this.add(run, run.end());
    this.#entries.push({ run, work: null });
  }

  async *next(): AsyncGenerator<ScanEvent> {
    const entry = this.#entries.shift();
    if (entry === undefined) return;
    const { run, work } = entry;
    if (work === null) yield* run.conclude();
    else {
      const detection = await work.detection;
      await run.loadCoverage(work.passage);
      yield* run.addDetection(work.passage, detection);
    }
  }
}

interface Work {
  readonly passage: Passage;
  readonly detection: Promise<Detection>;
  answered: boolean;
}

/** Samples at 16 kHz as seconds. */
export function seconds(samples: number): number {
  return samples / SAMPLE_RATE;
}
