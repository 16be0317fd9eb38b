/** Turns recordings into stored results. Scanning continues while requests are in flight, but no faster than requests end. */
import pMap from 'p-map';
import type { Listener } from '../audio/detect/listener.ts';
import { failure } from '../completion/outcome.ts';
import { AppError } from '../errors.ts';
import { chunkId } from '../jobs/chunk.ts';
import type { Coverage } from '../jobs/coverage.ts';
import type { Job, JobFile } from '../jobs/job.ts';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';
import type { KeptAudio, UnnamedAudio } from '../storage/keptAudio.ts';
import type { StagedAudio } from '../storage/stagedAudio.ts';
import type { SpeechSettings } from '../transcription/preferences.ts';
import type { SpeechAudio, Transcriber } from '../transcription/transcriber.ts';
import type { FileWork } from './fileWork.ts';
import { ownAudio } from './keepAudio.ts';
import { ProgressReporter } from './progress.ts';
import { readAhead } from './readAhead.ts';
import type { Chunk } from './prepareWords.ts';
import type { Recorder } from './recorder.ts';
import { scanRecordings, seconds } from './scan.ts';
import type { ScanDeps, ScanEvent, ScanSettings } from './scanEvent.ts';
import { speechAudio } from './chunkAudio.ts';
import { placeChunkWords, transcribeWithRetries } from './transcribe.ts';

export interface PipelineDeps {
  readonly audio: StagedAudio;
  readonly listener: () => Promise<Listener>;
  readonly transcriber: Transcriber;
  readonly coverage: Coverage;
  /** What the user prefers for transcription. */
  readonly speech: SpeechSettings;
  /** Null if no audio is kept. */
  readonly keptAudio: Pick<KeptAudio, 'put'> | null;
  readonly settings: ScanSettings;
  /** Requests in flight at most. */
  readonly concurrency: number;
  readonly isTimeUp: () => boolean;
  /** When requests in flight are abandoned, Unix milliseconds. */
  readonly requestsEndMs: number;
  /** See `ScanDeps.onReading`. Also called with the recording of a chunk that fails. */
  readonly onReading?: (file: JobFile) => Promise<void>;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly now: () => number;
}

/** Chunks planned in advance while all requests are in flight, so that the next request need not wait for its audio to be read. */
const CHUNKS_AHEAD = 2;

/** A chunk that waits for its request. */
interface Order extends Chunk {
  readonly uid: string;
  /** Its first recording. All of its recordings have one format. */
  readonly file: JobFile;
}

/** What an attempt works on. */
export interface Work {
  readonly jobId: string;
  readonly job: Job;
  /** All recordings of the job. */
  readonly all: readonly JobFile[];
  /** The recordings to process, in order of time. */
  readonly files: readonly JobFile[];
  readonly fileWork: FileWork;
  readonly recorder: Recorder;
}

/**
 * Processes recordings of the job as far as time allows.
 * @returns whether everything was scanned and has its result.
 * @throws the first failure that is not the fault of a recording or a chunk, after all requests in flight have ended, so that results
 * that are paid for are kept.
 */
export async function transcribeRecordings(work: Work, deps: PipelineDeps): Promise<{ complete: boolean }> {
  const pipeline = new Pipeline(work, deps);
  await pMap(readAhead(pipeline.orders(), CHUNKS_AHEAD), (order) => pipeline.transcribe(order), {
    concurrency: deps.concurrency,
  });
  return pipeline.end();
}

/** One run of {@link transcribeRecordings}: scanning and requests share what has failed, and whether time is up. */
class Pipeline {
  readonly #work: Work;
  readonly #deps: PipelineDeps;
  readonly #progress: ProgressReporter;
  readonly #byName: ReadonlyMap<string, JobFile>;
  readonly #failures: unknown[] = [];
  #complete = true;
  #begun = 0;

  constructor(work: Work, deps: PipelineDeps) {
    const { job, all, recorder } = work;
    this.#work = work;
    this.#deps = deps;
    this.#progress = new ProgressReporter(job, all, (change) => recorder.save(change), deps.now);
    this.#byName = new Map(all.map((file) => [file.name, file]));
  }

