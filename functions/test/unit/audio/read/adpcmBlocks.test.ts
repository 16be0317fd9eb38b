/** ADPCM in WAV files: its blocks are found behind damage, and sectors of zeros are no silence. */
import assert from 'node:assert/strict';
import { decodeAll, lostSeconds, RATE } from '../../../support/audio.ts';
import { encode, file, lagOfEnd, noise } from '../../../support/containers.ts';

describe('ADPCM in .wav', function () {
  for (const codec of ['adpcm_ima_wav', 'adpcm_ms']) {
    it(`of ${codec} keeps what follows damage in its place, and loses sectors of zeros`, async () => {
      const bytes = encode('wav', [], ['-c:a', codec]);
      const { pcm: intact } = await decodeAll(bytes, file('wav'));
      const at = Math.round(0.4 * bytes.length);
      const sector = at - (at % 512);
      for (const [damage, damaged, lost] of [
        ['a byte is missing', Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]), 0.13],
        ['3000 bytes are missing', Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 3000)]), 0.5],
        ['3000 bytes are added', Buffer.concat([bytes.subarray(0, at), noise(3000), bytes.subarray(at)]), 0.13],
        ['3000 bytes are others', Buffer.from(bytes).fill(noise(3000), at, at + 3000), 0.64],
        ['eight sectors are zeros', Buffer.from(bytes).fill(0, sector, sector + 4096), 0.77],
      ] as const) {
        const decoded = await decodeAll(damaged, file('wav'));
        const seconds = lostSeconds(decoded);
        assert.ok(seconds <= lost && (lost < 0.2 || seconds > lost / 2), `${damage}: ${seconds} s lost`);
        assert.ok(
          Math.abs(decoded.pcm.length - intact.length) < 0.02 * RATE,
          `${damage}: ${decoded.pcm.length} samples`,
        );
        assert.ok(Math.abs(lagOfEnd(decoded)) < 0.02 * RATE, `${damage}: ${lagOfEnd(decoded)} samples late`);
      }
    });
  }

  it('is silent where nothing but digital silence was recorded', async () => {
    const muted = ['-af', "volume=0:enable='between(t,3,6)'", '-c:a', 'adpcm_ima_wav'];
    assert.equal(lostSeconds(await decodeAll(encode('wav', [], muted), file('wav'))), 0);
  });
});
