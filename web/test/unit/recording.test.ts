import assert from 'node:assert/strict';
import { Recorder, type RecorderOptions } from '../../src/record/recorder.ts';
import type { Piece } from '../../src/record/cutter.ts';
import type { MicrophoneEvents } from '../../src/record/microphone.ts';

const RATE = 16_000;
const FRAME = 320;
const T0 = Date.UTC(2026, 6, 3, 10);

class FakeJournal {
  full = false;
  /** So many of the next pieces are not kept. */
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

/** A recorder whose microphone, journal and outbox are here. */
class Bench {
  readonly journal = new FakeJournal();
  readonly problems: string[] = [];
  readonly delivered: { readonly name: string; readonly size: number }[] = [];
  refuses = false;
  asleep = true;
  /** The microphone is held. */
  open = false;
  readonly recorder: Recorder;
  #events: MicrophoneEvents | null = null;
  #heard = 0;

  constructor(options: Partial<RecorderOptions> = {}) {
    this.recorder = new Recorder({
      uid: 'ann',
      deviceId: 'web1',
      journal: this.journal,
      openMicrophone: (events) => {
        this.#events = events;
        this.open = true;
        const close = () => Promise.resolve(void (this.open = false));
        return Promise.resolve({ sampleRate: RATE, latencyMs: 0, close });
      },
      keepAwake: () => {
        this.asleep = false;
        return () => (this.asleep = true);
      },
      deliver: (name, audio) => {
        if (this.refuses) return Promise.reject(new Error('It is not taken.'));
        this.delivered.push({ name, size: audio.size });
        return Promise.resolve();
      },
      isDelivered: () => false,
      onProblem: (error) => this.problems.push((error as Error).message),
      ...options,
    });
  }

  hear(seconds: number): void {
    for (let i = 0; i < seconds * 50; i++) {
      this.#heard += FRAME;
      now += 20;
      this.#events?.onFrame({ endSample: this.#heard, samples: new Float32Array(FRAME) });
    }
  }

  async until(kind: Recorder['state']['value']['kind']): Promise<void> {
    await new Promise<void>((resolve) => {
      this.recorder.state.subscribe((state) => {
        if (state.kind === kind) resolve();
      });
    });
  }
}

/** So many seconds of PCM, each frame behind its length. */
const sizeOf = (seconds: number): number => seconds * 50 * (4 + FRAME * 2);

let now = T0;

describe('A recording', () => {
  const { now: realNow } = Date;
  let bench: Bench;
  beforeEach(() => {
    now = T0;
    Date.now = () => now;
    bench = new Bench();
  });
  afterEach(() => {
    Date.now = realNow;
  });

  it('is handed over a minute at a time, and leaves nothing behind', async () => {
    await bench.recorder.start();
    bench.hear(62);
    assert.equal(await bench.recorder.stop(), 'delivered');
    assert.deepEqual(
      bench.delivered.map(({ size }) => size),
      [sizeOf(60), sizeOf(2)],
    );
    assert.deepEqual([bench.journal.pieces.length, bench.problems, bench.open], [0, [], false]);
  });

  it('ends with one sentence where a second of it cannot be kept; what was kept before is handed over', async () => {
    await bench.recorder.start();
    bench.hear(3);
    await settled();
    bench.journal.full = true;
    bench.hear(5);
    await bench.until('idle');
    assert.deepEqual(bench.problems, [
      'The recording ends here: There is no room left on this device. What was recorded before is kept.',
    ]);
    assert.deepEqual(
      bench.delivered.map(({ size }) => size),
      [sizeOf(3)],
    );
    assert.equal(bench.open, false);
  });

  it('says that it broke to whoever stops it, and records again when there is room', async () => {
    await bench.recorder.start();
    bench.hear(2.5);
    await settled();
    bench.journal.full = true;
    assert.equal(await bench.recorder.stop(), 'broken');
    assert.equal(bench.problems.length, 1);
    bench.journal.full = false;
    await bench.recorder.start();
    bench.hear(1);
    assert.equal(await bench.recorder.stop(), 'delivered');
    assert.deepEqual(
      bench.delivered.map(({ size }) => size),
      [sizeOf(2), sizeOf(1)],
    );
  });

  it('keeps no second that follows one that is missing: it would move in time', async () => {
    await bench.recorder.start();
    bench.hear(1);
    await settled();
    bench.journal.failNext = 1;
    bench.hear(3);
    await bench.until('idle');
    assert.deepEqual(
      bench.delivered.map(({ size }) => size),
      [sizeOf(1)],
    );
  });

  it('stays in the journal while the outbox takes nothing, says so once, and is handed over when it does', async () => {
    bench.refuses = true;
    await bench.recorder.start();
    bench.hear(125);
    assert.equal(await bench.recorder.stop(), 'kept');
    assert.deepEqual(bench.problems, ['It is not taken.']);
    await bench.recorder.retry();
    assert.deepEqual([bench.problems.length, bench.delivered.length], [1, 0]);
    bench.refuses = false;
    await bench.recorder.retry();
    assert.deepEqual(
      bench.delivered.map(({ size }) => size),
      [sizeOf(60), sizeOf(60), sizeOf(5)],
    );
    assert.equal(bench.journal.pieces.length, 0);
  });

  it('hands over with its end what could not be handed over in its middle', async () => {
    bench.refuses = true;
    await bench.recorder.start();
    bench.hear(61);
    await settled();
    bench.refuses = false;
    assert.equal(await bench.recorder.stop(), 'delivered');
    assert.equal(bench.delivered.length, 2);
  });

  it('is not kept back by another one that is not taken', async () => {
    const journal = new FakeJournal();
    const taken: string[] = [];
    const deliver = (name: string): Promise<void> => {
      if (name === 'a') return Promise.reject(new Error('It is not taken.'));
      taken.push(name);
      return Promise.resolve();
    };
    for (const name of ['a', 'b']) await journal.append({ name, bytes: Uint8Array.of(1), last: true });
    const { recorder } = new Bench({ journal, deliver });
    await assert.rejects(recorder.recover(), /not taken/);
    assert.deepEqual([taken, await journal.names()], [['b'], ['a']]);
  });

  it('does not hand over the file that is being recorded', async () => {
    await bench.recorder.start();
    bench.hear(2);
    await settled();
    assert.equal(await bench.recorder.recover(), 0);
    assert.equal(bench.delivered.length, 0);
    await bench.recorder.stop();
  });

  it('keeps the device awake for as long as it goes on', async () => {
    await bench.recorder.start();
    assert.equal(bench.asleep, false);
    await bench.recorder.stop();
    assert.equal(bench.asleep, true);
  });

  it('gives whoever stops it twice the same answer', async () => {
    await bench.recorder.start();
    bench.hear(1);
    const both = await Promise.all([bench.recorder.stop(), bench.recorder.stop()]);
    assert.deepEqual([both, bench.delivered.length], [['delivered', 'delivered'], 1]);
  });
});

/** What was begun is written: the fakes take no time but turns. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
