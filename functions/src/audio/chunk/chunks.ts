/**
 * Plans chunks, each of which is the audio of one transcription request. Regions of a run are packed together, and the silence
 * between them is cut down to their padding. Only original frames are used. The code is pure and synchronous: frames and
 * probabilities in, chunks out.
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

/**
 * The pre-roll of Opus, milliseconds: the time that RFC 7845 section 4.2 recommends for a decoder to converge where a stream is
 * cropped.
 */
export const OPUS_PRE_ROLL_MS = 80;

/**
 * How much shorter than a chunk a region is, samples: its first and its last frame, up to 120 ms each in Opus, may extend
 * beyond the region.
 */
const FRAME_MARGIN = SAMPLE_RATE / 4;

export interface ChunkerOptions {
  /** If speech is this far from the speech before, milliseconds of absolute time, it starts another chunk. */
  readonly conversationGapMs: number;
  /** The longest chunk, milliseconds. */
  readonly maxChunkMs: number;
  /**
   * The audio before the first span that the decoder needs to converge, milliseconds: {@link OPUS_PRE_ROLL_MS} for Opus, else
   * 0.
   */
  readonly preRollMs: number;
  /** The longest context of a chunk, milliseconds; 0 if speakers are not told apart. */
  readonly contextMs?: number;
  readonly regions?: Partial<Omit<RegionOptions, 'maxSamples' | 'notBefore'>>;
}

/** Where the samples of a recording went. Samples that are neither speech nor lost are silence. */
export interface RecordingLedger {
  readonly fileName: string;
  readonly totalSamples: number;
  /** The samples of frames in the spans of these chunks. Chunks of earlier attempts are not included. */
  readonly speechSamples: number;
  /** The samples of frames whose audio was lost. */
  readonly lostSamples: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Plans the chunks of one run: consecutive recordings of one device and format, whose samples lie end to end on one axis. Add
 * frames first, then the probabilities of the windows that these frames complete; before {@link end}, also those of a partial
 * last window. The calls into which the input is divided make no difference to the chunks.
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
  /** The numbers of the windows with speech whose frames are not planned yet. */
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

  /**
   * The frames that are added next belong to this recording.
   * @throws Error if its `fileName` has already been in the run
   */
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

  /** @param probabilities those of the next windows. @returns the chunks that they complete */
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

  /**
   * A sample of the run, at the start of a frame. Everything before it is planned or has no speech, so a later attempt may
   * start here.
   */
  get plannedSample(): number {
    return this.#open?.startSample ?? this.#frames.upcoming?.start ?? this.#frames.totalSamples;
  }

  /** The run has ended. @returns the chunk that is still open, if any */
  end(): PlannedChunk[] {
    // Audio that was not judged would count as silence.
    if (this.#windows < this.#windowsOfFrames) throw new Error('The run ended before its last windows were judged.');
    const chunks = this.#detector.end(this.#frames.totalSamples).flatMap((region) => this.#add(region));
    return [...chunks, ...this.#close()];
  }

  /** One entry for each recording, in their order. */
  ledger(): RecordingLedger[] {
    return [...this.#ledger.values()].map((entry) => ({ ...entry }));
  }

  get #windowsOfFrames(): number {
    return Math.ceil(this.#frames.totalSamples / WINDOW_SAMPLES);
  }

  /** Adds a region to the open chunk if it fits, else to the next. @returns the chunks that this completes */
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

  /** Adds a frame to the open chunk, or to a new one if that is full. @param chunks receives the full one */
  #plan(placed: AudibleFrame, chunks: PlannedChunk[]): void {
    if (this.#open && !this.#open.hasRoomFor(placed, this.#maxSamples)) chunks.push(...this.#close());
    this.#open ??= new OpenChunk(this.#tail.before(placed), this.#frames.preRollOf(placed), placed.start);
    this.#open.add(placed);
    const entry = this.#ledger.get(placed.recording.fileName);
    if (entry) entry.speechSamples += placed.frame.samples;
  }

  /**
   * The frames of a region that are sent. Beside covered frames, a detector that began elsewhere may find a little more or less
   * padding, or no pause. So audio beside covered frames that is only padding, or a short pause without speech, has been judged
   * already and is left out. A short piece with speech in it is sent: it was missing from the audio that covers the frames
   * around it.
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
      // Frames are added one by one: ten minutes of frames of 2.5 ms are a quarter of a million, more arguments than one call
      // accepts.
      if (!isPadding) for (const frame of piece) kept.push(frame);
    }
    return kept;
  }

  /**
   * Whether a window that lies wholly within these samples has speech. Windows at the edges also contain audio beside them.
   */
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
   * Whether the silence behind the open chunk is so long that any further speech belongs to another chunk. Then its words need
   * not wait for that speech. The margin of a run's gap is needed because a recording may start that much before the end of the
   * one before it.
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
