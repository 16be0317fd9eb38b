/** Recordings whose lengths lead from the first byte to the last, and the time that is in them. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AppError } from '../../../../src/errors.ts';
import type { FramedFormat } from '../../../../src/audio/read/format.ts';
import { isLost } from '../../../../src/audio/read/pcm.ts';
import { checkRecording } from '../../../../src/audio/read/scanFrames.ts';
import { readRecording } from '../../../../src/audio/read/readRecording.ts';
import { decodeAll, DEFAULTS, pieces } from '../../../support/audio.ts';
import {
  frame,
  length,
  noise,
  OPUS,
  opusPacket,
  opusPackets,
  PCM16,
  PCM8,
  quietPcm16,
  readAll,
  TOC_20_MS,
  TOC_60_MS,
} from './framing.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300);

const STEREO16: FramedFormat = { ...PCM16, channels: 2, sampleRate: 48_000 };

/** Frame sizes in samples, as phones and radios deliver them. */
const PATTERNS: Record<string, (i: number) => number> = {
  'any size between four limits': (i) => [320, 640, 960, 1280][(i * 7 + (i >> 2)) % 4] ?? 320,
  'a size that is never the same twice': (i) => 320 + ((i * 373) % 961),
  'long ones among short ones': (i) => (i % 5 === 0 ? 1600 : 160),
  'growing ones': (i) => 40 + 8 * i,
  'two sizes in turn': (i) => (i % 2 ? 441 : 440),
  'a whole second, then what is left': (i) => (i === 0 ? 8000 : 20),
};

function strideOf({ codec, channels }: FramedFormat): number {
  return channels * (codec === 'pcm16' ? 2 : 1);
}

function pcmFrames(format: FramedFormat, size: (i: number) => number, count = 200): Buffer[] {
  return Array.from({ length: count }, (_, i) => noise(strideOf(format) * size(i), i));
}

function bytesOf(frames: readonly Buffer[]): Buffer {
  return Buffer.concat(frames.map((each) => frame(each)));
}

/** How many seconds of a recording were read before it ended or was refused. */
async function secondsRead(bytes: Uint8Array, format: FramedFormat): Promise<number> {
  let samples = 0;
  try {
    for await (const block of readRecording(pieces(bytes), format, DEFAULTS).blocks) {
      samples += block.reduce((sum, each) => sum + each.samples, 0);
    }
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === 'recording_corrupt');
  }
  return samples / 16_000;
}

describe('Frames whose lengths lead from the first byte to the last', () => {
  for (const [name, size] of Object.entries(PATTERNS)) {
    for (const format of [PCM16, PCM8, STEREO16]) {
      it(`are all kept: ${format.codec}, ${format.channels} channels, ${name}`, async () => {
        const frames = pcmFrames(format, size);
        const bytes = bytesOf(frames);
        const samples = frames.reduce((sum, { length: n }) => sum + n, 0) / strideOf(format);
        const expected = {
          durationSeconds: samples / format.sampleRate,
          frames: frames.length,
          corruptFrames: 0,
          tornBytes: 0,
        };
        assert.deepEqual(checkRecording(bytes, format), expected);
        const { report, frames: read } = await decodeAll(bytes, format);
        assert.deepEqual([report.corruptFrames, report.stoppedBecause], [0, null]);
        const seconds = read.reduce((sum, each) => sum + each.samples, 0) / 16_000;
        assert.ok(Math.abs(seconds - expected.durationSeconds) < 1e-3, `${seconds}`);
      });
    }

    it(`lose no more than the frame whose length is wrong, wherever it is: ${name}`, () => {
      const frames = pcmFrames(PCM16, size, 60);
      for (const damaged of [0, 1, 2, 5, 20, 40, 58, 59]) {
        for (const claimed of [0, 7, 0x0001_0001, 0xffff_ffff]) {
          const bytes = Buffer.concat(frames.map((each, i) => frame(each, i === damaged ? claimed : each.length)));
          const kept = readAll(bytes, PCM16).flatMap((event) =>
            event.kind === 'frame' ? [Buffer.from(event.payload)] : [],
          );
          const missing = frames.filter((each) => !kept.some((one) => one.equals(each)));
          assert.ok(missing.length <= 1, `${missing.length} missing, ${damaged} reads ${claimed}`);
        }
      }
    });
  }

  it('keep the part of a torn last PCM frame', async () => {
    const frames = pcmFrames(PCM16, () => 1600, 10);
    const bytes = bytesOf(frames).subarray(0, -1001);
    const { report, pcm } = await decodeAll(bytes, PCM16);
    assert.equal(pcm.length, 16_000 - 501);
    assert.deepEqual([report.corruptFrames, report.tornBytes], [0, 3204 - 1001]);
    assert.equal(checkRecording(bytes, PCM16).durationSeconds, (16_000 - 501) / 16_000);
  });
});

