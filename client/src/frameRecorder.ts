/** Stores frames while a device delivers them, so that a crash loses some seconds at most. */
import type { SyncClient } from './client.ts';
import type { FrameFormat } from './frames.ts';
import type { FramesRecording } from './newRecording.ts';
import type { Recording } from './recording.ts';
import { Mutex } from './time.ts';

export interface FrameRecorderOptions extends Omit<FramesRecording, 'frames'> {
  /** A recording is stored each time this many seconds have arrived; the server joins them again. Default: 30. */
  readonly secondsKept?: number;
}

export interface FrameRecorder {
  /** Appends frames, in the order of capture and without a gap between them. @throws SyncError */
  append(frames: Iterable<Uint8Array>): Promise<void>;
  /** Stores the remaining frames. @returns all recordings that were made. Frames that are appended later continue after them. */
  finish(): Promise<readonly Recording[]>;
}

/**
 * Makes recordings of frames while they arrive. Each has the whole frames of `secondsKept` seconds and begins where the one before it
 * ends, so that the server joins their speech again. A process that dies loses at most that many seconds.
 */
export function frameRecorder(client: Pick<SyncClient, 'add'>, options: FrameRecorderOptions): FrameRecorder {
  const { secondsKept = 30, startedAt, ...recording } = options;
  const frameMs = frameMilliseconds(options.format);
  const most = Math.max(1, Math.round((secondsKept * 1000) / frameMs));
  const kept: Recording[] = [];
  const adding = new Mutex();
  let waiting: Uint8Array[] = [];
  let framesKept = 0;

  const keep = async (count: number): Promise<void> => {
    if (count === 0) return;
    const frames = waiting.slice(0, count);
    const began = new Date(Math.round(startedAt.getTime() + framesKept * frameMs));
    kept.push(await client.add({ ...recording, startedAt: began, frames }));
    // Only after the recording is stored: if that fails, the frames are still here for another try.
    waiting = waiting.slice(count);
    framesKept += count;
  };
  return {
    append: (frames) => {
      // Copies, because a driver may reuse its buffer. One by one, because hours of frames are too many arguments for one call.
      for (const frame of frames) waiting.push(frame.slice());
      return adding.run(async () => {
        while (waiting.length >= most) await keep(most);
      });
    },
    finish: () =>
      adding.run(async () => {
        await keep(waiting.length);
        return [...kept];
      }),
  };
}

function frameMilliseconds({ frameSize, sampleRate }: FrameFormat): number {
  return (frameSize / sampleRate) * 1000;
}
