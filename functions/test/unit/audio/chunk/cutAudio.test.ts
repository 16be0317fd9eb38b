import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cutAudio } from '../../../../src/audio/chunk/cutAudio.ts';
import type { Stretch } from '../../../../src/audio/chunk/cutAudio.ts';
import { decodeFlac, encodeFlac } from '../../../../src/audio/chunk/flac.ts';
import { readOggOpus, writeOggOpus } from '../../../../src/audio/chunk/oggOpus.ts';
import { audioPacketsOf } from '../../../../../dev/deepgram/oggPages.ts';
import { noise } from '../read/framing.ts';

/** TOC bytes of packets with one CELT frame of 2.5, 5, 10 and 20 ms: configurations 16 to 19. */
const TOCS = [16, 17, 18, 19].map((configuration) => configuration << 3);
const SAMPLES = [120, 240, 480, 960];

/** Stretches of one second without overlap, with times in whole and in broken milliseconds. */
const stretches = fc
  .uniqueArray(fc.integer({ min: 0, max: 16_000 }), { minLength: 2, maxLength: 8 })
  .map((all): Stretch[] => {
    const ends = all.sort((a, b) => a - b).map((sample) => sample / 16);
    return ends.flatMap((fromMs, i) =>
      i % 2 === 0 && ends[i + 1] !== undefined ? [{ fromMs, toMs: ends[i + 1]! }] : [],
    );
  });

describe('audio that is cut', () => {
  it('holds exactly the packets that lie wholly inside a stretch, byte for byte, and says where they were', async () => {
    const packet = fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 600 }));
    const content = noise(100_000, 1);
    await fc.assert(
      fc.asyncProperty(
        fc.array(packet, { minLength: 60, maxLength: 150 }),
        stretches,
        fc.nat(2),
        async (list, asked, skipped) => {
          const packets = list.map(([kind, size], i) => {
            const payload = Uint8Array.of(TOCS[kind]!, ...content.subarray(i * 600, i * 600 + size));
            return { payload, samples48k: SAMPLES[kind]! };
          });
          const preSkip48k = packets.slice(0, skipped).reduce((sum, { samples48k }) => sum + samples48k, 0);
          const file = writeOggOpus({ packets, preSkip48k, channels: 2, inputSampleRate: 16_000, serial: 7 });
          assert.deepEqual(
            readOggOpus(file).packets.map(({ samples48k }) => samples48k),
            packets.map(({ samples48k }) => samples48k),
          );
          const cut = await cutAudio({ contentType: 'audio/ogg', bytes: file }, asked);
          let at = -preSkip48k;
          const inside = packets.filter(({ samples48k }) => {
            const [from, to] = [at, (at += samples48k)];
            return asked.some(({ fromMs, toMs }) => from >= fromMs * 48 && to <= toMs * 48);
          });
          if (inside.length === 0) {
            assert.equal(cut, null);
            return;
          }
          const again = readOggOpus(cut!.bytes);
          assert.deepEqual([again.preSkip48k, again.channels], [0, 2]);
          assert.deepEqual(
            audioPacketsOf(Buffer.from(cut!.bytes)).map(hex),
            inside.map(({ payload }) => hex(payload)),
          );
          const seconds = cut!.stretches.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
          assert.equal(
            Math.round(seconds * 48),
            inside.reduce((sum, { samples48k }) => sum + samples48k, 0),
          );
          for (const { fromMs, toMs } of cut!.stretches)
            assert.ok(asked.some((one) => fromMs >= one.fromMs - 0.02 && toMs <= one.toMs + 0.02));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('has exactly the samples of its stretches in FLAC, with one channel and with two', async () => {
    for (const channels of [1, 2] as const) {
      const pcm = Int16Array.from({ length: 16_000 * channels }, (_, i) => i);
      const bytes = await encodeFlac(pcm, 16_000, channels);
      assert.deepEqual(await decodeFlac(bytes), { pcm, sampleRate: 16_000, channels });
      await fc.assert(
        fc.asyncProperty(stretches, async (asked) => {
          const cut = await cutAudio({ contentType: 'audio/flac', bytes }, asked);
          const expected = asked.flatMap(({ fromMs, toMs }) => [
            ...pcm.subarray(fromMs * 16 * channels, toMs * 16 * channels),
          ]);
          assert.deepEqual([...(await decodeFlac(cut!.bytes)).pcm], expected);
          assert.deepEqual(cut!.stretches, asked);
        }),
        { numRuns: 20 },
      );
    }
  });

  it('is null if nothing lies in a stretch', async () => {
    const bytes = await encodeFlac(new Int16Array(16_000), 16_000);
    for (const asked of [[], [{ fromMs: 2000, toMs: 3000 }], [{ fromMs: 10.01, toMs: 10.02 }]])
      assert.equal(await cutAudio({ contentType: 'audio/flac', bytes }, asked), null);
  });

  it('is not read from a file that this code did not write', async () => {
    await assert.rejects(async () => cutAudio({ contentType: 'audio/ogg', bytes: noise(1000, 1) }, []), RangeError);
    await assert.rejects(cutAudio({ contentType: 'audio/flac', bytes: noise(1000, 1) }, []), /libFLAC/);
  });
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