describe('Empty frames', () => {
  const OPUS_20_MS: FramedFormat = { ...OPUS, frameSize: 320 };
  const empty = (count: number): Buffer => Buffer.alloc(4 * count);
  const speech = bytesOf(opusPackets(50, TOC_20_MS));
  const secondsOf = (bytes: Buffer, format: FramedFormat): number =>
    checkRecording(bytes, format).durationSeconds ?? NaN;

  it('are silence, and nothing is lost', async () => {
    const bytes = Buffer.concat([speech, empty(1450), speech]);
    assert.equal(secondsOf(bytes, OPUS_20_MS), 31);
    const { frames, report } = await decodeAll(bytes, OPUS_20_MS);
    assert.deepEqual([frames.length, report.corruptFrames, report.corruptSeconds], [1550, 0, 0]);
    assert.deepEqual(frames[50], { payload: null, samples: 320, isEmpty: true });
    assert.equal(frames.filter(isLost).length, 0);
    assert.equal(
      frames.findIndex(({ payload }, i) => i > 50 && payload !== null),
      1500,
    );
  });

  it('are as long as the frames around them, whatever length the name states', () => {
    assert.equal(secondsOf(Buffer.concat([empty(100), speech]), OPUS), 3);
    assert.equal(secondsOf(Buffer.concat([speech, empty(100)]), OPUS), 3);
    const pcm = bytesOf(pcmFrames(PCM16, () => 320, 50));
    assert.equal(secondsOf(Buffer.concat([empty(100), pcm, empty(50)]), PCM16), 4);
  });

  it('may be the only frames: a minute of them is a minute', async () => {
    for (const format of [OPUS_20_MS, { ...PCM16, frameSize: 320 }, { ...PCM8, frameSize: 320 }]) {
      assert.equal(secondsOf(empty(3000), format), 60, format.codec);
      const { report } = await decodeAll(empty(3000), format);
      assert.deepEqual([report.frames, report.corruptSeconds], [3000, 0], format.codec);
    }
  });

  it('never take bytes of a neighbour', () => {
    for (const format of [OPUS, PCM16]) {
      const frames = format === OPUS ? opusPackets(100) : pcmFrames(PCM16, (i) => 160 + (i % 3));
      const bytes = Buffer.concat(frames.flatMap((each, i) => [frame(each), empty(i % 4)]));
      const kinds = readAll(bytes, format).map(({ kind }) => kind);
      assert.equal(kinds.filter((kind) => kind === 'frame').length, frames.length);
      assert.equal(kinds.filter((kind) => kind === 'corrupt').length, 0);
    }
  });

  it('keep their time beside damage, to less than half a second', () => {
    const pause = 1450;
    const whole = [
      ...opusPackets(50, TOC_20_MS),
      ...Array<Buffer>(pause).fill(Buffer.alloc(0)),
      ...opusPackets(50, TOC_20_MS),
    ];
    const wrong = [0, 1, 60, 81, 500, 2000, 0x0001_0000, 0xffff_ffff];
    for (const damaged of [0, 20, 48, 49, 50, 51, 400, 1000, 1480, 1498, 1499, 1500, 1501, 1540, 1549]) {
      for (const claimed of wrong) {
        const bytes = Buffer.concat(whole.map((each, i) => frame(each, i === damaged ? claimed : each.length)));
        const seconds = secondsOf(bytes, OPUS_20_MS);
        assert.ok(Math.abs(seconds - 31) < 0.5, `${seconds} s where ${damaged} reads ${claimed}`);
      }
    }
  });
});

describe('A damaged stream with small packets in its pauses', () => {
  /** Speech, and pauses in which the encoder sends packets of one or two bytes. */
  const packets = Array.from({ length: 3000 }, (_, i) =>
    i % 1000 < 300 ? opusPacket(50 + (i % 30), i, TOC_20_MS) : opusPacket(1 + (i % 2), i, TOC_20_MS),
  );
  const whole = bytesOf(packets);
  const seconds = (bytes: Buffer): number => checkRecording(bytes, OPUS).durationSeconds ?? NaN;

  it('keeps what follows in its place, to about a second', () => {
    assert.equal(seconds(whole), 60);
    // Each place is well within speech or within a pause. Damage is 200 bytes of noise, or of an erased or zeroed part of a
    // chip.
    for (const at of [4000, 12_000, 19_500, 21_500, 40_000]) {
      for (const damage of [noise(200, at), Buffer.alloc(200, 0xff), Buffer.alloc(200)]) {
        const bytes = Buffer.from(whole);
        damage.copy(bytes, at);
        const off = seconds(bytes) - 60;
        assert.ok(Math.abs(off) < 1.5, `${off} s off with ${damage[0]} at ${at}`);
      }
    }
  });
});

