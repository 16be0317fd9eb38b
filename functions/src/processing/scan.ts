/**
 * Recordings to chunks, in one streaming pass: decode, stitch neighbours into runs, find speech, plan chunks.
 * Memory is flat: what is held is one batch of VAD slices and the packets that no chunk has claimed or given up yet.
 */
import { isDeepStrictEqual } from 'node:util';
import { OPUS_PRE_ROLL_MS, SpeechChunker } from '../audio/chunks.ts';
import type { PlannedChunk } from '../audio/chunks.ts';
import { decodeRecording } from '../audio/decode.ts';
import { SAMPLE_RATE, SAMPLES_PER_MS } from '../audio/pcm.ts';
import type { AudioBlock, DecodeReport } from '../audio/pcm.ts';
import type { Vad, VadSlice } from '../audio/vad.ts';
import { VadSlicer } from '../audio/vadSlices.ts';
import { LIMITS } from '../config.ts';
import { AppError } from '../errors.ts';
import { isOpus } from '../recordings/format.ts';
import type { JobFile, ResumePoint } from '../jobs/job.ts';

export type ScanEvent =
  /** A recording was read to its end. Comes before any chunk that a later recording is part of. */
  | { readonly kind: 'decoded'; readonly file: JobFile; readonly samples: number; readonly report: DecodeReport }
  /** A recording cannot be used (further). `samples` were read before that, and are treated as any other audio. */
  | { readonly kind: 'failed'; readonly file: JobFile; readonly samples: number; readonly error: AppError }
  /** `resume`: where planning goes on after this chunk. */
  | {
      readonly kind: 'chunk';
      readonly chunk: PlannedChunk;
      readonly file: JobFile;
      readonly resume: ResumePoint;
    }
  /** Everything before this point is planned or holds no speech; further than any such point before. */
  | { readonly kind: 'settled'; readonly resume: ResumePoint };

export interface ScanDeps {
  readonly vad: Vad;
  /** Opens a staged recording. @throws AppError `recording_missing` */
  readonly open: (file: JobFile) => AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  readonly conversationGapMs: number;
  readonly maxChunkMs: number;
  readonly ffmpegPath: string;
}

/** The order in which recordings are laid on the time axis: device, then capture start, then name. */
export function inTimeOrder(files: readonly JobFile[]): JobFile[] {
  return files.toSorted(
    (a, b) =>
      compare(a.deviceId, b.deviceId) || a.startedAt.toMillis() - b.startedAt.toMillis() || compare(a.name, b.name),
  );
}

/**
 * The files of a job with what a scan has planned of them. Never takes anything back: writes may overtake each other.
 * @param scanned names of the recordings of the scan, in its order.
 */
export function notePlanned(
  files: readonly JobFile[],
  scanned: readonly string[],
  { file: reached, sample }: ResumePoint,
): JobFile[] {
  const behind = new Set(scanned.slice(0, scanned.indexOf(reached)));
  return files.map((file) => {
    if (file.unplannedFrom === null) return file;
    if (behind.has(file.name)) return { ...file, unplannedFrom: null };
    return file.name === reached ? { ...file, unplannedFrom: Math.max(file.unplannedFrom, sample) } : file;
  });
}

/**
 * Scans recordings for speech, each from where earlier attempts stopped planning it.
 * @param files in the order of {@link inTimeOrder}.
 * @throws whatever Storage throws (worth a retry); what is wrong with a recording itself is an event.
 */
export async function* scanRecordings(files: readonly JobFile[], deps: ScanDeps): AsyncGenerator<ScanEvent> {
  const batch = new SliceBatch(deps.vad);
  let run: Run | null = null;

  for (const file of files) {
    if (file.unplannedFrom === null) continue;
    deps.signal.throwIfAborted();
    if (run !== null && !run.continuesWith(file)) {
      batch.add(run, run.end(), true);
      run = null;
    }
    run ??= new Run(file, file.unplannedFrom, deps);
    run.start(file);
    const samplesBefore = run.samples;
    try {
      const { blocks, report } = decodeRecording(deps.open(file), file.format, {
        signal: deps.signal,
        maxSeconds: LIMITS.maxRecordingSeconds,
        ffmpegPath: deps.ffmpegPath,
      });
      for await (const block of blocks) {
        batch.add(run, run.push(block), false);
        if (batch.isFull) yield* batch.judge();
      }
      yield { kind: 'decoded', file, samples: run.samples - samplesBefore, report };
    } catch (error) {
      if (!(error instanceof AppError) || error.remedy !== 'never') throw error;
      yield { kind: 'failed', file, samples: run.samples - samplesBefore, error };
      batch.add(run, run.end(), true);
      run = null;
    }
  }
  if (run !== null) batch.add(run, run.end(), true);
  yield* batch.judge();
}

