/**
 * Recordings to chunks, in one streaming pass: stitch neighbours into runs, listen for speech, plan chunks.
 * Reading runs ahead of listening by a few passages and no further, so memory is flat: what is held is their frames and those
 * that no chunk has claimed or given up yet.
 */
import { isDeepStrictEqual } from 'node:util';
import { OPUS_PRE_ROLL_MS, SpeechChunker } from '../audio/chunk/chunks.ts';
import type { PlannedChunk } from '../audio/chunk/chunks.ts';
import type { Heard, Listener } from '../audio/detect/listener.ts';
import { PassageCutter } from '../audio/detect/passages.ts';
import type { Passage } from '../audio/detect/passages.ts';
import type { ChannelMode } from '../audio/read/channels.ts';
import type { DecoderChoice } from '../audio/read/containers/decodeContainer.ts';
import { WINDOW_SAMPLES } from '../audio/detect/vad.ts';
import { SAMPLE_RATE, SAMPLES_PER_MS } from '../audio/read/pcm.ts';
import type { ReadReport, SourceFrame } from '../audio/read/pcm.ts';
import { noteLost, openRecording, readRecording } from '../audio/read/readRecording.ts';
import { LIMITS } from '../config.ts';
import { AppError } from '../errors.ts';
import { isOpus } from '../audio/read/format.ts';
import type { Coverage } from '../jobs/coverage.ts';
import type { JobFile } from '../jobs/job.ts';

export type ScanEvent =
  /**
   * A recording was read to its end. Comes before any chunk that a later recording is part of. `duplicateSamples`: those whose
   * result is stored through another recording.
   */
  | {
      readonly kind: 'decoded';
      readonly file: JobFile;
      readonly samples: number;
      readonly duplicateSamples: number;
      readonly report: ReadReport;
    }
  /** A recording cannot be used (further). `samples` were read before that, and are treated as any other audio. */
  | {
      readonly kind: 'failed';
      readonly file: JobFile;
      readonly samples: number;
      readonly duplicateSamples: number;
      readonly error: AppError;
    }
  | { readonly kind: 'chunk'; readonly chunk: PlannedChunk; readonly file: JobFile }
  /** All of a recording that was read is in chunks, covered, or holds no speech: no later chunk has a part of it. */
  | { readonly kind: 'planned'; readonly file: JobFile };

export interface ScanDeps {
  readonly listener: Listener;
  readonly coverage: Pick<Coverage, 'load' | 'find'>;
  /** The job that scans. */
  readonly jobId: string;
  /** Opens a staged recording. @throws AppError `recording_missing` */
  readonly open: (file: JobFile) => AsyncIterable<Uint8Array>;
  /**
   * Where given: called before a recording is read, when everything before it was read, decoded and searched for speech. So
   * what ends the process afterwards is this recording.
   */
  readonly onReading?: (file: JobFile) => Promise<void>;
  readonly signal: AbortSignal;
  readonly settings: ScanSettings;
}

/** How recordings are decoded and cut. */
export interface ScanSettings {
  /** The pause in speech from which on a new conversation begins, milliseconds. */
  readonly conversationGapMs: number;
  /** Audio of one request at most, milliseconds. */
  readonly maxChunkMs: number;
  /** See `ChunkerOptions.contextMs`. */
  readonly contextMs?: number;
  /** How two channels are sent; listening hears each of them in any case. */
  readonly channels?: ChannelMode;
  readonly decoder: DecoderChoice;
  /** Empty: ffmpeg-static, or else the one on the PATH. */
  readonly ffmpegPath: string;
}

/**
 * Scans recordings for speech that is not covered.
 * @param files in the order of `inTimeOrder`.
 * @throws whatever Storage throws (worth a retry); what is wrong with a recording itself is an event.
 */
export async function* scanRecordings(files: readonly JobFile[], deps: ScanDeps): AsyncGenerator<ScanEvent> {
  const desk = new Desk(deps);
  let run: Run | null = null;

  for (const named of files) {
    deps.signal.throwIfAborted();
    const { file, bytes } = await open(named, deps);
    if (run !== null && !run.continuesWith(file)) {
      desk.end(run);
      run = null;
    }
    if (deps.onReading !== undefined) {
      if (run !== null) desk.add(run, run.flush());
      while (!desk.isEmpty) yield* desk.next();
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
        desk.add(run, run.push(frames));
        while (desk.isFull || desk.hasAnswer) yield* desk.next();
      }
      run.finish(file, null);
    } catch (error) {
      if (!(error instanceof AppError) || error.remedy !== 'never') throw error;
      run.finish(file, error);
      desk.end(run);
      run = null;
    }
  }
  if (run !== null) desk.end(run);
  while (!desk.isEmpty) yield* desk.next();
}

/** A recording as its first bytes say it is. What is wrong with it is thrown where it is read. */
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

/** What was read and is searched for speech, in its order; as much as keeps the listener busy. */
class Desk {
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

  /** Whether the next result is there already. */
  get hasAnswer(): boolean {
    const first = this.#entries[0];
    return first !== undefined && (first.work?.answered ?? true);
  }

  add(run: Run, passages: readonly Passage[]): void {
    for (const passage of passages) {
      const work: Work = { passage, heard: this.#listener.listen(passage, this.#signal), answered: false };
      const note = (): void => {
        work.answered = true;
      };
      // It may be awaited later or never: until then a failure must not count as unhandled.
      work.heard.then(note, note);
      this.#entries.push({ run, work });
    }
  }

  /** Nothing more will come of this run. */
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
      const heard = await work.heard;
      await run.loadCoverage(work.passage);
      yield* run.hear(work.passage, heard);
    }
  }
}

