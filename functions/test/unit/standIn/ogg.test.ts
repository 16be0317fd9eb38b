import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readOggOpus } from '../../../../dev/deepgram/ogg.ts';
import { writeOggOpus } from '../../../src/audio/chunk/oggOpus.ts';

describe('The stand-in’s reader of Ogg Opus', () => {
  it('reads what writeOggOpus writes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ minLength: 0, maxLength: 1000 }), { minLength: 1, maxLength: 300 }),
        fc.nat(480),
        (payloads, preSkip48k) => {
          const written = payloads.map((payload) => ({
            payload: Uint8Array.from([8 << 3, ...payload]),
            samples48k: 480,
          }));
          const bytes = writeOggOpus({
            packets: written,
            channels: 1,
            inputSampleRate: 16_000,
            preSkip48k,
            serial: 99,
          });
          const stream = readOggOpus(bytes);
          assert.deepEqual(
            stream.packets.map((each) => [...each.bytes]),
            written.map(({ payload }) => [...payload]),
          );
          assert.equal(stream.samples, payloads.length * 480 - preSkip48k);
        },
      ),
      { numRuns: 30 },
    );
  });
});
