/**
 * Chunks: what one request to the transcriber carries. Regions of a run are packed together with the silence between them
 * cut down to their paddings; only original frames are used. Pure and synchronous: frames and probabilities in, chunks out.
 */
import { SpeechTail } from './context.ts';
import { absoluteMs, FrameWindow, hasAudio } from './frameWindow.ts';
import type { AudibleFrame, PlacedFrame, RecordingRef } from './frameWindow.ts';
import { OpenChunk } from './openChunk.ts';
import type { PlannedChunk } from './openChunk.ts';
import { LIMITS } from 'offline-audio-sync-contract';
import { isLost, SAMPLES_PER_MS, SAMPLE_RATE } from '../read/pcm.ts';
import type { SourceFrame } from '../read/pcm.ts';
import { REGION_DEFAULTS, RegionDetector } from '../detect/regions.ts';
import type { Region, RegionOptions } from '../detect/regions.ts';
import { WINDOW_SAMPLES } from '../detect/vad.ts';

export type { PlannedChunk } from './openChunk.ts';
export type { Span } from './timeMap.ts';

/** Pre-roll for Opus, ms: what RFC 7845 section 4.2 recommends for a decoder to converge where a stream is cropped. */
export const OPUS_PRE_ROLL_MS = 80;

/** How much shorter than a chunk a region stays, samples: its first and last frame, 120 ms each in Opus, may stick out of it. */
const FRAME_MARGIN = SAMPLE_RATE / 4;

export interface ChunkerOptions {
  /** Speech this far from the speech before, ms of absolute time, starts another chunk. */
  readonly conversationGapMs: number;
  /** Longest chunk, ms. */
  readonly maxChunkMs: number;
  /** Audio before the first span for the decoder to settle on, ms: {@link OPUS_PRE_ROLL_MS} for Opus, 0 for anything else. */
  readonly preRollMs: number;
  /** Speech before a chunk that is sent with it for its voices, at most, ms; 0 where speakers are not told apart. */
  readonly contextMs?: number;
  readonly regions?: Partial<Omit<RegionOptions, 'maxSamples' | 'notBefore'>>;
}

/** Where the samples of a recording went; what is neither speech nor lost is silence. */
export interface RecordingLedger {
  readonly fileName: string;
  readonly totalSamples: number;
  /** Of frames in spans of this planner's chunks; the chunks of earlier attempts come on top. */
  readonly speechSamples: number;
  /** Of frames whose audio was lost. */
  readonly lostSamples: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Plans the chunks of one run: consecutive recordings of one device and format, their samples end to end on one axis.
 * Frames first, then the probabilities of the windows that they complete; before {@link end}, those of a partial last
 * window too. How the input is divided into calls makes no difference to the chunks.
 */
export class SpeechChunker {
  readonly #options: ChunkerOptions;
  readonly #maxSamples: number;
  readonly #detector: RegionDetector;
  readonly #frames: FrameWindow;
  readonly #tail: SpeechTail;
  readonly #ledger = new Map<string, Mutable<RecordingLedger>>();
  #recording: Mutable<RecordingLedger> | null = null;
  #windows = 0;
  /** Windows that hold speech, by their number, as far as frames are still to be planned. */
  #speechWindows: number[] = [];
  #open: OpenChunk | null = null;

  constructor(options: ChunkerOptions) {
    this.#options = options;
    this.#maxSamples = Math.round(options.maxChunkMs * SAMPLES_PER_MS);
    this.#detector = new RegionDetector({
      ...options.regions,
      maxSamples: Math.max(this.#maxSamples - FRAME_MARGIN, this.#maxSamples / 2),
    });
    this.#frames = new FrameWindow(Math.round(options.preRollMs * SAMPLES_PER_MS));
    this.#tail = new SpeechTail(options.contextMs ?? 0, options.conversationGapMs);
  }