interface Work {
  readonly passage: Passage;
  readonly heard: Promise<Heard>;
  answered: boolean;
}

/** Where in a run a recording begins, or ends. */
type Mark =
  | { readonly kind: 'start'; readonly sample: number; readonly file: JobFile; readonly report: ReadReport }
  | { readonly kind: 'end'; readonly sample: number; readonly file: JobFile; readonly error: AppError | null };

/** A recording of a run. */
interface Part {
  readonly file: JobFile;
  /** Where in the run it starts, samples. */
  readonly start: number;
  /** Where it ends; null until hearing has come there. */
  end: number | null;
  /** Frames heard. */
  frames: number;
  /** Samples heard whose result is stored through another recording. */
  duplicateSamples: number;
}

/**
 * Consecutive recordings of one device and format whose gaps are at most {@link LIMITS.runGapMs}: one stream of audio. It is
 * read, and, somewhat later, heard.
 */
class Run {
  readonly #first: JobFile;
  readonly #deps: ScanDeps;
  readonly #chunker: SpeechChunker;
  readonly #cutter: PassageCutter;
  /** Of recordings whose audio is not planned to its end. */
  readonly #parts: Part[] = [];
  /** Marks that hearing has not come to. */
  readonly #marks: Mark[] = [];
  /** Samples read. */
  #samples = 0;
  #endMs = 0;
  #heard = 0;
  /** Windows that were judged. */
  #windows = 0;
  /** The recording that hearing is at, and what reading it found. */
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

  /** The recording ends here, with an error if it could not be read (further). */
  finish(file: JobFile, error: AppError | null): void {
    this.#marks.push({ kind: 'end', sample: this.#samples, file, error });
  }

  /** The passage of what was read last, however short. */
  flush(): Passage[] {
    return this.#cutter.flush();
  }

  end(): Passage[] {
    return this.#cutter.end();
  }

  /** Reads what covers the next passage to be heard. */
  async loadCoverage({ frames }: Passage): Promise<void> {
    const upcoming = this.#marks.flatMap((mark) => (mark.kind === 'start' ? mark.file.startedAt.toMillis() : []));
    const from = this.#part === null ? upcoming[0] : this.#atMs(this.#part);
    if (from === undefined) return;
    const samples = frames.reduce((sum, frame) => sum + frame.samples, 0);
    const gapsMs = (upcoming.length + 1) * LIMITS.runGapMs;
    await this.#deps.coverage.load(this.#first.deviceId, from - gapsMs, from + samples / SAMPLES_PER_MS + gapsMs);
  }

  /** Receives what was heard of the next passage. */
  *hear({ frames }: Passage, { probabilities, levels, refused }: Heard): Generator<ScanEvent> {
    const lost = new Set(refused);
    for (const [i, frame] of frames.entries()) {
      yield* this.#passMarks();
      // A window that begins in this passage and ends in the next has no level yet: its frames have that of the one before.
      const window = Math.min(Math.floor(this.#heard / WINDOW_SAMPLES) - this.#windows, (levels?.length ?? 0) - 1);
      const level = levels?.[Math.max(0, window)];
      const heard = level === undefined ? frame : { ...frame, level };
      this.#chunker.addFrames([lost.has(i) ? this.#lose(frame) : this.#withCoverage(heard)]);
      this.#heard += frame.samples;
      if (this.#part !== null) this.#part.frames++;
    }
    yield* this.#passMarks();
    this.#windows += probabilities.length;
    yield* this.#plan(this.#chunker.addProbabilities(probabilities));
    yield* this.#passParts(this.#chunker.plannedSample);
  }

  /** All of it was heard. */
  *conclude(): Generator<ScanEvent> {
    yield* this.#passMarks();
    yield* this.#plan(this.#chunker.end());
    yield* this.#passParts(this.#samples);
  }

  *#passMarks(): Generator<ScanEvent> {
    for (let mark = this.#marks[0]; mark && mark.sample <= this.#heard; mark = this.#marks[0]) {
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
    if (part !== null) part.end = this.#heard;
    const read = { file, samples: this.#heard - (part?.start ?? 0), duplicateSamples: part?.duplicateSamples ?? 0 };
    if (error !== null || report === null) {
      return { kind: 'failed', ...read, error: error ?? new AppError('internal') };
    }
    if (report.frames === 0) report.stoppedBecause = 'The decoder refused every frame.';
    return { kind: 'decoded', ...read, report };
  }

  /** The decoder refused a frame that looks whole from outside: it is lost like any other that is damaged. */
  #lose({ samples }: SourceFrame): SourceFrame {
    const lost = { payload: null, samples };
    if (this.#report !== null) {
      this.#report.frames--;
      noteLost(lost, this.#report);
    }
    return lost;
  }

  /** Marks a frame that is not to be planned: its result is stored, or the transcription service refused it. */
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

  /** Where hearing is, Unix milliseconds. */
  #atMs({ file, start }: Part): number {
    return file.startedAt.toMillis() + (this.#heard - start) / SAMPLES_PER_MS;
  }

  *#plan(chunks: readonly PlannedChunk[]): Generator<ScanEvent> {
    for (const chunk of chunks) yield { kind: 'chunk', chunk, file: this.#first };
  }

  /** Says of which recordings nothing is left to plan. */
  *#passParts(planned: number): Generator<ScanEvent> {
    for (let part = this.#parts[0]; part && part.end !== null && part.end <= planned; part = this.#parts[0]) {
      this.#parts.shift();
      yield { kind: 'planned', file: part.file };
    }
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
