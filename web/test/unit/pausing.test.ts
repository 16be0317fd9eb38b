import assert from 'node:assert/strict';
import { signal } from '@preact/signals';
import { Pausing } from '../../src/record/pausing.ts';
import type { Ending, RecorderState } from '../../src/record/recorder.ts';

/** A recorder that counts from nothing whenever it starts, as the real one does. */
class FakeRecorder {
  readonly state = signal<RecorderState>({ kind: 'idle' });
  readonly recordedMs = signal(0);
  /** Whether the microphone is given. */
  opens = true;
  /** Whether the person cancels while it opens. */
  isCancelled = false;

  start(): Promise<void> {
    this.recordedMs.value = 0;
    if (this.opens && !this.isCancelled) this.state.value = { kind: 'recording', format: {} as never, microphone: 'm' };
    return this.opens ? Promise.resolve() : Promise.reject(new Error('No microphone.'));
  }

  stop(): Promise<Ending> {
    this.state.value = { kind: 'idle' };
    return Promise.resolve('delivered');
  }
}

describe('A pause while recording', () => {
  let recorder: FakeRecorder;
  let pausing: Pausing;
  beforeEach(() => {
    recorder = new FakeRecorder();
    pausing = new Pausing(recorder);
  });

  it('lets the stopwatch stand still, and goes on from there', async () => {
    await pausing.start();
    recorder.recordedMs.value = 5000;
    await pausing.pause();
    assert.deepEqual([pausing.isPaused.value, pausing.recordedMs.value], [true, 5000]);
    assert.equal(recorder.state.value.kind, 'idle', 'nothing is recorded');
    await pausing.start();
    recorder.recordedMs.value = 2000;
    assert.deepEqual([pausing.isPaused.value, pausing.recordedMs.value], [false, 7000]);
    await pausing.pause();
    assert.equal(pausing.recordedMs.value, 7000);
  });

  it('ends with the recording, and the next one begins at nothing', async () => {
    await pausing.start();
    recorder.recordedMs.value = 5000;
    await pausing.pause();
    await pausing.finish();
    assert(!pausing.isPaused.value);
    await pausing.start();
    assert.equal(pausing.recordedMs.value, 0);
  });

  it('stays a pause where going on is cancelled before it records', async () => {
    await pausing.start();
    await pausing.pause();
    recorder.isCancelled = true;
    await pausing.start();
    assert(pausing.isPaused.value);
  });

  it('stays a pause where the microphone does not open again', async () => {
    await pausing.start();
    recorder.recordedMs.value = 5000;
    await pausing.pause();
    recorder.opens = false;
    await assert.rejects(pausing.start());
    assert.deepEqual([pausing.isPaused.value, pausing.recordedMs.value], [true, 5000]);
  });
});
