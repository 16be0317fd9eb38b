/** Recordings to settled chunks: scanning goes on while requests are in flight, no faster than they end. */
import pMap from 'p-map';
import { SpanCollector } from '../audio/chunk/chunks.ts';
import type { PlannedChunk } from '../audio/chunk/chunks.ts';
import type { Listener } from '../audio/detect/listener.ts';
import { readRecording } from '../audio/read/readRecording.ts';
import { LIMITS } from '../config.ts';
import { AppError } from '../errors.ts';
import type { KnownChunk, PlannedChunkDoc } from '../jobs/chunk.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import type { Logger } from '../logger.ts';
import type { SpeechSettings } from '../transcription/preferences.ts';
import type { Transcriber } from '../transcription/transcriber.ts';
import type { Checkpoints } from './checkpoints.ts';
import { failure } from '../completion/outcome.ts';
import { ProgressReporter } from './progress.ts';
import { readAhead } from './readAhead.ts';
import { preRollMs, scanRecordings, seconds } from './scan.ts';
import type { ScanDeps, ScanEvent } from './scan.ts';
import { inTimeOrder } from './scanOrder.ts';
import type { StagedAudio } from '../storage/stagedAudio.ts';
import { speechAudio } from './chunkAudio.ts';
import type { ChunkAudio } from './chunkAudio.ts';
import { placeWords, transcribePatiently } from './transcribe.ts';

export interface PipelineDeps {
  readonly audio: StagedAudio;
  readonly listener: () => Promise<Listener>;
  readonly transcriber: Transcriber;
  /** What the user wishes of transcription. */
  readonly speech: SpeechSettings;
  readonly conversationGapMs: number;
  readonly maxChunkMs: number;
  readonly ffmpegPath: string;
  /** Requests in flight at most. */
  readonly concurrency: number;
  readonly isTimeUp: () => boolean;
  /** When requests that are still in flight are given up, Unix milliseconds. */
  readonly requestsEndMs: number;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly now: () => number;
}

/** Chunks that are planned while all requests are in flight: the next request need not wait for its audio to be read. */
const CHUNKS_AHEAD = 2;

/** A chunk that is written down and waits for its request. */
interface Order {
  readonly id: string;
  readonly doc: PlannedChunkDoc;
  readonly audio: ChunkAudio;
  readonly file: JobFile;
}

/**
 * Takes recordings of the job as far as time allows.
 * @param files those to take, in order of time.
 * @param known the chunks of earlier attempts.
 * @returns whether everything was scanned and settled.
 * @throws the first failure that is not a recording's or a chunk's own, after everything in flight has ended: what is paid
 * for is kept.
 */
export async function transcribeRecordings(
  job: Job,
  files: readonly JobFile[],
  known: ReadonlyMap<string, KnownChunk>,
  checkpoints: Checkpoints,
  deps: PipelineDeps,
): Promise<{ complete: boolean }> {
  const progress = new ProgressReporter(job, known, checkpoints, deps.now);
  const failures: unknown[] = [];
  let complete = true;

  async function* orders(): AsyncGenerator<Order> {
    try {
      for await (const order of allOrders(job, files, known, checkpoints, progress, deps)) {
        if (order !== null) yield order;
        // Asked after a step: every attempt gets at least one further.
        if (failures.length > 0) return;
        if (deps.isTimeUp()) {
          complete = false;
          return;
        }
      }
    } catch (error) {
      failures.push(error);
    }
  }

  let begun = 0;
  const settle = async (order: Order): Promise<void> => {
    // What was planned ahead is written down: the next attempt takes it as it is.
    if (failures.length > 0) return;
    if (begun > 0 && deps.isTimeUp()) {
      complete = false;
      return;
    }
    begun++;
    try {
      await settleChunk(order, checkpoints, deps);
      await progress.chunkSettled();
    } catch (error) {
      failures.push(error);
    }
  };

  await pMap(readAhead(orders(), CHUNKS_AHEAD), settle, { concurrency: deps.concurrency });
  if (failures.length > 0) throw failures[0];
  return { complete };
}

/** First what earlier attempts planned and did not settle, then what scanning finds; null for a step forward without a chunk. */
async function* allOrders(
  job: Job,
  files: readonly JobFile[],
  known: ReadonlyMap<string, KnownChunk>,
  checkpoints: Checkpoints,
  progress: ProgressReporter,
  deps: PipelineDeps,
): AsyncGenerator<Order | null> {
  const unsettled = [...known].flatMap(([id, doc]) => (doc.state === 'planned' ? { id, doc } : []));
  for (const { id, doc } of unsettled.sort((a, b) => a.doc.sequence - b.doc.sequence)) {
    yield await recall(id, doc, inTimeOrder(job.files), checkpoints, progress, deps);
  }
  const scan: ScanDeps = { ...deps, listener: await deps.listener(), open: (file) => deps.audio.open(file) };
  for await (const event of scanRecordings(files, scan)) {
    const order = await take(event, checkpoints, progress, deps.log);
    // A recording that was only read is no step forward: an attempt that ended there would end there again.
    if (event.kind === 'chunk' || event.kind === 'settled') yield order;
  }
}

