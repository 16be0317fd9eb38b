/** Recordings of loud and quiet beats, and the scan of a worker over them. */
import { Timestamp } from 'firebase-admin/firestore';
import { listenWith } from '../../../src/audio/detect/listener.ts';
import type { Listener } from '../../../src/audio/detect/listener.ts';
import { SAMPLE_RATE } from '../../../src/audio/read/pcm.ts';
import { WINDOW_SAMPLES } from '../../../src/audio/detect/vad.ts';
import type { Vad } from '../../../src/audio/detect/vad.ts';
import { AppError } from '../../../src/errors.ts';
import type { JobFile } from '../../../src/jobs/job.ts';
import { scanRecordings } from '../../../src/worker/scan.ts';
import { inTimeOrder } from '../../../src/worker/scanOrder.ts';
import type { ScanEvent } from '../../../src/worker/scanEvent.ts';
import { jobFile } from '../../support/jobFiles.ts';
import { MemoryCoverage } from '../../support/memoryCoverage.ts';

const T0 = Date.UTC(2026, 0, 1);
const FRAME = 160;

/**
 * A beat of these recordings: 0.96 s, which is whole frames and whole windows. So a run that begins at a later recording judges
 * the same windows.
 */
export const BEAT_FRAMES = 96;
const BEAT_MS = 10 * BEAT_FRAMES;
export const BEAT_SAMPLES = BEAT_FRAMES * FRAME;

/**
 * A detector for which loud audio is speech. Its result does not depend on earlier audio, so all ways of dividing the work must
 * agree.
 */
export const LOUDNESS: Vad = {
  probabilities: (slices) =>
    Promise.resolve(
      slices.map(({ pcm, warmupSamples }) =>
        Float32Array.from(
          { length: Math.ceil(pcm.length / WINDOW_SAMPLES) - warmupSamples / WINDOW_SAMPLES },
          (_, i) => {
            const from = warmupSamples + i * WINDOW_SAMPLES;
            return pcm.subarray(from, from + WINDOW_SAMPLES).some((sample) => Math.abs(sample) > 0.1) ? 1 : 0;
          },
        ),
      ),
    ),
};

export interface Recorded {
  readonly file: JobFile;
  readonly bytes: Uint8Array;
}

/** A pcm16 recording; `beats[i]` says whether beat i is loud. */
export function record(name: string, startBeat: number, beats: readonly boolean[], deviceId = 'omi'): Recorded {
  const frames = beats.flatMap((loud) => Array.from({ length: BEAT_FRAMES }, () => loud));
  const bytes = Buffer.alloc(frames.length * (4 + 2 * FRAME));
  for (const [i, loud] of frames.entries()) {
    const at = i * (4 + 2 * FRAME);
    bytes.writeUInt32LE(2 * FRAME, at);
    if (loud) for (let s = 0; s < FRAME; s++) bytes.writeInt16LE(s % 2 === 0 ? 9000 : -9000, at + 4 + 2 * s);
  }
  const file = jobFile({
    name,
    path: name,
    size: bytes.length,
    format: { kind: 'framed', codec: 'pcm16', sampleRate: SAMPLE_RATE, channels: 1, frameSize: FRAME },
    deviceId,
    startedAt: Timestamp.fromMillis(T0 + BEAT_MS * startBeat),
  });
  return { file, bytes };
}

interface Setting {
  /** The coverage that earlier attempts have stored. */
  readonly covered?: MemoryCoverage;
  readonly jobId?: string;
  /** The name of a recording that Storage does not have. */
  readonly missing?: string;
  readonly listener?: Listener;
  readonly onReading?: (file: JobFile) => Promise<void>;
}

export async function scan(recorded: readonly Recorded[], setting: Setting = {}): Promise<ScanEvent[]> {
  const {
    covered = new MemoryCoverage(),
    jobId = 'job',
    missing,
    listener = listenWith(LOUDNESS),
    onReading,
  } = setting;
  const bytes = new Map(
    recorded.filter(({ file }) => file.name !== missing).map((each) => [each.file.name, each.bytes]),
  );
  const events: ScanEvent[] = [];
  for await (const event of scanRecordings(inTimeOrder(recorded.map(({ file }) => file)), {
    listener,
    coverage: covered.of(jobId),
    jobId,
    ...(onReading === undefined ? {} : { onReading }),
    async *open({ name }) {
      await Promise.resolve();
      const content = bytes.get(name);
      if (content === undefined) throw new AppError('recording_missing');
      yield content;
    },
    signal: new AbortController().signal,
    settings: { conversationGapMs: 20_000, maxChunkMs: 60_000, decoder: 'auto', ffmpegPath: '' },
  })) {
    events.push(event);
  }
  return events;
}

export type ChunkEvent = Extract<ScanEvent, { kind: 'chunk' }>;
export const chunksIn = (events: readonly ScanEvent[]): ChunkEvent[] =>
  events.filter((event) => event.kind === 'chunk');
export const spansOf = (events: readonly ScanEvent[]) => chunksIn(events).map(({ chunk }) => chunk.spans);

export const loud = (n: number): boolean[] => Array.from({ length: n }, () => true);
export const quiet = (n: number): boolean[] => Array.from({ length: n }, () => false);
