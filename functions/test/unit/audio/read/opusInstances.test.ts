import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeOpusChannels } from '../../../../src/audio/read/opusDecoder.ts';
import { OpusInstances } from '../../../../src/audio/read/opusInstances.ts';
import { opusPacketSamples48k } from '../../../../src/audio/read/opusPacket.ts';
import type { SourceFrame } from '../../../../src/audio/read/pcm.ts';
import { chirp, oggOpus, oggPackets } from '../../../support/audio.ts';

const CELT_20_MS_STEREO = (31 << 3) | 4;

describe('An instance of libopus that is reused', function () {
  for (const channels of [1, 2] as const) {
    it(`keeps no state of what it decoded (${channels} channels)`, async () => {
      const speech = framesOf(oggPackets(oggOpus(chirp(channels), 20, ['-b:a', '24k'], channels)).slice(2));
      const music = framesOf(
        oggPackets(oggOpus(chirp(channels), 10, ['-b:a', '96k', '-application', 'lowdelay'], channels)).slice(2),
      );
      const instances = new OpusInstances();
      for (const frames of [speech, music, music.slice(13), speech.slice(7)]) {
        assertSame(
          await decodeOpusChannels(frames, 'separate', instances),
          await decodeOpusChannels(frames, 'separate', new OpusInstances()),
        );
      }
    });
  }

  it('keeps no state of hostile packets, in one channel', async () => {
    const speech = framesOf(oggPackets(oggOpus(chirp(1), 20)).slice(2, 30));
    const fresh = await decodeOpusChannels(speech, 'mixed', new OpusInstances());
    const hostile = fc
      .tuple(fc.nat(31), fc.uint8Array({ maxLength: 600 }))
      .map(([configuration, bytes]) => Uint8Array.of(configuration << 3, ...bytes));
    const instances = new OpusInstances();
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { maxLength: 30 }), async (packets) => {
        await decodeOpusChannels(framesOf(packets), 'mixed', instances);
        assertSame(await decodeOpusChannels(speech, 'mixed', instances), fresh);
      }),
      { numRuns: 60 },
    );
  });

  it('is lent to one caller at a time, and never after an error', async () => {
    const instances = new OpusInstances();
    const lent = () => instances.lend(1, (libopus) => Promise.resolve(libopus));
    const first = await lent();
    await instances.lend(1, async (libopus) => {
      assert.ok(libopus === first);
      assert.ok((await lent()) !== first);
    });
    const known = [await lent(), first];
    for (let i = 0; i < 2; i++) await assert.rejects(instances.lend(1, () => Promise.reject(new Error('of the work'))));
    const next = await lent();
    assert.ok(known.every((each) => each !== next));
  });

  it('leaves nothing in its memory, which cannot grow', async () => {
    const instances = new OpusInstances();
    const frames = [{ payload: Uint8Array.of(CELT_20_MS_STEREO), samples: 320 }];
    // The state of libopus for two channels is more than 20 kB.
    for (let i = 0; i < 3000; i++) {
      assert.deepEqual((await decodeOpusChannels(frames, 'mixed', instances)).refused, []);
    }
  });
});

function framesOf(packets: readonly Uint8Array[]): SourceFrame[] {
  return packets.map((payload) => ({ payload, samples: (opusPacketSamples48k(payload) ?? NaN) / 3 }));
}

type Decoded = Awaited<ReturnType<typeof decodeOpusChannels>>;

/** Compares all samples. */
function assertSame(actual: Decoded, expected: Decoded): void {
  assert.deepEqual(actual.refused, expected.refused);
  assert.equal(actual.planes.length, expected.planes.length);
  for (const [i, plane] of actual.planes.entries()) {
    const other = expected.planes[i]!;
    assert.equal(plane.length, other.length);
    assert.equal(
      plane.findIndex((sample, at) => sample !== other[at]),
      -1,
    );
  }
}
