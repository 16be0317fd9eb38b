import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { encodeFlac } from '../../../../src/audio/chunk/flac.ts';
import { chirp, ffmpeg, s16le } from '../../../support/audio.ts';

const STREAM = WebAssembly.instantiateStreaming.bind(WebAssembly);

/** A signal of a sweep, silence, noise over the full range, and the extreme values. */
function testSignal(samples: number): Int16Array {
  let seed = 1;
  const noise = (): number => (seed = (seed * 48_271) % 0x7fffffff) % 65_536;
  const pcm = Int16Array.from(chirp(samples / 16_000), (x) => Math.round(x * 32_768));
  pcm.fill(0, samples >> 2, samples >> 1);
  for (let i = samples >> 1; i < (3 * samples) >> 2; i++) pcm[i] = noise() - 32_768;
  return pcm.with(0, 32_767).with(1, -32_768);
}

function bytesOf(pcm: Int16Array): Buffer {
  return s16le(Float32Array.from(pcm, (x) => x / 32_768));
}

function decoded(flac: Uint8Array): Buffer {
  return ffmpeg(['-f', 'flac', '-i', 'pipe:0', '-f', 's16le', 'pipe:1'], flac);
}

/** The fields of STREAMINFO (RFC 9639 §8.2). */
function streamInfo(flac: Uint8Array): {
  sampleRate: number;
  channels: number;
  bits: number;
  samples: number;
  md5: string;
} {
  const info = Buffer.from(flac).subarray(8, 42);
  const packed = info.readBigUInt64BE(10);
  return {
    sampleRate: Number(packed >> 44n),
    channels: Number((packed >> 41n) & 7n) + 1,
    bits: Number((packed >> 36n) & 31n) + 1,
    samples: Number(packed & 0xfffffffffn),
    md5: info.subarray(18).toString('hex'),
  };
}

describe('FLAC encoder', function () {
  it('loses nothing', async () => {
    for (const samples of [1, 159, 4096, 4097, 400_001]) {
      const pcm = testSignal(Math.max(samples, 2)).slice(0, samples);
      assert.ok(decoded(await encodeFlac(pcm, 16_000)).equals(bytesOf(pcm)), `${samples} samples`);
    }
  });

  it('states in STREAMINFO what the file contains, with a checksum of the samples', async () => {
    const pcm = testSignal(100_000);
    assert.deepEqual(streamInfo(await encodeFlac(pcm, 16_000)), {
      sampleRate: 16_000,
      channels: 1,
      bits: 16,
      samples: 100_000,
      md5: createHash('md5').update(bytesOf(pcm)).digest('hex'),
    });
    assert.equal(streamInfo(await encodeFlac(pcm, 8000)).sampleRate, 8000);
  });

  it('accepts a view into a larger buffer', async () => {
    const pcm = testSignal(9000).subarray(1001, 8001);
    assert.ok(decoded(await encodeFlac(pcm, 16_000)).equals(bytesOf(pcm)));
  });

  it('makes the file much smaller than the PCM', async () => {
    const pcm = Int16Array.from(chirp(5), (x) => Math.round(x * 32_768));
    assert.ok((await encodeFlac(pcm, 16_000)).length < 0.5 * pcm.byteLength);
  });

  it('encodes several signals at once', async () => {
    const signals = [300_000, 200_000, 400_000].map((samples) => testSignal(samples));
    const files = await Promise.all(signals.map((pcm) => encodeFlac(pcm, 16_000)));
    files.forEach((file, i) => {
      assert.ok(decoded(file).equals(bytesOf(signals[i]!)));
    });
  });

  it('leaves WebAssembly, the process handlers and the environment as they were', async () => {
    await encodeFlac(testSignal(100), 16_000);
    assert.equal(typeof WebAssembly.instantiateStreaming, typeof STREAM);
    assert.equal(process.env['FLAC_SCRIPT_LOCATION'], undefined);
    assert.ok(!process.listeners('unhandledRejection').some((listener) => listener.toString().includes('abort')));
  });
});
