import assert from 'node:assert/strict';
import { FakeTime, settled } from './support/fakeTime.ts';
import { RecorderBench } from './support/recorderBench.ts';

const T0 = Date.UTC(2026, 6, 3, 10);
/** Tolerance for times, milliseconds: frames of 20 ms, and clocks in milliseconds. */
const NEAR_MS = 45;

describe('A recording', () => {
  for (const [what, startedAt] of [
    ['the hour that comes twice', Date.UTC(2026, 9, 25, 0, 59, 30)],
    ['the hour that is left out', Date.UTC(2026, 2, 29, 0, 59, 30)],
    ['midnight', Date.UTC(2026, 6, 3, 21, 59, 30)],
    ['the end of the year', Date.UTC(2026, 11, 31, 22, 59, 30)],
  ] as const)
    it(`continues over ${what} without a gap, in recordings that follow each other`, async () => {
      const zone = process.env['TZ'];
      process.env['TZ'] = 'Europe/Berlin';
      const time = new FakeTime(startedAt);
      try {
        const bench = new RecorderBench(time);
        await bench.recorder.start();
        await bench.audio.capture(125);
        await bench.recorder.stop();
        assert.deepEqual(bench.recorder.missed.value, []);
        const [first, second, third] = bench.heard;
        assert.deepEqual([first?.ms, second?.ms, third?.ms], [60_000, 60_000, 5000]);
        assert.ok(Math.abs((first?.startedAt ?? 0) - startedAt) <= NEAR_MS);
        assert.equal(second?.startedAt, (first?.startedAt ?? 0) + 60_000);
        assert.equal(third?.startedAt, (first?.startedAt ?? 0) + 120_000);
      } finally {
        time.end();
        process.env['TZ'] = zone;
      }
    });

  it('continues in the background of a device that runs timers once a minute, and detects there that it is muted', async () => {
    const time = new FakeTime(T0);
    const bench = new RecorderBench(time);
    await bench.recorder.start();
    await bench.audio.capture(1);
    const captureThrottled = async (seconds: number): Promise<void> => {
      for (let i = 0; i < seconds * 50; i++) {
        time.passWithoutTimers(20);
        bench.audio.frame();
      }
      await settled();
    };
    for (let minute = 0; minute < 3; minute++) {
      await captureThrottled(59);
      await bench.audio.capture(1);
    }
    assert.deepEqual([bench.recorder.missed.value, bench.recorder.interruption.value], [[], null]);
    bench.audio.last.track.mute(true);
    await captureThrottled(5);
    assert.equal(bench.recorder.interruption.value?.reason, 'muted');
    bench.audio.last.track.mute(false);
    await captureThrottled(5);
    assert.equal(await bench.recorder.stop(), 'delivered');
    assert.equal(
      bench.heard.reduce((sum, { ms }) => sum + ms, 0),
      186_000,
    );
    assert.deepEqual(
      bench.recorder.missed.value.map(({ reason, lengthMs }) => [reason, Math.round(lengthMs / 1000)]),
      [['muted', 5]],
    );
    time.end();
  });

  it('warns that no sound arrives if a headset is muted by its own switch, and continues', async () => {
    const time = new FakeTime(T0);
    const bench = new RecorderBench(time);
    await bench.recorder.start();
    await bench.audio.capture(2);
    await bench.audio.capture(9, 0);
    assert.equal(bench.recorder.isSilent.value, false);
    await bench.audio.capture(2, 0);
    assert.equal(bench.recorder.isSilent.value, true);
    await bench.audio.capture(1, 0.001);
    assert.equal(bench.recorder.isSilent.value, false, 'the quietest sound proves that it is on');
    await bench.audio.capture(11, 0);
    bench.audio.last.track.end();
    assert.equal(bench.recorder.isSilent.value, false, 'another microphone is opened');
    await bench.audio.capture(1);
    await bench.recorder.stop();
    assert.equal(
      bench.heard.reduce((sum, { ms }) => sum + ms, 0),
      bench.recorder.recordedMs.value,
      'zeros are kept, too',
    );
    time.end();
  });
});

describe('The start of a recording', () => {
  let time: FakeTime;
  beforeEach(() => {
    time = new FakeTime(T0);
  });
  afterEach(() => {
    time.end();
  });

  it('can be cancelled while the browser asks, and a microphone that opens too late is closed', async () => {
    const bench = new RecorderBench(time);
    bench.audio.isAsking = true;
    const starting = bench.recorder.start();
    await time.advance(60);
    const states: unknown[] = [];
    bench.recorder.state.subscribe((state) => states.push(state));
    await bench.recorder.stop();
    await starting;
    bench.audio.answer();
    await time.advance(100);
    assert.equal(bench.audio.held, 0);
    assert.deepEqual(states, [{ kind: 'starting', step: 'microphone' }, { kind: 'idle' }]);
    await bench.recorder.start();
    await bench.audio.capture(1);
    assert.equal(await bench.recorder.stop(), 'delivered');
  });

  it('fails with a reason if nothing can be stored, and opens no microphone', async () => {
    const obstacle = 'This browser keeps nothing.';
    const bench = new RecorderBench(time, { checkKeeping: () => Promise.resolve({ obstacle, warning: null }) });
    await assert.rejects(bench.recorder.start(), new Error(obstacle));
    assert.deepEqual([bench.audio.opened.length, bench.recorder.state.value.kind], [0, 'idle']);
    assert.equal(bench.recorder.keeping.value?.obstacle, obstacle);
  });

  it('does not wait without limit for recordings of an earlier page', async () => {
    const bench = new RecorderBench(time);
    bench.journal.names = () => new Promise(() => undefined);
    void bench.recorder.recover();
    await time.advance(20);
    const starting = assert.rejects(bench.recorder.start(), /try again in a moment/);
    await time.advance(11_000);
    await starting;
    assert.equal(bench.recorder.state.value.kind, 'idle');
  });

  it('fails with a reason if the platform never starts its audio clock', async () => {
    const bench = new RecorderBench(time);
    await bench.recorder.start();
    bench.audio.last.context.interrupt();
    await bench.audio.capture(3);
    assert.equal(bench.recorder.interruption.value?.reason, 'suspended');
    assert.equal(bench.recorder.recordedMs.value, 0);
    await bench.recorder.stop();
  });
});
