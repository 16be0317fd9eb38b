/** Frames as they come from a device, kept while they come: what was given is on disk after some seconds, whatever happens then. */
import type { SyncClient } from './client.ts';
import type { FrameFormat } from './frames.ts';
import type { FramesRecording } from './newRecording.ts';
import type { Recording } from './recording.ts';
import { Mutex } from './time.ts';

export interface FrameRecorderOptions extends Omit<FramesRecording, 'frames'> {
  /** A recording is kept each time so many seconds are there; the server joins them again. Default: 30. */
  readonly secondsKept?: number;
}

export interface FrameRecorder {
  /** Takes frames in the order in which they were captured, without a pause between them. @throws SyncError */
  append(frames: Iterable<Uint8Array>): Promise<void>;
  /** Keeps what is left. @returns all recordings that were made. Appending goes on behind the time of what was kept. */
  finish(): Promise<readonly Recording[]>;
}

/**
 * Makes recordings of frames that are still coming. Each holds as many whole frames as `secondsKept` says and begins where the one
 * before it ends, so that the server joins their speech again. What a process that dies had not kept yet is at most that long.
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
    // Afterwards: where it could not be stored, the frames are still here for another try.
    waiting = waiting.slice(count);
    framesKept += count;
  };
  return {
    append: (frames) => {
      // Copies: a driver may fill its buffer with the next frame. One by one: hours are more than a call takes arguments.
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