/** Makes a scan event durable. Returns the chunk that is to be transcribed now, if it is one. */
async function take(
  event: ScanEvent,
  checkpoints: Checkpoints,
  progress: ProgressReporter,
  log: Logger,
): Promise<Order | null> {
  switch (event.kind) {
    case 'settled':
      checkpoints.reach(event.resume);
      return null;
    case 'decoded': {
      const { file } = event;
      const { corruptFrames, corruptSeconds, tornBytes, stoppedBecause } = event.report;
      checkpoints.learn(file.name, {
        durationSeconds: seconds(event.samples),
        lostSeconds: corruptSeconds,
        error: stoppedBecause === null ? null : failure(file.name, 'recording_corrupt', stoppedBecause),
      });
      if (corruptFrames > 0 || tornBytes > 0) {
        log.warn('Recording is damaged', {
          stage: 'decode',
          corruptFrames,
          corruptSeconds,
          tornBytes,
        });
      }
      await progress.fileScanned(file);
      return null;
    }
    case 'failed': {
      const { file } = event;
      const { code, message } = event.error;
      const claimed = Math.max(file.durationSeconds ?? 0, seconds(event.samples));
      checkpoints.learn(file.name, {
        durationSeconds: claimed,
        lostSeconds: claimed - seconds(event.samples),
        error: failure(file.name, code, message),
      });
      log.warn('Recording failed', { stage: 'decode', code });
      await progress.fileScanned(file);
      return null;
    }
    case 'chunk': {
      const { id, doc } = await checkpoints.plan(event.chunk, event.file, event.resume);
      await progress.chunkPlanned();
      if (doc.state === 'planned') return { id, doc, audio: chunkAudio(event.chunk), file: event.file };
      if (doc.state === 'done' && doc.reusedFrom !== undefined) {
        await progress.chunkSettled();
        log.info('Chunk taken over', { stage: 'transcribe', chunkId: id, from: doc.reusedFrom });
      }
      return null;
    }
  }
}

function chunkAudio({ preRoll, frames }: PlannedChunk): ChunkAudio {
  return { preRoll, frames };
}

async function settleChunk(
  { id, doc, audio, file }: Order,
  checkpoints: Checkpoints,
  deps: PipelineDeps,
): Promise<void> {
  const started = deps.now();
  try {
    const speech = speechAudio(audio, file.format, doc.spans);
    const request = { audio: speech, durationMs: doc.durationMs, ...deps.speech };
    const result = await transcribePatiently(deps.transcriber, request, { ...deps, endsMs: deps.requestsEndMs });
    await checkpoints.settle(id, doc, result, placeWords(result.words, doc.spans));
    deps.log.info('Chunk transcribed', {
      stage: 'transcribe',
      chunkId: id,
      requestId: result.requestId,
      transcriber: result.transcriber,
      billedSeconds: result.billedSeconds,
      words: result.words.length,
      ms: deps.now() - started,
    });
  } catch (error) {
    if (!(error instanceof AppError) || error.remedy !== 'never') throw error;
    await checkpoints.reject(id, doc, failure(null, error.code, error.message));
    deps.log.warn('Chunk refused', { stage: 'transcribe', chunkId: id, code: error.code });
  }
}

/** A chunk of an earlier attempt, or null if its recordings cannot be read any more: then it failed, and only it. */
async function recall(
  id: string,
  doc: PlannedChunkDoc,
  files: readonly JobFile[],
  checkpoints: Checkpoints,
  progress: ProgressReporter,
  deps: PipelineDeps,
): Promise<Order | null> {
  try {
    return await rebuild(id, doc, files, deps);
  } catch (error) {
    if (!(error instanceof AppError) || error.remedy !== 'never') throw error;
    await checkpoints.reject(id, doc, failure(null, error.code, error.message));
    await progress.chunkSettled();
    deps.log.warn('Chunk lost', { stage: 'decode', chunkId: id, code: error.code });
    return null;
  }
}

/** Reads the frames of a planned chunk again, and nothing behind them. */
async function rebuild(
  id: string,
  doc: PlannedChunkDoc,
  files: readonly JobFile[],
  deps: PipelineDeps,
): Promise<Order> {
  const names = new Set(doc.spans.map(({ recordingId }) => recordingId));
  const needed = files.filter(({ name }) => names.has(name));
  const first = needed[0];
  if (first === undefined) throw new Error(`The recordings of chunk ${id} are not in the job any more.`);
  const collector = new SpanCollector(doc.spans, preRollMs(first));
  for (const file of needed) {
    const options = { signal: deps.signal, maxSeconds: LIMITS.maxRecordingSeconds, ffmpegPath: deps.ffmpegPath };
    collector.startRecording(file.name);
    for await (const frames of readRecording(deps.audio.open(file), file.format, options).blocks) {
      collector.addFrames(frames);
      if (!collector.needsMore) break;
    }
  }
  return { id, doc, audio: collector.collected(), file: first };
}
