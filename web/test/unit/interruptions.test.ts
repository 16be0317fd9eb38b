import assert from 'node:assert/strict';
import { NO_FRAMES_MS, REOPEN_AFTER_MS } from '../../src/record/captureSession.ts';
import { interruptionText, missedText } from '../../src/record/recorderText.ts';
import { FakeTime } from './support/fakeTime.ts';
import { RecorderBench } from './support/recorderBench.ts';

const T0 = Date.UTC(2026, 6, 3, 10);
/** Tolerance for times, milliseconds: frames of 20 ms, and clocks in milliseconds. */
const NEAR_MS = 45;

describe('A recording', () => {
  let time: FakeTime;
  let bench: RecorderBench;
  beforeEach(async () => {
    time = new FakeTime(T0);
    bench = new RecorderBench(time);
    await bench.recorder.start();
    await bench.audio.capture(3);
  });
  afterEach(async () => {
    await bench.recorder.stop();
    time.end();
    assert.equal(bench.audio.held, 0, 'no microphone stays open');
  });

  /** What is missing lies between two recordings, each with its own time. It is reported, and the stopwatch does not count it. */
  async function assertMissed(reason: string, lengthMs: number, afterMs = 2000): Promise<void> {
    const { recorder } = bench;
    assert.equal(recorder.interruption.value, null, 'it is over');
    const recorded = recorder.recordedMs.value;
    assert.ok(Math.abs(recorded - 3000 - afterMs) <= 220, `${recorded} ms were recorded`);
    assert.deepEqual(
      recorder.missed.value.map((missed) => missed.reason),
      [reason],
    );
    const [missed] = recorder.missed.value;
    assert.ok(Math.abs((missed?.lengthMs ?? 0) - lengthMs) <= NEAR_MS, `${missed?.lengthMs} ms were missed`);
    assert.equal(await recorder.stop(), 'delivered');
    const [first, second] = bench.heard;
    assert.equal(bench.heard.length, 2);
    assert.equal(first?.ms, 3000);
    assert.ok(Math.abs((second?.startedAt ?? 0) - first.startedAt - 3000 - lengthMs) <= NEAR_MS);
    assert.match(missedText(missed ?? { at: 0, lengthMs: 0, reason: 'lost' }), /not recorded \(/);
  }

  it('restarts a suspended audio clock, says so, and continues at the correct time', async () => {
    const { context } = bench.audio.last;
    context.interrupt();
    assert.equal(bench.recorder.interruption.value?.reason, 'suspended');
    assert.match(interruptionText({ reason: 'suspended', detail: null }), /paused the microphone/);
    await bench.audio.capture(5);
    assert.ok(Math.abs(bench.recorder.recordedMs.value - 3000) <= 200, 'the stopwatch stands still');
    assert.ok(context.resumed > 5, 'it is asked again and again');
    context.mayRun = true;
    await bench.audio.capture(2.5);
    await assertMissed('suspended', 5500, 2000);
  });

  it('closes the microphone when it is paused, and opens another one when it is resumed', async () => {
    const { audio, recorder } = bench;
    await recorder.pause();
    assert.equal(audio.held, 0, 'nothing listens meanwhile');
    assert.equal(recorder.interruption.value?.reason, 'paused');
    audio.freeze();
    audio.changePage();
    await audio.capture(20);
    assert.deepEqual([audio.opened.length, recorder.interruption.value.reason], [1, 'paused']);
    assert.equal(recorder.recordedMs.value, 3000, 'the stopwatch stands still');
    recorder.resume();
    await audio.capture(2);
    await assertMissed('paused', 20_000);
  });

  it('closes a microphone that opens after it was paused', async () => {
    const { audio, recorder } = bench;
    audio.last.track.end();
    await recorder.pause();
    await audio.capture(3);
    assert.deepEqual([audio.held, recorder.interruption.value?.reason], [0, 'paused']);
    recorder.resume();
    await audio.capture(2);
    assert.equal(recorder.interruption.value, null);
  });

  it('keeps what was recorded before a pause if it ends while paused', async () => {
    await bench.recorder.pause();
    await bench.audio.capture(5);
    assert.equal(await bench.recorder.stop(), 'delivered');
    assert.deepEqual(
      bench.heard.map(({ ms }) => ms),
      [3000],
    );
  });

  it('does not record the silence of a muted microphone', async () => {
    const { track } = bench.audio.last;
    track.mute(true);
    await bench.audio.capture(4);
    assert.equal(bench.recorder.interruption.value?.reason, 'muted');
    track.mute(false);
    await bench.audio.capture(2);
    await assertMissed('muted', 4000);
  });

  it('opens another microphone when a headset is removed', async () => {
    bench.audio.last.track.end();
    assert.equal(bench.recorder.interruption.value?.reason, 'ended');
    await bench.audio.capture(2);
    assert.equal(bench.audio.opened.length, 2);
    const state = bench.recorder.state.value;
    assert.equal(state.kind === 'recording' && state.microphone, 'Microphone 2');
    await assertMissed('ended', 0);
  });

  it('notices a track that ended without an event', async () => {
    bench.audio.last.track.stop();
    await bench.audio.capture(3);
    assert.equal(bench.audio.opened.length, 2);
    await assertMissed('ended', 500, 2500);
  });

  it('says why if no other microphone is left, and continues when there is one', async () => {
    bench.audio.refusal = new DOMException('none', 'NotFoundError');
    bench.audio.last.track.end();
    await bench.audio.capture(20);
    assert.deepEqual(bench.recorder.interruption.value, {
      reason: 'unavailable',
      detail: 'There is no microphone on this device.',
    });
    assert.equal(bench.recorder.state.value.kind, 'recording', 'it does not end without a word');
    bench.audio.refusal = null;
    await bench.audio.capture(40);
    assert.equal(bench.recorder.interruption.value, null);
    assert.equal(bench.audio.opened.length, 2);
    await bench.recorder.stop();
    assert.equal(bench.heard.length, 2);
  });

  it('says that permission was withdrawn, and continues when it is given again', async () => {
    bench.audio.refusal = new DOMException('no', 'NotAllowedError');
    bench.audio.last.track.end();
    await bench.audio.capture(30);
    const { reason, detail } = bench.recorder.interruption.value ?? {};
    assert.equal(reason, 'unavailable');
    assert.match(detail ?? '', /not allowed: allow it/);
    bench.audio.refusal = null;
    await bench.audio.capture(40);
    await bench.recorder.stop();
    assert.deepEqual([bench.heard.length, bench.recorder.missed.value.length], [2, 1]);
  });

  it('uses the microphone that is allowed at last, after the question was left without an answer', async () => {
    bench.audio.isAsking = true;
    bench.audio.last.track.end();
    await bench.audio.capture(200);
    assert.equal(bench.recorder.interruption.value?.reason, 'unavailable');
    bench.audio.answer();
    await bench.audio.capture(50);
    assert.equal(bench.recorder.interruption.value, null);
    assert.equal(bench.audio.held, 1, 'all that were given are closed but the one in use');
    await bench.recorder.stop();
    assert.equal(bench.heard.length, 2);
  });

  for (const worklet of ['missing', 'stuck'] as const)
    it(`says what to do and leaves nothing open if a headset is removed while the worklet is ${worklet}`, async () => {
      bench.audio.worklet = worklet;
      bench.audio.last.track.end();
      await bench.audio.capture(300);
      const { reason, detail } = bench.recorder.interruption.value ?? {};
      assert.equal(reason, 'unavailable');
      assert.match(detail ?? '', /reload this page/);
      assert.ok(bench.audio.contexts <= 1, `${bench.audio.contexts} audio clocks are open`);
      assert.ok(bench.audio.held <= 1, `${bench.audio.held} microphones are open`);
      bench.audio.worklet = 'there';
      await bench.audio.capture(70);
      assert.equal(bench.recorder.interruption.value, null);
      await bench.recorder.stop();
      assert.equal(bench.audio.contexts, 0);
    });

  it('continues at the correct time with a microphone of another sample rate', async () => {
    bench.audio.sampleRate = 48_000;
    bench.audio.last.track.settings.sampleRate = 16_000;
    bench.audio.changePage();
    await bench.audio.capture(2);
    assert.deepEqual(
      bench.recorder.missed.value.map(({ reason }) => reason),
      ['changed'],
    );
    await bench.recorder.stop();
    assert.deepEqual(
      bench.delivered.map(({ name }) => /pcm16_(\d+)_/.exec(name)?.[1]),
      ['16000', '48000'],
    );
    assert.deepEqual(
      bench.heard.map(({ ms }) => ms),
      [3000, 2000],
    );
  });

  it('says that nothing arrives if there is no other reason, and opens the microphone again', async () => {
    bench.audio.isDead = true;
    await bench.audio.capture(NO_FRAMES_MS / 1000 + 0.6);
    assert.equal(bench.recorder.interruption.value?.reason, 'no_frames');
    await bench.audio.capture(REOPEN_AFTER_MS / 1000 - NO_FRAMES_MS / 1000);
    assert.equal(bench.audio.opened.length, 2);
    bench.audio.isDead = false;
    await bench.audio.capture(2);
    assert.equal(bench.recorder.interruption.value, null);
    assert.equal(bench.recorder.missed.value[0]?.reason, 'no_frames');
  });

  it('keeps what it has when the page is frozen, and reports the gap afterwards', async () => {
    bench.audio.freeze();
    time.pass(60_000);
    bench.audio.changePage();
    await bench.audio.capture(2);
    await assertMissed('frozen', 60_000);
  });

  it('leaves a gap of the right length for frames that were lost', async () => {
    for (let i = 0; i < 10; i++) {
      await time.advance(20);
      bench.audio.last.samples += 320;
    }
    await bench.audio.capture(2);
    await assertMissed('lost', 200);
  });

  it('says what may have happened if the two clocks differ after a sleep', async () => {
    time.set(T0 + 3600_000);
    await bench.audio.capture(2);
    assert.equal(bench.recorder.missed.value[0]?.reason, 'clock');
    await bench.recorder.stop();
    const [first, second] = bench.heard;
    assert.ok((second?.startedAt ?? 0) - (first?.startedAt ?? 0) > 3590_000);
    assert.equal((first?.ms ?? 0) + (second?.ms ?? 0), 5000, 'and nothing of it is lost');
  });

  it('reports what is missing if it ends during an interruption', async () => {
    bench.audio.last.context.interrupt();
    await bench.audio.capture(10);
    await bench.recorder.stop();
    const [missed] = bench.recorder.missed.value;
    assert.ok(Math.abs((missed?.lengthMs ?? 0) - 10_000) <= NEAR_MS);
  });

  it('stores exactly what was captured, whatever happens in which order', async () => {
    const { audio } = bench;
    const steps: (() => void)[] = [
      () => {
        audio.last.context.interrupt();
      },
      () => (audio.last.context.mayRun = true),
      () => {
        audio.last.track.mute(true);
      },
      () => {
        audio.last.track.mute(false);
      },
      () => {
        audio.last.track.end();
      },
      () => {
        audio.freeze();
      },
      () => (audio.isDead = !audio.isDead),
      () => void bench.recorder.pause(),
      () => {
        bench.recorder.resume();
      },
    ];
    let seed = 7;
    for (let i = 0; i < 60; i++) {
      seed = (seed * 48_271) % 2_147_483_647;
      steps[seed % steps.length]?.();
      await audio.capture((seed % 40) / 10);
    }
    await bench.recorder.stop();
    const total = bench.heard.reduce((sum, { ms }) => sum + ms, 0);
    assert.ok(Math.abs(total - bench.recorder.recordedMs.value) < 1, `${total} of ${bench.recorder.recordedMs.value}`);
    for (const [i, { startedAt }] of bench.heard.entries()) {
      const before = bench.heard[i - 1];
      if (before !== undefined) assert.ok(startedAt >= before.startedAt + before.ms - NEAR_MS, 'none lies in another');
    }
  });
});