  /** Scans the recordings. Ends at the first failure, or when time is up. */
  async *orders(): AsyncGenerator<Order> {
    try {
      for await (const event of scanRecordings(this.#work.files, await this.#scanDeps())) {
        if (event.kind === 'chunk') yield await this.#order(event);
        else await this.#note(event);
        if (this.#isOver()) return;
      }
    } catch (error) {
      this.#failures.push(error);
    }
  }

  /** Transcribes a chunk, unless something has failed or time is up. */
  async transcribe(order: Order): Promise<void> {
    if (this.#isOver()) return;
    this.#begun++;
    try {
      await transcribeChunk(order, this.#work.recorder, this.#progress, this.#deps);
    } catch (error) {
      this.#failures.push(error);
      // The scan already reads a later recording, but this chunk's fails.
      const file = this.#byName.get(order.plan.spans[0]?.fileName ?? '');
      if (file !== undefined && !this.#deps.signal.aborted) await this.#deps.onReading?.(file).catch(() => undefined);
    }
  }

  /** @throws the first failure */
  end(): { complete: boolean } {
    if (this.#failures.length > 0) throw this.#failures[0];
    return { complete: this.#complete };
  }

  async #scanDeps(): Promise<ScanDeps> {
    const { jobId } = this.#work;
    const { audio, listener, onReading } = this.#deps;
    return {
      ...this.#deps,
      jobId,
      listener: await listener(),
      open: (file) => audio.open(file),
      ...(onReading === undefined
        ? {}
        : {
            onReading: async (file: JobFile) => {
              if (this.#failures.length === 0) await onReading(file);
            },
          }),
    };
  }

  async #order({ chunk: plan, file }: Extract<ScanEvent, { kind: 'chunk' }>): Promise<Order> {
    const { job, fileWork } = this.#work;
    const id = chunkId(job.uid, file.deviceId, plan.spans, this.#byName);
    fileWork.noteChunk(
      id,
      plan.spans.map(({ fileName }) => fileName),
    );
    await this.#progress.chunkPlanned();
    return { id, uid: job.uid, deviceId: file.deviceId, plan, file };
  }

  async #note(event: Exclude<ScanEvent, { kind: 'chunk' }>): Promise<void> {
    const { fileWork, recorder } = this.#work;
    note(event, fileWork, this.#deps.log);
    if (event.kind === 'planned') recorder.finalizeSoon();
    else await this.#progress.fileScanned(event.file);
  }

  #isOver(): boolean {
    if (this.#failures.length > 0) return true;
    // Every attempt makes some progress: one result, or one recording that is done.
    const isTimeUp = this.#deps.isTimeUp() && (this.#begun > 0 || this.#work.fileWork.done().length > 0);
    if (isTimeUp) this.#complete = false;
    return isTimeUp;
  }
}

/** Notes what a scan has found out about a recording. */
function note(event: Exclude<ScanEvent, { kind: 'chunk' }>, fileWork: FileWork, log: Logger): void {
  const { file } = event;
  if (event.kind === 'planned') {
    fileWork.notePlanned(file.name);
    return;
  }
  const readSeconds = seconds(event.samples);
  const duplicateSeconds = seconds(event.duplicateSamples);
  if (event.kind === 'decoded') {
    const { corruptFrames, corruptSeconds, tornBytes, stoppedBecause } = event.report;
    fileWork.noteRead(file.name, {
      durationSeconds: readSeconds,
      lostSeconds: corruptSeconds,
      duplicateSeconds,
      error: stoppedBecause === null ? null : failure(file.name, 'recording_corrupt', stoppedBecause),
    });
    if (corruptFrames > 0 || tornBytes > 0) {
      log.warn('recording.damaged', { stage: 'decode', corruptFrames, corruptSeconds, tornBytes });
    }
  } else {
    const { code, message } = event.error;
    const durationSeconds = Math.max(file.durationSeconds ?? 0, readSeconds);
    fileWork.noteRead(file.name, {
      durationSeconds,
      lostSeconds: durationSeconds - readSeconds,
      duplicateSeconds,
      error: failure(file.name, code, message),
    });
    log.warn('recording.failed', { stage: 'decode', code });
  }
}

/** Keeps the audio of a chunk. If that fails, the chunk's words, which are paid for, are stored without it. */
async function keep(
  { id, uid, plan, file }: Order,
  sent: SpeechAudio,
  { keptAudio, log }: PipelineDeps,
): Promise<UnnamedAudio | null> {
  if (keptAudio === null) return null;
  try {
    return await keptAudio.put({ uid, chunkId: id, ...(await ownAudio(plan, file.format, sent)) });
  } catch (error) {
    log.warn('audio.not_kept', { stage: 'transcribe', chunkId: id, ...errorFields(error) });
    return null;
  }
}

async function transcribeChunk(
  order: Order,
  recorder: Recorder,
  progress: ProgressReporter,
  deps: PipelineDeps,
): Promise<void> {
  const { id, plan, file } = order;
  const started = deps.now();
  try {
    const { context } = plan;
    const audio = { preRoll: plan.preRoll, frames: [...context.frames, ...plan.frames] };
    const speech = await speechAudio(audio, file.format, plan.spans, deps.settings.channels);
    const request = { audio: speech, durationMs: context.durationMs + plan.durationMs, ...deps.speech };
    const result = await transcribeWithRetries(deps.transcriber, request, { ...deps, endsMs: deps.requestsEndMs });
    const words = placeChunkWords(result.words, plan);
    const unnamed = words.words.length === 0 ? null : await keep(order, speech, deps);
    await recorder.recordTranscription(order, result, words, progress.chunkDone(), unnamed);
    deps.log.info('chunk.transcribed', {
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
    await recorder.recordRefusal(order, failure(null, error.code, error.message), progress.chunkDone());
    deps.log.warn('chunk.refused', { stage: 'transcribe', chunkId: id, code: error.code });
  }
}
