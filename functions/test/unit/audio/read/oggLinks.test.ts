import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openView } from '../../../../src/audio/read/containers/fileView.ts';
import { linksOf } from '../../../../src/audio/read/containers/ogg.ts';
import type { OggLink } from '../../../../src/audio/read/containers/ogg.ts';
import { oggCrc32 } from '../../../../src/audio/read/oggCrc.ts';
import { AppError } from '../../../../src/errors.ts';

/** The smallest page there is: one empty packet. */
function page(serial: number, sequence: number, isFirst = false, granule = 0): Buffer {
  const bytes = Buffer.alloc(28);
  bytes.write('OggS', 0, 'latin1');
  bytes[5] = isFirst ? 2 : 0;
  bytes.writeBigInt64LE(BigInt(granule), 6);
  bytes.writeUInt32LE(serial, 14);
  bytes.writeUInt32LE(sequence, 18);
  bytes[26] = 1;
  bytes.writeUInt32LE(oggCrc32(bytes), 22);
  return bytes;
}

function links(pages: readonly Buffer[]): OggLink[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'ogg-'));
  const file = path.join(folder, 'x.ogg');
  writeFileSync(file, Buffer.concat(pages));
  const view = openView(file);
  try {
    return linksOf(view);
  } finally {
    closeSync(view.fd);
    rmSync(folder, { recursive: true });
  }
}

/** A link with the largest number of header pages and of parts between losses that is accepted. */
const crowded = [
  ...Array.from({ length: 64 }, (_, i) => page(1, i, i === 0)),
  ...Array.from({ length: 200 }, (_, i) => page(1, 100 + 2 * i, false, 1)),
];

describe('the pages of an Ogg file', () => {
  it('are kept as few stretches of it, however many pages of headers and parts between losses there are', () => {
    const found = links(Array.from({ length: 10 }, () => crowded).flat());
    const ranges = found.flatMap(({ parts }) => parts.map((part) => part.ranges.length));
    assert.deepEqual([found.length, ranges.length], [10, 1990]);
    assert.ok(ranges.every((count) => count <= 2));
    const whole = found.flatMap(({ parts }) => parts[0]?.size ?? 0);
    assert.deepEqual(new Set(whole), new Set([65 * 28]));
  });

  it('are refused if they have more links and parts than any real recording', () => {
    assert.throws(
      () => links(Array.from({ length: 101 }, () => crowded).flat()),
      (error) => error instanceof AppError && error.code === 'recording_corrupt',
    );
  });

  it('are followed for a limited number of streams', () => {
    const body = Buffer.from('OpusHead\u0001\u0001\0\0\0\0\0\0\0\0\0', 'latin1');
    const head = (serial: number): Buffer => {
      const bytes = Buffer.concat([page(serial, 0, true), body]);
      bytes[27] = body.length;
      bytes.writeUInt32LE(0, 22);
      bytes.writeUInt32LE(oggCrc32(bytes), 22);
      return bytes;
    };
    const [link] = links(Array.from({ length: 1000 }, (_, i) => head(i)));
    assert.equal(link?.codecs.length, 64);
  });
});