  /** The frames that follow are this recording's. Its id must be the only such id in the run. */
  startRecording(recording: RecordingRef): void {
    const { fileName } = recording;
    if (this.#ledger.has(fileName)) throw new Error(`Recording ${fileName} is in the run twice.`);
    this.#recording = { fileName, totalSamples: 0, speechSamples: 0, lostSamples: 0 };
    this.#ledger.set(fileName, this.#recording);
    this.#frames.startRecording(recording);
  }

  addFrames(frames: readonly SourceFrame[]): void {
    if (!this.#recording) throw new Error('Frames came before the recording that they belong to.');
    for (const frame of frames) {
      this.#frames.add(frame);
      this.#recording.totalSamples += frame.samples;
      if (isLost(frame)) this.#recording.lostSamples += frame.samples;
    }
  }

  /** Takes the next windows' probabilities; gives the chunks that they complete. */
  addProbabilities(probabilities: Float32Array): PlannedChunk[] {
    const { threshold } = { ...REGION_DEFAULTS, ...this.#options.regions };
    for (const [i, probability] of probabilities.entries()) {
      if (probability >= threshold) this.#speechWindows.push(this.#windows + i);
    }
    this.#windows += probabilities.length;
    if (this.#windows > this.#windowsOfFrames) throw new Error('Probabilities came before the frames that they judge.');
    const chunks = this.#detector.push(probabilities).flatMap((region) => this.#add(region));
    const { nextRegionFrom } = this.#detector;
    this.#frames.forget(nextRegionFrom);
    this.#speechWindows = this.#speechWindows.filter((window) => (window + 1) * WINDOW_SAMPLES > nextRegionFrom);
    return this.#nothingCanFollow() ? [...chunks, ...this.#close()] : chunks;
  }

  /** Everything before this sample of the run, a frame's start, is planned or holds no speech: a later attempt may start here. */
  get plannedSample(): number {
    return this.#open?.startSample ?? this.#frames.upcoming?.start ?? this.#frames.totalSamples;
  }

  /** The run is over: the chunks still open. */
  end(): PlannedChunk[] {
    // Audio that was not judged would pass for silence.
    if (this.#windows < this.#windowsOfFrames) throw new Error('The run ended before its last windows were judged.');
    const chunks = this.#detector.end(this.#frames.totalSamples).flatMap((region) => this.#add(region));
    return [...chunks, ...this.#close()];
  }

  /** In the order of the recordings. */
  ledger(): RecordingLedger[] {
    return [...this.#ledger.values()].map((entry) => ({ ...entry }));
  }

  get #windowsOfFrames(): number {
    return Math.ceil(this.#frames.totalSamples / WINDOW_SAMPLES);
  }

  /** Puts a region into the open chunk where it fits, else into the next; gives the chunks that this completes. */
  #add(region: Region): PlannedChunk[] {
    const speech = this.#frames.removeUntil(region.start, region.end).filter(withAudio);
    const frames = this.#uncovered(speech, region);
    const first = frames[0];
    const chunks = first && this.#open && this.#belongsApart(first, samplesOf(frames)) ? this.#close() : [];
    const planned = new Set(frames);
    for (const placed of speech) {
      if (planned.has(placed)) this.#plan(placed, chunks);
      this.#tail.add(placed);
    }
    if (first && this.#open) this.#open.endSample = region.end;
    return chunks;
  }

  /** Puts a frame into the open chunk, or into a new one where that is full. @param chunks gets the full one. */
  #plan(placed: AudibleFrame, chunks: PlannedChunk[]): void {
    if (this.#open && !this.#open.hasRoomFor(placed, this.#maxSamples)) chunks.push(...this.#close());
    this.#open ??= new OpenChunk(this.#tail.before(placed), this.#frames.preRollOf(placed), placed.start);
    this.#open.add(placed);
    const entry = this.#ledger.get(placed.recording.fileName);
    if (entry) entry.speechSamples += placed.frame.samples;
  }

  /**
   * The frames of a region that are to be sent. Beside covered ones a detector that began elsewhere may find a little more or
   * less padding, or no pause: what adjoins covered frames and is padding alone, or a short pause in which nothing is said, was
   * judged then. A short piece with speech in it was not: it was missing from the audio that covers the frames around it.
   */
  #uncovered(frames: readonly AudibleFrame[], region: Region): readonly AudibleFrame[] {
    if (!frames.some(isCovered)) return frames;
    const { startPadMs, endPadMs, minSilenceMs } = { ...REGION_DEFAULTS, ...this.#options.regions };
    const kept: AudibleFrame[] = [];
    for (let from = 0, to = 0; from < frames.length; from = to) {
      const covered = isCovered(frames[from]);
      for (to = from; to < frames.length && isCovered(frames[to]) === covered; to++);
      if (covered) continue;
      const piece = frames.slice(from, to);
      const [start, end] = [piece[0]?.start ?? 0, endOf(piece.at(-1))];
      const isPadding =
        from > 0 && to < frames.length
          ? end - start < minSilenceMs * SAMPLES_PER_MS && !this.#hasSpeech(start, end)
          : from > 0
            ? start >= region.end - endPadMs * SAMPLES_PER_MS
            : end <= region.start + startPadMs * SAMPLES_PER_MS;
      // One by one: ten minutes are a quarter of a million frames of 2.5 ms, more than one call takes.
      if (!isPadding) for (const frame of piece) kept.push(frame);
    }
    return kept;
  }

  /** Whether a window that lies wholly in these samples holds speech: windows at the edges hear what is beside them, too. */
  #hasSpeech(start: number, end: number): boolean {
    return this.#speechWindows.some((window) => {
      const at = window * WINDOW_SAMPLES;
      return at >= start && at + WINDOW_SAMPLES <= end;
    });
  }

  #belongsApart(first: AudibleFrame, samples: number): boolean {
    if (!this.#open) return false;
    const gapMs = absoluteMs(first) - this.#open.endMs;
    return gapMs >= this.#options.conversationGapMs || this.#open.samples + samples > this.#maxSamples;
  }

  /**
   * Whether the silence behind the open chunk is so long already that whatever comes belongs apart: its words need not wait
   * for the next speech. A recording may start as much as a run's gap before the one before it ended.
   */
  #nothingCanFollow(): boolean {
    const { upcoming } = this.#frames;
    if (!this.#open || !upcoming) return false;
    return absoluteMs(upcoming) - this.#open.endMs >= this.#options.conversationGapMs + LIMITS.runGapMs;
  }

  #close(): PlannedChunk[] {
    const open = this.#open;
    this.#open = null;
    return open ? [open.plan()] : [];
  }
}

function withAudio(placed: PlacedFrame): placed is AudibleFrame {
  return hasAudio(placed.frame);
}

function isCovered(placed: AudibleFrame | undefined): boolean {
  return placed?.frame.isCovered === true;
}

function endOf(placed: AudibleFrame | undefined): number {
  return placed === undefined ? 0 : placed.start + placed.frame.samples;
}

function samplesOf(frames: readonly AudibleFrame[]): number {
  return frames.reduce((sum, { frame }) => sum + frame.samples, 0);
}
