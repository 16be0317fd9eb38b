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
import { SAMPLE_RATE, SAMPLES_PER_MS } from '../audio/read/pcm.ts';
import type { ReadReport, SourceFrame } from '../audio/read/pcm.ts';
import { noteLost, openRecording, readRecording } from '../audio/read/readRecording.ts';
import { LIMITS } from '../config.ts';
import { AppError } from '../errors.ts';
import { isOpus } from '../audio/read/format.ts';
import type { JobFile, ResumePoint } from '../jobs/job.ts';

export type ScanEvent =
  /** A recording was read to its end. Comes before any chunk that a later recording is part of. */
  | { readonly kind: 'decoded'; readonly file: JobFile; readonly samples: number; readonly report: ReadReport }
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
  readonly listener: Listener;
  /** Opens a staged recording. @throws AppError `recording_missing` */
  readonly open: (file: JobFile) => AsyncIterable<Uint8Array>;
  readonly signal: AbortSignal;
  readonly conversationGapMs: number;
  readonly maxChunkMs: number;
  readonly ffmpegPath: string;
}

/**
 * Scans recordings for speech, each from where earlier attempts stopped planning it.
 * @param files in the order of `inTimeOrder`.
 * @throws whatever Storage throws (worth a retry); what is wrong with a recording itself is an event.
 */
export async function* scanRecordings(files: readonly JobFile[], deps: ScanDeps): AsyncGenerator<ScanEvent> {
  const desk = new Desk(deps);
  let run: Run | null = null;

  for (const named of files) {
    if (named.unplannedFrom === null) continue;
    deps.signal.throwIfAborted();
    const { file, bytes } = await open(named, deps);
    if (run !== null && !run.continuesWith(file)) {
      desk.end(run);
      run = null;
    }
    run ??= new Run(file, named.unplannedFrom, deps);
    const { blocks, report } = readRecording(bytes, file.format, {
      signal: deps.signal,
      maxSeconds: LIMITS.maxRecordingSeconds,
      ffmpegPath: deps.ffmpegPath,
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

// eslint-disable-next-line @typescript-eslint/require-await -- what reads it expects a source of bytes
async function* failing(error: AppError): AsyncGenerator<Uint8Array, void, undefined> {
  throw error;
}

/** What was read and is listened to, in its order; as much as keeps the listener busy. */
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
      // Asked for later, or never: until then a failure is nobody's.
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
    else yield* run.hear(work.passage, await work.heard);
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

/**
 * Consecutive recordings of one device and format whose gaps are at most {@link LIMITS.runGapMs}: one stream of audio. It is
 * read, and, somewhat later, heard.
 */
class Run {
  readonly #first: JobFile;
  readonly #chunker: SpeechChunker;
  readonly #cutter: PassageCutter;
  readonly #starts: { readonly file: JobFile; readonly sample: number }[] = [];
  /** Marks that hearing has not come to. */
  readonly #marks: Mark[] = [];
  /** Up to where it is known to be planned, by earlier attempts or this one. */
  #planned: number;
  /** Samples read. */
  #samples = 0;
  #endMs = 0;
  #heard = 0;
  /** Of the recording that hearing is at. */
  #report: ReadReport | null = null;

  constructor(first: JobFile, resumeAtSample: number, deps: ScanDeps) {
    this.#first = first;
    this.#planned = resumeAtSample;
    this.#cutter = new PassageCutter(isOpus(first.format) ? 'opus' : 's16');
    this.#chunker = new SpeechChunker({
      conversationGapMs: deps.conversationGapMs,
      maxChunkMs: deps.maxChunkMs,
      preRollMs: preRollMs(first),
      resumeAtSample,
    });
  }

  continuesWith(next: JobFile): boolean {
    return (
      next.unplannedFrom === 0 &&
      next.deviceId === this.#first.deviceId &&
      isDeepStrictEqual(next.format, this.#first.format) &&
      Math.abs(next.startedAt.toMillis() - this.#endMs) <= LIMITS.runGapMs
    );
  }

  start(file: JobFile, report: ReadReport): void {
    this.#starts.push({ file, sample: this.#samples });
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

  end(): Passage[] {
    return this.#cutter.end();
  }

  /** Takes what was heard of the next passage. */
  *hear({ frames }: Passage, { probabilities, refused }: Heard): Generator<ScanEvent> {
    const lost = new Set(refused);
    for (const [i, frame] of frames.entries()) {
      yield* this.#passMarks();
      this.#chunker.addFrames([lost.has(i) ? this.#lose(frame) : frame]);
      this.#heard += frame.samples;
    }
    yield* this.#passMarks();
    yield* this.#plan(this.#chunker.addProbabilities(probabilities));
    yield* this.#settle(this.#chunker.plannedSample);
  }

  /** All of it was heard. */
  *conclude(): Generator<ScanEvent> {
    yield* this.#passMarks();
    yield* this.#plan(this.#chunker.end());
    yield* this.#settle(this.#samples);
  }

  *#passMarks(): Generator<ScanEvent> {
    for (let mark = this.#marks[0]; mark && mark.sample <= this.#heard; mark = this.#marks[0]) {
      this.#marks.shift();
      if (mark.kind === 'start') {
        this.#report = mark.report;
        this.#chunker.startRecording({ recordingId: mark.file.name, startedAtMs: mark.file.startedAt.toMillis() });
      } else {
        yield this.#ended(mark.file, mark.error);
      }
    }
  }

  #ended(file: JobFile, error: AppError | null): ScanEvent {
    const samples = this.#heard - (this.#starts.find((start) => start.file === file)?.sample ?? 0);
    const report = this.#report;
    if (error !== null || report === null) {
      return { kind: 'failed', file, samples, error: error ?? new AppError('internal') };
    }
    if (report.frames === 0) report.stoppedBecause = 'The decoder refused every frame.';
    return { kind: 'decoded', file, samples, report };
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

  *#plan(chunks: readonly PlannedChunk[]): Generator<ScanEvent> {
    for (const chunk of chunks)
      yield { kind: 'chunk', chunk, file: this.#first, resume: this.#resumeAt(chunk.endSample) };
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

/** How much audio before its first span a chunk of this recording carries, milliseconds. */
export function preRollMs({ format }: Pick<JobFile, 'format'>): number {
  return isOpus(format) ? OPUS_PRE_ROLL_MS : 0;
}

/** Samples at 16 kHz as seconds. */
export function seconds(samples: number): number {
  return samples / SAMPLE_RATE;
}