/** Consecutive recordings of one device and format whose gaps are at most {@link LIMITS.runGapMs}: one stream of audio. */
class Run {
  readonly #first: JobFile;
  readonly #chunker: SpeechChunker;
  readonly #slicer = new VadSlicer();
  readonly #starts: { readonly file: JobFile; readonly sample: number }[] = [];
  /** Up to where it is known to be planned, by earlier attempts or this one. */
  #planned: number;
  #samples = 0;
  #endMs = 0;

  constructor(first: JobFile, resumeAtSample: number, deps: ScanDeps) {
    this.#first = first;
    this.#planned = resumeAtSample;
    this.#chunker = new SpeechChunker({
      conversationGapMs: deps.conversationGapMs,
      maxChunkMs: deps.maxChunkMs,
      preRollMs: preRollMs(first),
      resumeAtSample,
    });
  }

  /** Samples so far, at 16 kHz. */
  get samples(): number {
    return this.#samples;
  }

  continuesWith(next: JobFile): boolean {
    return (
      next.unplannedFrom === 0 &&
      next.deviceId === this.#first.deviceId &&
      isDeepStrictEqual(next.format, this.#first.format) &&
      Math.abs(next.startedAt.toMillis() - this.#endMs) <= LIMITS.runGapMs
    );
  }

  start(file: JobFile): void {
    this.#starts.push({ file, sample: this.#samples });
    this.#endMs = file.startedAt.toMillis();
    this.#chunker.startRecording({ recordingId: file.name, startedAtMs: file.startedAt.toMillis() });
  }

  push({ frames, pcm }: AudioBlock): VadSlice[] {
    this.#chunker.addFrames(frames);
    this.#samples += pcm.length;
    this.#endMs += pcm.length / SAMPLES_PER_MS;
    return this.#slicer.push(pcm);
  }

  end(): VadSlice[] {
    return this.#slicer.end();
  }

  /** Takes the next probabilities of the run, and `end` after the last. */
  *plan(probabilities: Float32Array | null, end: boolean): Generator<ScanEvent> {
    const chunks = [
      ...(probabilities === null ? [] : this.#chunker.addProbabilities(probabilities)),
      ...(end ? this.#chunker.end() : []),
    ];
    for (const chunk of chunks)
      yield { kind: 'chunk', chunk, file: this.#first, resume: this.#resumeAt(chunk.endSample) };
    if (end) yield* this.#settle(this.#samples);
  }

  /** All probabilities that were asked for have come. */
  settle(): Generator<ScanEvent> {
    return this.#settle(this.#chunker.plannedSample);
  }

  *#settle(planned: number): Generator<ScanEvent> {
    if (planned <= this.#planned) return;
    this.#planned = planned;
    yield { kind: 'settled', resume: this.#resumeAt(planned) };
  }

  #resumeAt(sample: number): ResumePoint {
    const start = this.#starts.findLast((each) => each.sample < sample) ?? { file: this.#first, sample: 0 };
    return { file: start.file.name, sample: sample - start.sample };
  }
}

/** Slices at once: some minutes of audio. */
const MAX_BATCH = 32;

/** Slices of any runs that are judged together. */
class SliceBatch {
  readonly #vad: Vad;
  #pending: { run: Run; slice: VadSlice | null; end: boolean }[] = [];

  constructor(vad: Vad) {
    this.#vad = vad;
  }

  get isFull(): boolean {
    return this.#pending.length >= MAX_BATCH;
  }

  add(run: Run, slices: readonly VadSlice[], end: boolean): void {
    for (const slice of slices) this.#pending.push({ run, slice, end: false });
    if (end) this.#pending.push({ run, slice: null, end: true });
  }

  async *judge(): AsyncGenerator<ScanEvent> {
    const pending = this.#pending;
    this.#pending = [];
    const probabilities = await this.#vad.probabilities(pending.flatMap(({ slice }) => slice ?? []));
    let next = 0;
    for (const { run, slice, end } of pending) {
      yield* run.plan(slice === null ? null : (probabilities[next++] ?? null), end);
    }
    const last = pending.at(-1);
    if (last !== undefined && !last.end) yield* last.run.settle();
  }
}

/** How much audio before its first span a chunk of this recording carries, milliseconds. */
export function preRollMs({ format }: Pick<JobFile, 'format'>): number {
  return isOpus(format) ? OPUS_PRE_ROLL_MS : 0;
}

/** Samples at 16 kHz as seconds. */
export function seconds(samples: number): number {
  return samples / SAMPLE_RATE;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
