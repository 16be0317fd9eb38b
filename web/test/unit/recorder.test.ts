import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CaptureClock } from '../../src/record/captureClock.ts';
import { Cutter, FRAMES_PER_FILE, type Piece } from '../../src/record/cutter.ts';
import { formatFor, loudness, nameFor, toPcm16 } from '../../src/record/format.ts';

const RATE = 16_000;
const FRAME = 320;
const T0 = Date.UTC(2026, 6, 3, 10);

/** Splits the bytes of frames into packets. */
function readFrames(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at, true);
    frames.push(bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return frames;
}

function cut(count: number): { pieces: Piece[]; frames: Uint8Array[] } {
  const cutter = new Cutter(formatFor('web1', RATE, true), () => T0 + 6.5);
  const frames = Array.from({ length: count }, (_, i) => Uint8Array.of(1 + (i % 250), i >> 8));
  const pieces = [...frames.map((frame) => cutter.push(frame)), cutter.end()].filter((piece) => piece !== null);
  return { pieces, frames };
}

describe('The recorder’s cutter', () => {
  it('loses no frame and keeps the order, whatever the number of frames', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 * FRAMES_PER_FILE + 120 }), (count) => {
        const { pieces, frames } = cut(count);
        assert.deepEqual(
          pieces.flatMap(({ bytes }) => readFrames(bytes)),
          frames,
        );
      }),
      { numRuns: 20 },
    );
  });

  it('makes files of a minute whose names follow each other to the millisecond', () => {
    const { pieces } = cut(2 * FRAMES_PER_FILE + 10);
    const names = [...new Set(pieces.map(({ name }) => name))];
    assert.deepEqual(
      names,
      [0, 60_000, 120_000].map((after) => `audio_web1_opus_fs320_16000_1_fs320_${T0 + after}.bin`),
    );
    for (const name of names) {
      const own = pieces.filter((piece) => piece.name === name);
      assert.deepEqual(
        own.map(({ last }) => last),
        own.map((_, i) => i === own.length - 1),
      );
    }
  });

  it('returns a piece every second, so that a killed tab loses no more', () => {
    const { pieces } = cut(149);
    assert.deepEqual(
      pieces.map(({ bytes }) => readFrames(bytes).length),
      [50, 50, 49],
    );
  });

  it('returns no piece of a stretch in which nothing was captured', () => {
    assert.deepEqual(cut(0).pieces, []);
  });

  it('ends a stretch at the edge of a piece without an empty piece, and at the edge of a minute without a new file', () => {
    assert.deepEqual(
      cut(100).pieces.map(({ last }) => last),
      [false, false, true],
    );
    assert.equal(cut(FRAMES_PER_FILE).pieces.length, 60);
  });
});

describe('The recorder’s clock', () => {
  const late = fc.array(fc.double({ min: 0, max: 40, noNaN: true }), { minLength: 50, maxLength: 400 });

  it('derives the time of a sample from the frame with the shortest delay in the first second', () => {
    fc.assert(
      fc.property(late, (delays) => {
        const clock = new CaptureClock(RATE);
        for (const [i, delay] of delays.entries()) {
          assert.equal(clock.observe((i + 1) * FRAME, T0 + (i + 1) * 20 + delay), 'steady');
        }
        const promptest = Math.min(...delays.slice(0, 50));
        assert(Math.abs(clock.timeOf(FRAME * 7) - (T0 + 140 + promptest)) < 1e-3);
      }),
    );
  });

  it('gives the same answer after the first call', () => {
    const clock = new CaptureClock(RATE);
    clock.observe(FRAME, T0 + 20 + 30);
    const told = clock.timeOf(0);
    clock.observe(2 * FRAME, T0 + 40);
    assert.equal(clock.timeOf(0), told);
  });

  it('does not take the late frames of a busy page for a gap', () => {
    const clock = steadyClock();
    const busyUntil = T0 + 1000 + 3000;
    for (let i = 51; i <= 200; i++) assert.notEqual(clock.observe(i * FRAME, busyUntil + (i - 51) * 0.1), 'gap');
    assert.equal(clock.observe(201 * FRAME, T0 + 201 * 20), 'steady');
  });

  it('detects missing audio: the frames behind it are later than their place', () => {
    const clock = steadyClock();
    const missing = 700;
    const verdicts = Array.from({ length: 40 }, (_, i) =>
      clock.observe((51 + i) * FRAME, T0 + (51 + i) * 20 + missing),
    );
    assert.equal(verdicts[0], 'doubtful');
    assert.equal(
      verdicts.findIndex((verdict) => verdict === 'gap'),
      25,
    );
  });

  it('detects that a clock was set back', () => {
    const clock = steadyClock();
    const verdicts = Array.from({ length: 40 }, (_, i) => clock.observe((51 + i) * FRAME, T0 + (51 + i) * 20 - 60_000));
    assert(verdicts.includes('gap'));
  });

  function steadyClock(): CaptureClock {
    const clock = new CaptureClock(RATE);
    for (let i = 1; i <= 50; i++) clock.observe(i * FRAME, T0 + i * 20);
    return clock;
  }
});

describe('The recorder’s format', () => {
  it('names recordings so that the server can read them', () => {
    assert.equal(nameFor(formatFor('web1', 16_000, true), T0 + 6.5), `audio_web1_opus_fs320_16000_1_fs320_${T0}.bin`);
    assert.equal(nameFor(formatFor('web1', 48_000, true), T0 + 6.5), `audio_web1_opus_48000_1_fs960_${T0}.bin`);
    assert.equal(nameFor(formatFor('web1', 44_100, false), T0), `audio_web1_pcm16_44100_1_fs882_${T0}.bin`);
  });

  it('writes PCM as signed 16 bits, little-endian, and clips samples that are too loud', () => {
    const view = new DataView(toPcm16(Float32Array.of(0, 1, -1, 2, -2, 0.5)).buffer);
    const samples = Array.from({ length: 6 }, (_, i) => view.getInt16(i * 2, true));
    assert.deepEqual(samples, [0, 32_767, -32_768, 32_767, -32_768, 16_384]);
  });

  it('measures loudness on a logarithmic scale', () => {
    assert.equal(loudness(new Float32Array(100)), 0);
    assert.equal(loudness(new Float32Array(100).fill(1)), 1);
    assert(Math.abs(loudness(new Float32Array(100).fill(0.0316)) - 0.5) < 0.01);
  });
});
