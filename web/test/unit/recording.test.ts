import assert from 'node:assert/strict';
import { FakeJournal, RecorderBench, sizeOf } from './support/recorderBench.ts';
import { FakeTime, settled } from './support/fakeTime.ts';

const T0 = Date.UTC(2026, 6, 3, 10);

describe('A recording', () => {
  let time: FakeTime;
  let bench: RecorderBench;
  beforeEach(() => {
    time = new FakeTime(T0);
    bench = new RecorderBench(time);
  });
  afterEach(async () => {
    await bench.recorder.stop();
    time.end();
  });

  it('is delivered minute by minute, and leaves nothing behind', async () => {
    await bench.recorder.start();
    await bench.audio.capture(62);
    assert.equal(await bench.recorder.stop(), 'delivered');
    assert.deepEqual(
      bench.delivered.map(({ size }) => size),
      [sizeOf(60), sizeOf(2)],
    );
    assert.deepEqual([bench.journal.pieces.length, bench.problems, bench.audio.held], [0, [], 0]);
  });

  it('ends with one message if a second cannot be stored; what was stored before is delivered', async () => {
    await bench.recorder.start();
    await bench.audio.capture(3);
    await settled();
    bench.journal.full = true;
    await bench.audio.capture(5);
    await bench.until('idle');
    assert.deepEqual(bench.problems, [
      'The recording ends here: There is no room left on this device. What was recorded before is kept.',
    ]);
    assert.deepEqual(
      bench.delivered.map(({ size }) => size),
      [sizeOf(3)],
    );
    assert.equal(bench.audio.held, 0);
  });

  it('reports to the caller that stops it that it broke, and can record again when there is room', async () => {
    await bench.recorder.start();
    await bench.audio.capture(2.5);
    await settled();
    bench.journal.full = true;
    assert.equal(await bench.recorder.stop(), 'broken');
    assert.equal(bench.problems.length, 1);
    bench.journal.full = false;
    await bench.recorder.start();
    await bench.audio.capture(1);
    assert.equal(await bench.recorder.stop(), 'delivered');
    assert.deepEqual(
      bench.delivered.map(({ size }) => size),
      [sizeOf(2), sizeOf(1)],
    );
  });

  it('stores nothing behind a missing second, because it would move in time', async () => {
    await bench.recorder.start();
    await bench.audio.capture(1);
    await settled();
    bench.journal.failNext = 1;
    await bench.audio.capture(3);
    await bench.until('idle');
    assert.deepEqual(
      bench.delivered.map(({ size }) => size),
      [sizeOf(1)],
    );
  });

  it('stays in the journal while the outbox refuses it, says so once, and is delivered later', async () => {
    bench.refuses = true;
    await bench.recorder.start();
    await bench.audio.capture(125);
    assert.equal(await bench.recorder.stop(), 'kept');
    assert.deepEqual(bench.problems, ['It is not accepted.']);
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

  it('is stored each second while the outbox does not answer, ends, and is delivered once', async () => {
    const accepted: string[] = [];
    let answers = (): void => undefined;
    const answering = new Promise<void>((resolve) => (answers = resolve));
    const bench = new RecorderBench(time, {
      deliver: async (name) => {
        await answering;
        accepted.push(name);
      },
      isDelivered: (name) => accepted.includes(name),
    });
    await bench.recorder.start();
    await bench.audio.capture(65);
    await settled();
    assert.equal(bench.journal.pieces.length, 65);
    const ending = bench.recorder.stop();
    await time.advance(21_000);
    assert.equal(await ending, 'kept');
    assert.deepEqual(bench.problems, [
      'What was recorded cannot be sent yet: the storage of this browser does not answer. It is kept here.',
    ]);
    assert.equal(bench.recorder.state.value.kind, 'idle');
    answers();
    await settled();
    await bench.recorder.retry();
    assert.equal(new Set(accepted).size, 2);
    assert.equal(accepted.length, 2);
    assert.equal(bench.journal.pieces.length, 0);
  });

  it('delivers at its end what could not be delivered before', async () => {
    bench.refuses = true;
    await bench.recorder.start();
    await bench.audio.capture(61);
    await settled();
    bench.refuses = false;
    assert.equal(await bench.recorder.stop(), 'delivered');
    assert.equal(bench.delivered.length, 2);
  });

  it('is not delayed by another one that is not accepted', async () => {
    const journal = new FakeJournal();
    const taken: string[] = [];
    const deliver = (name: string): Promise<void> => {
      if (name === 'a') return Promise.reject(new Error('It is not accepted.'));
      taken.push(name);
      return Promise.resolve();
    };
    for (const name of ['a', 'b']) await journal.append({ name, bytes: Uint8Array.of(1), last: true });
    const { recorder } = new RecorderBench(time, { journal, deliver });
    await assert.rejects(recorder.recover(), /not accepted/);
    assert.deepEqual([taken, await journal.names()], [['b'], ['a']]);
  });

  it('does not deliver the file that is being recorded', async () => {
    await bench.recorder.start();
    await bench.audio.capture(2);
    await settled();
    assert.equal(await bench.recorder.recover(), 0);
    assert.equal(bench.delivered.length, 0);
    await bench.recorder.stop();
  });

  it('keeps the device awake until it ends', async () => {
    await bench.recorder.start();
    assert.equal(bench.asleep, false);
    await bench.recorder.stop();
    assert.equal(bench.asleep, true);
  });

  it('returns the same result when it is stopped twice', async () => {
    await bench.recorder.start();
    await bench.audio.capture(1);
    const both = await Promise.all([bench.recorder.stop(), bench.recorder.stop()]);
    assert.deepEqual([both, bench.delivered.length], [['delivered', 'delivered'], 1]);
  });
});
