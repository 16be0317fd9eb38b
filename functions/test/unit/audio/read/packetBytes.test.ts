/** Bytes behind the last packet of a Matroska file are damage, unless they are elements without audio. */
import assert from 'node:assert/strict';
import { closeSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { openView } from '../../../../src/audio/read/containers/fileView.ts';
import { PacketBytes } from '../../../../src/audio/read/containers/packetBytes.ts';
import { useTempFolder } from '../../../support/tempFolder.ts';

const PACKETS = 500;
/** The bytes before the data of a block: its track, its time, its flags. */
const BLOCK_HEAD = 4;
const PADDING = Buffer.of(0xec, 0x83, 0, 0, 0);
const INDEX = Buffer.of(0x1c, 0x53, 0xbb, 0x6b, 0x82, 1, 2);
const CLUSTER = Buffer.of(0x1f, 0x43, 0xb6, 0x75, 0xff, 0xe7, 0x81, 7);

describe('Bytes behind the last packet of Matroska', () => {
  const folder = useTempFolder();

  /** How many bytes are damage, if FFmpeg reports that the data of the last block begins with its head. */
  function damaged(behind: Buffer): number {
    const file = path.join(folder(), 'recording.webm');
    writeFileSync(file, Buffer.concat([Buffer.alloc(PACKETS + BLOCK_HEAD, 0x55), behind]));
    const view = openView(file);
    try {
      const bytes = new PacketBytes('matroska');
      bytes.account(0, PACKETS);
      const { bytes: behind, zeros } = bytes.unreadIn(view);
      return behind + zeros;
    } finally {
      closeSync(view.fd);
    }
  }

  it('are no damage if the file ends with it', () => {
    assert.equal(damaged(Buffer.alloc(0)), 0);
  });

  it('are no damage if they are padding, the head of a cluster, or an index, even one that is cut off', () => {
    for (const behind of [PADDING, CLUSTER, INDEX, Buffer.concat([PADDING, CLUSTER, INDEX]), INDEX.subarray(0, -1)]) {
      assert.equal(damaged(behind), 0, behind.toString('hex'));
    }
  });

  it('are damage from the first byte that is none of these', () => {
    const noise = Buffer.alloc(300, 0x07);
    for (const behind of [noise, Buffer.concat([PADDING, noise]), Buffer.alloc(300, 0xa3)]) {
      const bytes = damaged(behind);
      assert.ok(bytes > 280 && bytes <= 300 + BLOCK_HEAD, `${bytes} bytes`);
    }
  });
});
