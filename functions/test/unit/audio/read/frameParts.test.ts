import assert from 'node:assert/strict';
import { closeSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openView } from '../../../../src/audio/read/containers/fileView.ts';
import { frameParts } from '../../../../src/audio/read/containers/frameParts.ts';
import { LAYER_FRAMES } from '../../../../src/audio/read/mpegFrames.ts';
import { useTempFolder } from '../../../support/tempFolder.ts';

/** A frame of MPEG-1 layer III, 64 kbit/s at 48 kHz: 192 bytes, 24 ms. */
function frame(): Buffer {
  const bytes = Buffer.alloc(192);
  bytes.writeUInt32BE(0xfffb_5400);
  return bytes;
}
const frames = (count: number): Buffer => Buffer.concat(Array.from({ length: count }, frame));

describe('The frames of an MP3 file', () => {
  const folder = useTempFolder();

  function partsOf(...pieces: readonly Buffer[]) {
    const file = path.join(folder(), 'recording.mp3');
    writeFileSync(file, Buffer.concat(pieces));
    const view = openView(file);
    try {
      return frameParts(view, LAYER_FRAMES, 500).map(({ view: { ranges }, lostSeconds }) => ({
        ...ranges[0]!,
        lostSeconds,
      }));
    } finally {
      closeSync(view.fd);
    }
  }

  it('are one part if they follow one another, with tags before and behind them', () => {
    const id3 = Buffer.from([...Buffer.from('ID3'), 3, 0, 0, 0, 0, 0, 10, ...Buffer.alloc(10)]);
    assert.equal(partsOf(id3, frames(20), Buffer.concat([Buffer.from('TAG'), Buffer.alloc(125)])).length, 1);
  });

  it('are divided where they do not, and bytes between them last as long as the same bytes of frames', () => {
    const parts = partsOf(frames(20), Buffer.alloc(960, 7), frames(10));
    assert.deepEqual(
      parts.map(({ start, size }) => [start, size]),
      [
        [0, 3840],
        [4800, 1920],
      ],
    );
    assert.ok(Math.abs(parts[1]!.lostSeconds - 5 * 0.024) < 1e-6);
  });

  it('have the size of the frames beside a gap, not the mean size of the whole file', () => {
    const large = Buffer.alloc(768);
    large.writeUInt32BE(0xfffb_d400); // 256 kbit/s
    const speech = Array<Buffer>(50).fill(large);
    const parts = partsOf(frames(400), ...speech, Buffer.alloc(7680, 7), ...speech, frames(400));
    assert.ok(Math.abs(parts[1]!.lostSeconds - 10 * 0.024) < 0.06, `${parts[1]!.lostSeconds} s`);
  });

  it('are found behind a frame that was cut short', () => {
    const parts = partsOf(frames(20), frame().subarray(0, 50), frames(10));
    assert.deepEqual(
      parts.map(({ start }) => start),
      [0, 3890],
    );
  });

  it('are left to the decoder if none are found, or if the file is damaged in a thousand places', () => {
    assert.equal(partsOf(Buffer.alloc(10_000, 0xff)).length, 1);
    const torn = Array.from({ length: 1000 }, () => Buffer.concat([frames(3), Buffer.of(0)]));
    assert.equal(partsOf(...torn).length, 1);
  });
});
