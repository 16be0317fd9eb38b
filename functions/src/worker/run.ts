/**
 * Neighbouring recordings as one stream of audio. Frames that were read become passages; passages that were searched for speech become
 * chunks.
 */
import { isDeepStrictEqual } from 'node:util';
import { OPUS_PRE_ROLL_MS, SpeechChunker } from '../audio/chunk/chunks.ts';
import type { PlannedChunk } from '../audio/chunk/chunks.ts';
import type { Detection } from '../audio/detect/listener.ts';
import { PassageCutter } from '../audio/detect/passages.ts';
import type { Passage } from '../audio/detect/passages.ts';
import { WINDOW_SAMPLES } from '../audio/detect/vad.ts';
import { isOpus } from '../audio/read/format.ts';
import { SAMPLES_PER_MS } from '../audio/read/pcm.ts';
import type { ReadReport, SourceFrame } from '../audio/read/pcm.ts';
import { countLost } from '../audio/read/readRecording.ts';
import { LIMITS } from 'offline-audio-sync-contract';
import { AppError } from '../errors.ts';
import type { JobFile } from '../jobs/job.ts';
import type { ScanDeps, ScanEvent } from './scanEvent.ts';

/** Where in a run a recording begins, or ends. */
type Mark =
  | { readonly kind: 'start'; readonly sample: number; readonly file: JobFile; readonly report: ReadReport }
  | { readonly kind: 'end'; readonly sample: number; readonly file: JobFile; readonly error: AppError | null };

/** A recording of a run. */
interface Part {
  readonly file: JobFile;
  /** Where it starts in the run, samples. */
  readonly start: number;
  /** Where it ends in the run; null until detection has come there. */
  end: number | null;
  /** Frames that detection has passed. */
  frames: number;
  /** Samples that detection has passed whose result is stored through another recording. */
  duplicateSamples: number;
}

/**
 * Consecutive recordings of one device and format whose gaps are at most {@link LIMITS.runGapMs}: one stream of audio. It is first
 * read, and a little later searched for speech.
 */
export class Run {
  readonly #first: JobFile;
  readonly #deps: ScanDeps;
  readonly #chunker: SpeechChunker;
  readonly #cutter: PassageCutter;
  /** Recordings whose audio is not planned to its end. */
  readonly #parts: Part[] = [];
  /** Marks that detection has not come to. */
  readonly #marks: Mark[] = [];
  /** Samples read. */
  #samples = 0;
  #endMs = 0;
  /** How many samples detection has passed. */
  #position = 0;
  /** Windows whose probability is known. */
  #windows = 0;
  /** The recording that detection is at. */
  #part: Part | null = null;
  #report: ReadReport | null = null;

