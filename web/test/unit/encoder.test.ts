import assert from 'node:assert/strict';
import { canEncodeOpus } from '../../src/record/encoder.ts';
import { FakeEncoder } from './support/fakeEncoder.ts';
import { FakeTime, settled } from './support/fakeTime.ts';
import { RecorderBench, sizeOf } from './support/recorderBench.ts';

/** In a file, each packet follows its length. */
const PACKET_BYTES = 4 + FakeEncoder.packetBytes;

describe('An encoder of the browser', () => {
  let time: FakeTime;
  let bench: RecorderBench;
  let restore: () => void;
  beforeEach(() => {
    time = new FakeTime(Date.UTC(2026, 6, 3, 10));
    restore = FakeEncoder.install();
    bench = new RecorderBench(time);
  });
  afterEach(() => {
    restore();
    time.end();
  });

  it('encodes the recording if it works', async () => {
    await bench.recorder.start();
    await bench.audio.capture(3);
    assert.equal(await bench.recorder.stop(), 'delivered');
    assert.deepEqual(
      bench.delivered.map(({ name, size }) => [name.includes('opus'), size]),
      [[true, 150 * PACKET_BYTES]],
    );
  });

  it('is not used if it does not say what it supports', async () => {
    for (const answer of [() => Promise.reject(new Error('no')), () => new Promise<never>(() => undefined)]) {
      FakeEncoder.isConfigSupported = answer;
      const asked = canEncodeOpus(16_000);
      await settled();
      await time.advance(6000);
      assert.equal(await asked, false);
    }
  });

  it('is replaced by PCM if it stops without an error, and the gap is reported', async () => {
    await bench.recorder.start();
    await bench.audio.capture(2);
    FakeEncoder.isStuck = true;
    await bench.audio.capture(15);
    FakeEncoder.isStuck = false;
    assert.equal(await bench.recorder.stop(), 'delivered');
    assert.deepEqual(
      bench.recorder.missed.value.map(({ reason }) => reason),
      ['encoder'],
    );
    const [opus, pcm] = bench.delivered;
    assert.equal(opus?.size, 100 * PACKET_BYTES);
    assert.ok((pcm?.size ?? 0) >= sizeOf(4), `${pcm?.size} bytes of PCM`);
    assert.deepEqual(bench.problems, []);
  });

  it('does not keep the recording from ending if it never finishes: the packets so far are kept', async () => {
    await bench.recorder.start();
    await bench.audio.capture(2.5);
    FakeEncoder.isStuck = true;
    const ending = bench.recorder.stop();
    await time.advance(10_000);
    await ending;
    assert.equal(bench.recorder.state.value.kind, 'idle');
    assert.deepEqual(
      bench.delivered.map(({ size }) => size),
      [125 * PACKET_BYTES],
    );
  });
});
