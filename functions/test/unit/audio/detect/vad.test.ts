import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { loadSileroVad, WINDOW_SAMPLES } from '../../../../src/audio/detect/vad.ts';
import type { Vad } from '../../../../src/audio/detect/vad.ts';

const FUNCTIONS = join(import.meta.dirname, '../../../..');
const MODEL = join(FUNCTIONS, 'models/silero_vad_v6.onnx');
const FIXTURES = join(FUNCTIONS, 'test/fixtures/vad');

describe('Silero VAD', () => {
  const speech = readSpeech();
  let vad: Vad;

  before(async () => {
    vad = await loadSileroVad();
  });

  for (const model of ['silero_vad_v6.onnx', 'silero_vad_v6_sequence.onnx']) {
    it(`is the model file that models/README.md names: ${model}`, () => {
      const sum = createHash('sha256')
        .update(readFileSync(join(FUNCTIONS, 'models', model)))
        .digest('hex');
      assert.match(readFileSync(join(FUNCTIONS, 'models/README.md'), 'utf8'), new RegExp(`\`${model}\`[^]*${sum}`));
    });
  }

  it('agrees with a plain one-stream loop over the published model', async () => {
    const [actual] = await vad.probabilities([{ pcm: speech, warmupSamples: 0 }]);
    assertClose(actual, await plainLoop(speech), 1e-5);
  });

  it('gives the committed probabilities of the committed speech', async () => {
    const golden = JSON.parse(readFileSync(join(FIXTURES, 'probabilities.json'), 'utf8')) as number[];
    const [actual] = await vad.probabilities([{ pcm: speech, warmupSamples: 0 }]);
    assertClose(actual, golden, 1e-3);
  });

  it('judges a slice the same alone as among slices of other lengths', async () => {
    const slices = Array.from({ length: 20 }, (_, i) => ({
      pcm: speech.subarray(i * 700, i * 700 + ((i * 37) % 23) * 1111 + 1),
      warmupSamples: 0,
    }));
    const together = await vad.probabilities(slices);
    assert.equal(together.length, slices.length);
    for (const [i, { pcm }] of slices.entries()) assertClose(together[i], await plainLoop(pcm), 1e-5);
  });

  it('warms up on the warm-up and returns only what follows it', async () => {
    const warmup = 20;
    const pcm = speech.subarray(1000);
    const [actual] = await vad.probabilities([{ pcm, warmupSamples: warmup * WINDOW_SAMPLES }]);
    assertClose(actual, (await plainLoop(pcm)).slice(warmup), 1e-5);
  });

  it('judges a partial last window as if zeros followed', async () => {
    const pcm = speech.subarray(0, 60 * WINDOW_SAMPLES + 100);
    const padded = new Float32Array(61 * WINDOW_SAMPLES);
    padded.set(pcm);
    const [partial, whole] = await vad.probabilities([
      { pcm, warmupSamples: 0 },
      { pcm: padded, warmupSamples: 0 },
    ]);
    assert.equal(partial?.length, 61);
    assertClose(partial, [...whole!], 1e-5);
  });

  it('returns nothing for no slices, an empty slice, and a slice that is all warm-up', async () => {
    assert.deepEqual(await vad.probabilities([]), []);
    const [empty, warmup] = await vad.probabilities([
      { pcm: new Float32Array(0), warmupSamples: 0 },
      { pcm: new Float32Array(1024), warmupSamples: 1024 },
    ]);
    assert.equal(empty?.length, 0);
    assert.equal(warmup?.length, 0);
  });

  it('refuses a warm-up that is not a number of whole windows, or is longer than its slice', async () => {
    const pcm = new Float32Array(2048);
    for (const warmupSamples of [100, -512, 2560]) {
      await assert.rejects(vad.probabilities([{ pcm, warmupSamples }]), RangeError);
    }
  });
});

/** The documented use of the model, without any optimisation: one stream, 64 samples of context, and the state passed on. */
async function plainLoop(pcm: Float32Array): Promise<number[]> {
  const session = await plainSession;
  const sr = new Tensor('int64', BigInt64Array.of(16000n), []);
  let state: Tensor = new Tensor('float32', new Float32Array(2 * 128), [2, 1, 128]);
  let context = new Float32Array(64);
  const probabilities: number[] = [];
  for (let i = 0; i < pcm.length; i += 512) {
    const input = new Float32Array(64 + 512);
    input.set(context);
    input.set(pcm.subarray(i, i + 512), 64);
    const outputs = await session.run({ input: new Tensor('float32', input, [1, 576]), state, sr });
    probabilities.push(Number(outputs['output']!.data[0]));
    state = outputs['stateN']!;
    context = input.slice(-64);
  }
  return probabilities;
}

const plainSession = InferenceSession.create(MODEL, { intraOpNumThreads: 1 });

function readSpeech(): Float32Array {
  const bytes = readFileSync(join(FIXTURES, 'speech.s16'));
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readInt16LE(2 * i) / 32768);
}

function assertClose(actual: Float32Array | undefined, expected: readonly number[], tolerance: number): void {
  assert.equal(actual?.length, expected.length);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(actual[i]! - value) <= tolerance, `window ${i}: ${actual[i]!} instead of ${value}`);
  });
}