describe('Frames that cannot be read', () => {
  const invalid = Buffer.concat([Buffer.of(0xb3, 0), noise(78, 1)]);

  it('are lost time of their length, in their place', async () => {
    const unreadable = Array<Buffer>(500).fill(invalid);
    const bytes = bytesOf([...opusPackets(100), ...unreadable, ...opusPackets(100)]);
    const { frames, report } = await decodeAll(bytes, OPUS);
    assert.ok(Math.abs(report.corruptSeconds - 5) < 1e-9);
    assert.deepEqual([frames.length, frames.findIndex(isLost), frames.findLastIndex(isLost)], [700, 100, 599]);
  });

  it('are lost time of their length even if there are no others', async () => {
    for (const [format, bytes] of [
      [OPUS, bytesOf(Array<Buffer>(500).fill(invalid))],
      [PCM16, bytesOf(Array.from({ length: 500 }, (_, i) => noise(319, i)))],
    ] as const) {
      assert.ok(Math.abs((await secondsRead(bytes, format)) - 5) < 0.05, format.codec);
    }
  });

  it('are searched for frames that a wrong length includes', () => {
    const packets = opusPackets(200);
    // A length of 0x5000 that leads, by chance, to a frame.
    const inner = bytesOf(packets.slice(50, 150));
    const bytes = Buffer.concat([
      bytesOf(packets.slice(0, 50)),
      length(2 + inner.length),
      Buffer.of(0xb3, 0),
      inner,
      bytesOf(packets.slice(150)),
    ]);
    const kept = readAll(bytes, OPUS).filter(({ kind }) => kind === 'frame').length;
    assert.equal(kept, 200);
  });
});

describe('Frames of one sample', () => {
  it('are read as frames of 10 ms, without the loss of a sample', async () => {
    const samples = Array.from({ length: 40_000 }, (_, i) => Math.round(8000 * Math.sin(i / 9)) + 0);
    const payload = Buffer.alloc(2);
    const bytes = Buffer.concat(samples.map((value) => (payload.writeInt16LE(value), frame(payload))));
    const { frames, pcm } = await decodeAll(bytes, { ...PCM16, frameSize: 1 });
    assert.deepEqual(
      Array.from(pcm, (x) => Math.round(x * 32_768) + 0),
      samples,
    );
    assert.ok(frames.length <= 260, `${frames.length}`);
  });
});

describe('Any bytes as frames', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => frame(bytes)),
    fc.integer({ min: 1, max: 40 }).map((count) => Buffer.alloc(count)),
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
    fc
      .tuple(fc.integer({ min: 1, max: 120 }), fc.nat(), fc.constantFrom(TOC_20_MS, TOC_60_MS))
      .map(([n, seed, toc]) => frame(opusPacket(n, seed, toc))),
    fc.tuple(fc.integer({ min: 1, max: 200 }), fc.nat()).map(([n, seed]) => frame(quietPcm16(n, seed))),
  );
  const format = fc.constantFrom(OPUS, PCM16, PCM8, STEREO16);

  it('are read to the end, and every byte counts as time', async function () {
    this.timeout(120_000 + 20 * RUNS);
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 60 }), format, async (pieces, as) => {
        const bytes = Buffer.concat(pieces);
        let torn = 0;
        let offset = 0;
        for (const event of readAll(bytes, as)) {
          assert.equal(event.offset, offset);
          offset += event.kind === 'frame' ? 4 + event.payload.length : event.bytes;
          if (event.kind === 'torn') torn += event.bytes;
        }
        assert.equal(offset, bytes.length);
        if (bytes.length === 0) return;
        const seconds = await secondsRead(bytes, as);
        assert.ok(seconds > 0 || torn === bytes.length, 'no time');
        let scanned: number;
        try {
          scanned = checkRecording(bytes, as).durationSeconds ?? NaN;
        } catch {
          return; // nothing in it can be used
        }
        assert.ok(Math.abs(scanned - seconds) < 0.01, `${scanned} s scanned, ${seconds} s read`);
      }),
      { numRuns: RUNS },
    );
  });
});
