/** The bytes behind the last frame of a file: padding, or storage that a device had not written when it lost power. */
import assert from 'node:assert/strict';
import { closeSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openView } from '../../../../src/audio/read/containers/fileView.ts';
import { tailOf } from '../../../../src/audio/read/containers/tail.ts';
import { decodeAll, lostSeconds, RATE } from '../../../support/audio.ts';
import { encode, file, SECONDS } from '../../../support/containers.ts';
import { useTempFolder } from '../../../support/tempFolder.ts';

const KINDS = {
  mp3: () => encode('mp3'),
  'mp3 without a claim': () => encode('mp3', [], ['-write_xing', '0']),
  aac: () => encode('m4a', [], ['-c:a', 'aac', '-f', 'adts']),
  amr: () => Buffer.concat([Buffer.from('#!AMR\n'), ...Array<Buffer>(SECONDS * 50).fill(AMR_FRAME)]),
  ogg: () => encode('ogg'),
  webm: () => encode('webm'),
  flac: () => encode('flac'),
  'fragments of m4a': () => encode('m4a', [], ['-movflags', 'empty_moov', '-frag_duration', '500000', '-f', 'mp4']),
};
const AMR_FRAME = Buffer.alloc(32, 0x3c);
const extensionOf = (kind: string) => (/m4a|mp3/.exec(kind)?.[0] ?? kind) as 'm4a';

describe('The end of a file', function () {
  for (const [kind, make] of Object.entries(KINDS)) {
    it(`is lost if zeros or noise replace it: ${kind}`, async () => {
      const whole = make();
      const from = Math.round(0.6 * whole.length) + 13; // within a frame
      for (const fill of [0, 0x97]) {
        const damaged = Buffer.from(whole).fill(fill, from);
        const decoded = await decodeAll(damaged, file(extensionOf(kind)));
        const lost = lostSeconds(decoded);
        assert.ok(lost > 0.3 * SECONDS && lost < 0.6 * SECONDS, `${lost} s lost`);
        assert.ok(Math.abs(decoded.pcm.length / RATE - SECONDS) < 0.2 * SECONDS, `${decoded.pcm.length / RATE} s`);
      }
    });

    it(`is complete if padding follows: ${kind}`, async () => {
      const whole = make();
      const { pcm } = await decodeAll(whole, file(extensionOf(kind)));
      const padded = await decodeAll(Buffer.concat([whole, Buffer.alloc(40_000)]), file(extensionOf(kind)));
      assert.ok(lostSeconds(padded) < 0.1, `${lostSeconds(padded)} s lost`);
      assert.ok(Math.abs(padded.pcm.length - pcm.length) < 0.1 * RATE, `${padded.pcm.length / RATE} s`);
    });
  }
});

describe('Zeros at the end of a file', () => {
  const folder = useTempFolder();

  /** @param from the offset at which the last frame ends */
  function tail(bytes: Buffer, from: number) {
    const name = path.join(folder(), 'recording');
    writeFileSync(name, bytes);
    const view = openView(name);
    try {
      return tailOf(view, from);
    } finally {
      closeSync(view.fd);
    }
  }
  const written = (size: number, zeros: number): Buffer => Buffer.concat([Buffer.alloc(size, 7), Buffer.alloc(zeros)]);

  it('are padding if they begin where the last frame ends, even one that ends with a zero', () => {
    assert.deepEqual(tail(written(1000, 5000), 1000), { bytes: 0, zeros: 0 });
    assert.deepEqual(tail(written(999, 5001), 1000), { bytes: 0, zeros: 0 });
    assert.deepEqual(tail(written(1000, 0), 1000), { bytes: 0, zeros: 0 });
  });

  it('replace lost bytes if they begin within a frame, or behind part of one', () => {
    assert.deepEqual(tail(written(990, 5000), 1000), { bytes: 0, zeros: 4990 });
    assert.deepEqual(tail(written(1100, 5000), 1000), { bytes: 100, zeros: 5000 });
  });

  it('are storage that was never written if they begin with a sector', () => {
    assert.deepEqual(tail(written(1024, 5000), 1024), { bytes: 0, zeros: 5000 });
    assert.deepEqual(tail(written(1024, 300), 1024), { bytes: 0, zeros: 0 });
  });
});