  constructor(first: JobFile, deps: ScanDeps) {
    this.#first = first;
    this.#deps = deps;
    this.#cutter = new PassageCutter(isOpus(first.format) ? 'opus' : 's16');
    this.#chunker = new SpeechChunker({
      conversationGapMs: deps.settings.conversationGapMs,
      maxChunkMs: deps.settings.maxChunkMs,
      contextMs: deps.settings.contextMs ?? 0,
      preRollMs: preRollMs(first),
    });
  }

  continuesWith(next: JobFile): boolean {
    return (
      next.deviceId === this.#first.deviceId &&
      isDeepStrictEqual(next.format, this.#first.format) &&
      Math.abs(next.startedAt.toMillis() - this.#endMs) <= LIMITS.runGapMs
    );
  }

  start(file: JobFile, report: ReadReport): void {
    this.#marks.push({ kind: 'start', sample: this.#samples, file, report });
    this.#endMs = file.startedAt.toMillis();
  }

  push(frames: readonly SourceFrame[]): Passage[] {
    const samples = frames.reduce((sum, frame) => sum + frame.samples, 0);
    this.#samples += samples;
    this.#endMs += samples / SAMPLES_PER_MS;
    return this.#cutter.push(frames);
  }

  /** Ends the recording. @param error why it could not be read, or not to its end */
  finish(file: JobFile, error: AppError | null): void {
    this.#marks.push({ kind: 'end', sample: this.#samples, file, error });
  }

  /** The last passage, however short it is. */
  flush(): Passage[] {
    return this.#cutter.flush();
  }

  end(): Passage[] {
    return this.#cutter.end();
  }

  /** Loads the coverage of the next passage. */
  async loadCoverage({ frames }: Passage): Promise<void> {
    const upcoming = this.#marks.flatMap((mark) => (mark.kind === 'start' ? mark.file.startedAt.toMillis() : []));
    const from = this.#part === null ? upcoming[0] : this.#atMs(this.#part);
    if (from === undefined) return;
    const samples = frames.reduce((sum, frame) => sum + frame.samples, 0);
    const gapsMs = (upcoming.length + 1) * LIMITS.runGapMs;
    await this.#deps.coverage.load(this.#first.deviceId, from - gapsMs, from + samples / SAMPLES_PER_MS + gapsMs);
  }

  /** Adds the result of detection for the next passage. */
  *addDetection({ frames }: Passage, { probabilities, levels, refused }: Detection): Generator<ScanEvent> {
    const lost = new Set(refused);
    for (const [i, frame] of frames.entries()) {
      if (this.#isAtMark) yield* this.#passMarks();
      // A window that ends in the next passage has no level yet: its frames get the level of the window before.
      const window = Math.min(Math.floor(this.#position / WINDOW_SAMPLES) - this.#windows, (levels?.length ?? 0) - 1);
      const level = levels?.[Math.max(0, window)];
      const { apart: _, ...mixed } = frame;
      const measured = level === undefined ? mixed : { ...mixed, level };
      this.#chunker.addFrames([lost.has(i) ? this.#lose(frame) : this.#withCoverage(measured)]);
      this.#position += frame.samples;
      if (this.#part !== null) this.#part.frames++;
    }
    yield* this.#passMarks();
    this.#windows += probabilities.length;
    yield* this.#plan(this.#chunker.addProbabilities(probabilities));
    yield* this.#passParts(this.#chunker.plannedSample);
  }

  /** Ends the run, after detection has passed all of it. */
  *conclude(): Generator<ScanEvent> {
    yield* this.#passMarks();
    yield* this.#plan(this.#chunker.end());
    yield* this.#passParts(this.#samples);
  }

  get #isAtMark(): boolean {
    return (this.#marks[0]?.sample ?? Infinity) <= this.#position;
  }

  *#passMarks(): Generator<ScanEvent> {
    for (let mark = this.#marks[0]; mark && this.#isAtMark; mark = this.#marks[0]) {
      this.#marks.shift();
      if (mark.kind === 'start') {
        this.#report = mark.report;
        this.#part = { file: mark.file, start: mark.sample, end: null, frames: 0, duplicateSamples: 0 };
        this.#parts.push(this.#part);
        this.#chunker.startRecording({ fileName: mark.file.name, startedAtMs: mark.file.startedAt.toMillis() });
      } else {
        yield this.#ended(mark.file, mark.error);
      }
    }
  }

  #ended(file: JobFile, error: AppError | null): ScanEvent {
    const part = this.#part;
    const report = this.#report;
    if (part !== null) part.end = this.#position;
    const read = { file, samples: this.#position - (part?.start ?? 0), duplicateSamples: part?.duplicateSamples ?? 0 };
    if (error !== null || report === null) {
      return { kind: 'failed', ...read, error: error ?? new AppError('internal') };
    }
    if (report.frames === 0) report.stoppedBecause = 'The decoder refused every frame.';
    return { kind: 'decoded', ...read, report };
  }

  /** Counts a frame that the decoder refused as lost, like any other damaged frame. */
  #lose({ samples }: SourceFrame): SourceFrame {
    const lost = { payload: null, samples };
    if (this.#report !== null) {
      this.#report.frames--;
      countLost(lost, this.#report);
    }
    return lost;
  }

  /** Marks a frame that must not be planned, because its result is stored or the transcription service refused it. */
  #withCoverage(frame: SourceFrame): SourceFrame {
    const part = this.#part;
    if (part === null) return frame;
    const { file, frames } = part;
    const isRefused = file.refused.some(({ firstFrame, endFrame }) => frames >= firstFrame && frames < endFrame);
    const stored = isRefused ? null : this.#deps.coverage.find(file.deviceId, this.#atMs(part), frame);
    if (!isRefused && stored === null) return frame;
    const isOwn = isRefused || (stored?.jobId === this.#deps.jobId && stored.file === file.name);
    if (!isOwn) part.duplicateSamples += frame.samples;
    return { ...frame, isCovered: true };
  }

  /** Where detection is, Unix milliseconds. */
  #atMs({ file, start }: Part): number {
    return file.startedAt.toMillis() + (this.#position - start) / SAMPLES_PER_MS;
  }

  *#plan(chunks: readonly PlannedChunk[]): Generator<ScanEvent> {
    for (const chunk of chunks) yield { kind: 'chunk', chunk, file: this.#first };
  }

  /** Yields an event for each recording of which nothing is left to plan. */
  *#passParts(planned: number): Generator<ScanEvent> {
    for (let part = this.#parts[0]; part && part.end !== null && part.end <= planned; part = this.#parts[0]) {
      this.#parts.shift();
      yield { kind: 'planned', file: part.file };
    }
  }
}

/** How much audio a chunk of this recording carries before its first span, milliseconds. */
function preRollMs({ format }: Pick<JobFile, 'format'>): number {
  return isOpus(format) ? OPUS_PRE_ROLL_MS : 0;
}
