import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readRecording } from '../../../../src/audio/read/readRecording.ts';
import { decodeOpus } from '../../../../src/audio/read/opusDecoder.ts';
import { AppError } from '../../../../src/errors.ts';
import type { FramedFormat } from '../../../../src/audio/read/format.ts';
import { opusPacketSamples48k } from '../../../../src/audio/read/opusPacket.ts';
import {
  bestSnr,
  chirp,
  decodeAll,
  DEFAULTS,
  ffmpeg,
  framed,
  fromS16le,
  invertedStereo,
  oggOpus,
  oggPackets,
  opusPackets,
  pieces,
  RATE,
  samplesIn,
  snr,
} from '../../../support/audio.ts';

const OPUS: FramedFormat = { kind: 'framed', codec: 'opus', sampleRate: 16_000, channels: 1, frameSize: 160 };
/** Code 1 with an odd number of bytes after the TOC: breaks R3 of RFC 6716 §3.4. */
const INVALID = Uint8Array.of(0b01000_0_01, 1, 2, 3);

describe('Opus recordings', function () {
  for (const frameMs of [2.5, 5, 10, 20, 40, 60]) {
    it(`have the exact samples of every ${frameMs} ms packet and keep its bytes`, async () => {
      const packets = opusPackets(chirp(3), frameMs);
      const { frames, pcm, report } = await decodeAll(framed(packets), OPUS);
      assert.equal(frames.length, packets.length);
      frames.forEach((frame, i) => {
        assert.equal(frame.samples, (frameMs * RATE) / 1000);
        assert.deepEqual(Buffer.from(frame.payload!), Buffer.from(packets[i]!));
      });
      assert.equal(pcm.length, (packets.length * frameMs * RATE) / 1000);
      assert.deepEqual(report, {
        frames: packets.length,
        corruptFrames: 0,
        corruptSeconds: 0,
        tornBytes: 0,
        stoppedBecause: null,
      });
    });
  }

  // CELT decodes to the same signal at 16 kHz and at 48 kHz. ffmpeg decodes SILK at 48 kHz, with another filter.
  for (const { mode, application, bitrate, preSkip, floor } of [
    { mode: 'CELT', application: 'lowdelay', bitrate: '64k', preSkip: 120, floor: 80 },
    { mode: 'SILK', application: 'voip', bitrate: '20k', preSkip: 312, floor: 20 },
  ]) {
    it(`are decoded as ffmpeg decodes them (${mode}), with nothing skipped at the start`, async () => {
      const ogg = oggOpus(chirp(4), 10, ['-b:a', bitrate, '-application', application]);
      const reference = fromS16le(ffmpeg(['-c:a', 'libopus', '-i', 'pipe:0', '-f', 's16le', 'pipe:1'], ogg));
      const { pcm } = await decodeAll(framed(oggPackets(ogg).slice(2)), OPUS);
      // ffmpeg removes the look-ahead of the encoder, as the header states it; samples at 48 kHz.
      const lags = Array.from({ length: 9 }, (_, i) => preSkip - 4 + i);
      const best = lags.map((lag) =>
        snr(
          pcm.map((_, i) => reference[3 * i - lag] ?? 0),
          pcm,
          400,
        ),
      );
      const decibels = Math.max(...best);
      assert.ok(decibels > floor, `${decibels} dB`);
    });
  }

  it('in stereo are mixed down, and a voice in one channel is as loud as it is there', async () => {
    const signal = chirp(1);
    const leftOnly = Float32Array.from({ length: 2 * signal.length }, (_, i) => (i % 2 === 0 ? signal[i >> 1]! : 0));
    const packets = oggPackets(oggOpus(leftOnly, 20, ['-b:a', '128k'], 2)).slice(2);
    const { pcm } = await decodeAll(framed(packets), { ...OPUS, channels: 2 });
    const { decibels } = bestSnr(pcm, signal, 110);
    assert.ok(decibels > 20, `${decibels} dB`);
  });

  for (const [mode, options] of [
    ['CELT', ['-b:a', '96k', '-application', 'lowdelay']],
    ['SILK', ['-b:a', '24k', '-application', 'voip']],
  ] as const) {
    it(`in stereo with one channel inverted keep the voice (${mode})`, async () => {
      const signal = chirp(1);
      const packets = oggPackets(oggOpus(invertedStereo(signal), 20, options, 2)).slice(2);
      // This holds even if the name states one channel: the packets decide.
      for (const channels of [1, 2] as const) {
        const { pcm } = await decodeAll(framed(packets), { ...OPUS, channels });
        const { decibels } = bestSnr(pcm, signal, 110);
        assert.ok(decibels > 10, `${decibels} dB`);
      }
    });
  }

  it('come in blocks of about a second', async () => {
    const { blocks } = await decodeAll(framed(opusPackets(chirp(5.2), 60)), OPUS);
    assert.equal(blocks.length, 6);
    for (const block of blocks) {
      assert.ok(samplesIn(block) <= RATE * 1.06);
    }
  });

  it('are decoded to the same samples whatever pieces they arrive in, and each time', async () => {
    const bytes = framed(opusPackets(chirp(2), 20));
    const whole = await decodeAll(pieces(bytes, bytes.length), OPUS);
    for (const size of [7, 1000, bytes.length]) {
      assert.deepEqual((await decodeAll(pieces(bytes, size), OPUS)).pcm, whole.pcm);
    }
  });

  it('keep their packets when the source reuses its buffer', async () => {
    const packets = opusPackets(chirp(1.5), 10);
    const bytes = framed(packets);
    async function* reused(): AsyncGenerator<Uint8Array, void, undefined> {
      const buffer = new Uint8Array(500);
      for (let at = 0; at < bytes.length; at += buffer.length) {
        const piece = bytes.subarray(at, at + buffer.length);
        buffer.set(piece);
        yield Promise.resolve(buffer.subarray(0, piece.length));
      }
    }
    const { frames } = await decodeAll(reused(), OPUS);
    frames.forEach((frame, i) => {
      assert.deepEqual(Buffer.from(frame.payload!), Buffer.from(packets[i]!));
    });
  });

  it('replace corrupt packets by silence of the usual duration, and count them', async () => {
    const packets = opusPackets(chirp(3), 20);
    const intact = await decodeAll(framed(packets), OPUS);
    const { frames, pcm, report } = await decodeAll(framed(packets.map((p, i) => (i === 70 ? INVALID : p))), OPUS);
    assert.equal(pcm.length, intact.pcm.length);
    assert.deepEqual(frames[70], { payload: null, samples: 320 });
    assert.deepEqual(pcm.subarray(0, 70 * 320), intact.pcm.subarray(0, 70 * 320));
    assert.ok(pcm.subarray(70 * 320, 71 * 320).every((x) => x === 0));
    assert.ok(pcm.subarray(71 * 320).some((x) => x !== 0));
    assert.deepEqual([report.corruptFrames, report.corruptSeconds], [1, 0.02]);
    assert.equal(report.frames, packets.length - 1);
    assert.equal(report.stoppedBecause, null);
  });

  it('lose a packet that is larger than the decoder takes, and nothing else', async () => {
    const packets = opusPackets(chirp(2), 20);
    const padded = paddedPacket(packets[40]!, 5000);
    assert.equal(opusPacketSamples48k(padded), 960); // a valid packet
    const { frames, report } = await decodeAll(framed(packets.map((p, i) => (i === 40 ? padded : p))), OPUS);
    assert.deepEqual(frames[40], { payload: null, samples: 320 });
    assert.deepEqual([report.frames, report.corruptFrames], [packets.length - 1, 1]);
  });

  it('stay aligned under any damage', async () => {
    const bytes = framed(opusPackets(chirp(2), 10));
    const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(damage, fc.integer({ min: 1, max: bytes.length }), async (changes, end) => {
        const damaged = Buffer.from(bytes.subarray(0, end));
        for (const [at, value] of changes) if (at < end) damaged[at] = value;
        const { blocks, report } = readRecording(pieces(damaged), OPUS, DEFAULTS);
        let lost = 0;
        try {
          for await (const block of blocks) {
            // It checks that libopus gives as many samples as the packets claim.
            await decodeOpus(block);
            lost += block.filter(({ payload }) => payload === null).length;
          }
        } catch (error) {
          assert.ok(error instanceof AppError && error.code === 'recording_corrupt', String(error));
          assert.equal(report.frames, 0);
        }
        assert.equal(report.corruptFrames, lost);
      }),
      { numRuns: 60 },
    );
  });

  it('that claim more audio than allowed are refused before decoding', async () => {
    const bomb = Uint8Array.of(0b11100_0_11, 48); // 48 empty frames of 2.5 ms: 120 ms in two bytes
    assert.equal(opusPacketSamples48k(bomb), 5760);
    const frames = Array.from({ length: 10_000 }, () => bomb); // 20 minutes
    const { blocks } = readRecording(pieces(framed(frames)), OPUS, { ...DEFAULTS, maxSeconds: 10 });
    let samples = 0;
    await assert.rejects(async () => {
      for await (const block of blocks) samples += samplesIn(block);
    }, hasCode('recording_too_long'));
    assert.ok(samples <= 10 * RATE);
  });

  it('of exactly the allowed length are accepted', async () => {
    const packets = opusPackets(chirp(2), 20).slice(0, 100);
    const { pcm } = await decodeAll(framed(packets), OPUS, { maxSeconds: 2 });
    assert.equal(pcm.length, 2 * RATE);
    await assert.rejects(
      decodeAll(framed([...packets, packets[0]!]), OPUS, { maxSeconds: 2 }),
      hasCode('recording_too_long'),
    );
  });
});

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof AppError && error.code === code;
}

/** The same frame in a code 3 packet with padding (RFC 6716 §3.2.5). */
function paddedPacket(packet: Uint8Array, bytes: number): Uint8Array {
  const frame = packet.subarray(1);
  const padding = bytes - 2 - frame.length;
  const lengths = Math.floor(padding / 255);
  const head = [packet[0]! | 0b11, 0b0100_0001, ...Array<number>(lengths).fill(255), padding - 255 * lengths - 1];
  const padded = new Uint8Array(bytes);
  padded.set(head);
  padded.set(frame, head.length);
  return padded;
}
