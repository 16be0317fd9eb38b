import assert from 'node:assert/strict';
import fc from 'fast-check';
import { OpusDecoder } from 'opus-decoder';
import { decodeOpusChannels } from '../../../../src/audio/read/opusDecoder.ts';
import { opusPacketSamples48k } from '../../../../src/audio/read/opusPacket.ts';
import { repacketize } from '../../../../src/audio/read/opusRepacketizer.ts';
import { chirp, joined, oggOpus, oggPackets } from '../../../support/audio.ts';

const SILK_20_MS = 9 << 3;
const MAX_SAMPLES_48K = 5760;
const MAX_BYTES = 3840;

describe('Opus packets that are joined', function () {
  for (const channels of [1, 2]) {
    for (const [mode, frameMs, options] of [
      ['SILK', 10, ['-b:a', '16k', '-application', 'voip']],
      ['SILK', 60, ['-b:a', '16k', '-application', 'voip']],
      ['hybrid', 20, ['-b:a', '40k', '-application', 'voip', '-ar', '48000']],
      ['CELT', 2.5, ['-b:a', '64k', '-application', 'lowdelay']],
      ['CELT', 20, ['-b:a', '256k', '-application', 'lowdelay']],
    ] as const) {
      it(`decode to the same samples (${mode}, ${frameMs} ms, ${channels} channels)`, async () => {
        const packets = oggPackets(oggOpus(chirp(channels * 2), frameMs, options, channels)).slice(2);
        const fewer = repacketize(packets);
        assert.ok(fewer.length < packets.length);
        assert.deepEqual(await decodeEach(fewer, channels), await decodeEach(packets, channels));
      });
    }
  }

  it('decode to the same samples whatever they contain, in packets that the decoder accepts', async () => {
    const body = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 240, maxLength: 1275 }));
    const packet = fc.tuple(fc.constantFrom(8, 72, 104, 152, 248, 249, 251), body).map(([toc, bytes]) => {
      const whole = Uint8Array.of(toc, ...bytes);
      return opusPacketSamples48k(whole) === null ? Uint8Array.of(toc & ~0b11) : whole;
    });
    const runs = fc.array(fc.tuple(packet, fc.integer({ min: 1, max: 14 })), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(runs, async (parts) => {
        const packets = parts.flatMap(([each, times]) => Array.from({ length: times }, () => each));
        const fewer = repacketize(packets);
        assert.equal(samplesOf(fewer), samplesOf(packets));
        assert.ok(fewer.every((each) => each.length <= MAX_BYTES && samplesOf([each]) <= MAX_SAMPLES_48K));
        assert.deepEqual(await decodeEach(fewer, 1), await decodeEach(packets, 1));
      }),
      { numRuns: 60 },
    );
  });

  it('are as few as packets of 120 ms allow', () => {
    const packets = Array.from({ length: 13 }, (_, i) => Uint8Array.of(SILK_20_MS, i));
    assert.deepEqual(
      repacketize(packets).map((each) => samplesOf([each])),
      [MAX_SAMPLES_48K, MAX_SAMPLES_48K, 960],
    );
  });

  it('are decoded one by one if libopus refuses one of them', async () => {
    const packets = oggPackets(oggOpus(chirp(1), 20)).slice(2);
    const frames = packets.map((payload) => ({ payload, samples: 320 }));
    const invalid = { payload: Uint8Array.of(SILK_20_MS | 1, 1, 2, 3), samples: 320 };
    const { planes, refused } = await muted(() =>
      decodeOpusChannels([...frames.slice(0, 7), invalid, ...frames.slice(7)], 'mixed'),
    );
    assert.deepEqual(refused, [7]);
    const intact = await decodeEach(packets, 1);
    const [pcm = new Float32Array(0)] = planes;
    assert.deepEqual(joined([pcm.subarray(0, 7 * 320), pcm.subarray(8 * 320)]), intact);
  });
});

/** Samples at 48 kHz. */
function samplesOf(packets: readonly Uint8Array[]): number {
  return packets.reduce((sum, packet) => sum + (opusPacketSamples48k(packet) ?? NaN), 0);
}

/** Decodes each packet with a separate call. @returns the channels one after the other */
async function decodeEach(packets: readonly Uint8Array[], channels: number): Promise<Float32Array> {
  const decoder = new OpusDecoder({ sampleRate: 16_000, channels, preSkip: 0 });
  await decoder.ready;
  try {
    const decoded = packets.map((packet) => decoder.decodeFrame(packet));
    assert.deepEqual(
      decoded.flatMap(({ errors }) => errors),
      [],
    );
    return joined(
      Array.from({ length: channels }, (_, channel) => joined(decoded.map(({ channelData }) => channelData[channel]!))),
    );
  } finally {
    decoder.free();
  }
}

/** `opus-decoder` writes every refusal to the console. */
async function muted<T>(work: () => Promise<T>): Promise<T> {
  const { error } = console;
  console.error = () => undefined;
  try {
    return await work();
  } finally {
    console.error = error;
  }
}
