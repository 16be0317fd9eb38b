/** MPEG audio in WAV files: its frames are found behind damage, whatever the headers claim. */
import assert from 'node:assert/strict';
import { closeSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { openView } from '../../../../src/audio/read/containers/fileView.ts';
import { frameParts } from '../../../../src/audio/read/containers/frameParts.ts';
import { mpegInWav } from '../../../../src/audio/read/containers/wavSound.ts';
import { decodeAll, lostSeconds, RATE } from '../../../support/audio.ts';
import { encode, file, lagOfEnd, noise } from '../../../support/containers.ts';
import { useTempFolder } from '../../../support/tempFolder.ts';

const encodedBy = (codec: string): Buffer => encode('wav', [], ['-c:a', codec, '-b:a', '32k']);

/** How late the end may be: the delay of MPEG audio before it, and a frame of it. */
const SLACK_SAMPLES = 0.1 * RATE;

describe('MPEG audio in .wav', function () {
  for (const codec of ['libmp3lame', 'mp2']) {
    it(`of ${codec} keeps what follows damage in its place, and loses what is missing there`, async () => {
      const bytes = encodedBy(codec);
      const intact = await decodeAll(bytes, file('wav'));
      const late = lagOfEnd(intact);
      const at = Math.round(0.4 * bytes.length);
      for (const [damage, damaged, lost] of [
        ['100 bytes are missing', Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 100)]), 0.025],
        ['3000 bytes are missing', Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 3000)]), 0.75],
        ['3000 bytes are others', Buffer.from(bytes).fill(noise(3000), at, at + 3000), 0.75],
        ['3000 bytes are zeros', Buffer.from(bytes).fill(0, at, at + 3000), 0.75],
      ] as const) {
        const decoded = await decodeAll(damaged, file('wav'));
        const seconds = lostSeconds(decoded);
        assert.ok(Math.abs(seconds - lost) < 0.15, `${damage}: ${seconds} s lost`);
        const more = decoded.pcm.length - intact.pcm.length;
        assert.ok(Math.abs(more) < SLACK_SAMPLES, `${damage}: ${more} samples more`);
        assert.ok(Math.abs(lagOfEnd(decoded) - late) < 0.02 * RATE, `${damage}: ${lagOfEnd(decoded)} samples late`);
        const end = decoded.frames.findLastIndex(({ payload }) => payload === null);
        const after = decoded.frames.slice(end + 1).reduce((sum, { samples }) => sum + samples, 0);
        assert.ok(after > 5 * RATE, `${damage}: ${after} samples after the last loss`);
      }
    });
  }

  describe('with any headers', () => {
    const folder = useTempFolder();

    it('is divided into parts within the file, and loses a finite time', () => {
      const bytes = encodedBy('libmp3lame').subarray(0, 8000);
      const recording = path.join(folder(), 'recording.wav');
      const damage = fc.record({ at: fc.nat(127), value: fc.nat(255) });
      fc.assert(
        fc.property(fc.array(damage, { maxLength: 6 }), fc.nat(bytes.length), (wrong, hole) => {
          const damaged = Buffer.concat([bytes.subarray(0, hole), bytes.subarray(hole + 200)]);
          for (const { at, value } of wrong) if (at < damaged.length) damaged[at] = value;
          writeFileSync(recording, damaged);
          const view = openView(recording);
          try {
            const frames = mpegInWav(view);
            for (const part of frames === null ? [] : frameParts(frames.view, frames, 100)) {
              assert.ok(part.view.size <= damaged.length);
              assert.ok(part.lostSeconds >= 0 && part.lostSeconds < 60, `${part.lostSeconds} s lost`);
            }
          } finally {
            closeSync(view.fd);
          }
        }),
      );
    });
  });
});
