/** A recorder with a microphone, journal, outbox and clocks that the test controls. */
import { openMicrophone } from '../../../src/record/microphone.ts';
import { Recorder, type RecorderOptions } from '../../../src/record/recorder.ts';
import type { Piece } from '../../../src/record/cutter.ts';
import { FakeAudio } from './fakeAudio.ts';
import type { FakeTime } from './fakeTime.ts';

export class FakeJournal {
  full = false;
  /** So many of the next pieces cannot be stored. */
  failNext = 0;
  readonly pieces: Piece[] = [];

  append(piece: Piece): Promise<void> {
    if (this.full || this.failNext-- > 0) return Promise.reject(new DOMException('the disk', 'QuotaExceededError'));
    this.pieces.push(piece);
    return Promise.resolve();
  }
  names(): Promise<string[]> {
    return Promise.resolve([...new Set(this.pieces.map(({ name }) => name))]);
  }
  read(name: string): Promise<Blob> {
    return Promise.resolve(new Blob(this.pieces.filter((piece) => piece.name === name).map(({ bytes }) => bytes)));
  }
  remove(name: string): Promise<void> {
    const left = this.pieces.filter((piece) => piece.name !== name);
    this.pieces.splice(0, this.pieces.length, ...left);
    return Promise.resolve();
  }
}

export class RecorderBench {
  readonly journal = new FakeJournal();
  readonly audio: FakeAudio;
  readonly problems: string[] = [];
  readonly delivered: { readonly name: string; readonly size: number }[] = [];
  refuses = false;
  asleep = true;
  readonly recorder: Recorder;

  constructor(time: FakeTime, options: Partial<RecorderOptions> = {}) {
    this.audio = new FakeAudio(time);
    this.recorder = new Recorder({
      uid: 'ann',
      deviceId: 'web1',
      journal: this.journal,
      checkKeeping: () => Promise.resolve({ obstacle: null, warning: null }),
      openMicrophone: (events) => openMicrophone(this.audio.platform, events),
      pageEvents: this.audio.pageEvents,
      keepAwake: (onChange) => {
        this.asleep = false;
        onChange(true);
        return () => (this.asleep = true);
      },
      deliver: (name, audio) => {
        if (this.refuses) return Promise.reject(new Error('It is not accepted.'));
        this.delivered.push({ name, size: audio.size });
        return Promise.resolve();
      },
      isDelivered: () => false,
      onProblem: (error) => this.problems.push((error as Error).message),
      ...options,
    });
  }

  /** Start and length of each recording, by its name and size, milliseconds. */
  get heard(): { readonly startedAt: number; readonly ms: number }[] {
    return this.delivered.map(({ name, size }) => {
      const [, frameSize = '0', startedAt = '0'] = /_fs(\d+)_(\d+)\.bin$/.exec(name) ?? [];
      return { startedAt: Number(startedAt), ms: (size / (4 + 2 * Number(frameSize))) * 20 };
    });
  }

  async until(kind: Recorder['state']['value']['kind']): Promise<void> {
    await new Promise<void>((resolve) => {
      this.recorder.state.subscribe((state) => {
        if (state.kind === kind) resolve();
      });
    });
  }
}

/** Size of so many seconds of PCM at 16 kHz, with a length before each frame, bytes. */
export const sizeOf = (seconds: number): number => seconds * 50 * (4 + 640);
