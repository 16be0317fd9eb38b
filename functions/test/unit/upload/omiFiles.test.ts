import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const SOURCE = new URL('../../../src/upload/omiFiles.ts', import.meta.url).href;

describe('A recording of Omi’s in AAC', () => {
  it('of millions of the shortest frames takes little more memory than its bytes', async () => {
    const code = `
      import assert from 'node:assert/strict';
      import { fromOmi } from ${JSON.stringify(SOURCE)};
      const frames = 3_000_000;
      const bytes = Buffer.alloc(6 * frames).fill(Buffer.from([2, 0, 0, 0, 0xff, 0xf1]));
      const { filename, bytes: stream } = fromOmi({ filename: 'audio_friend_aac_16000_1_fs1024_1760000000.bin', bytes });
      assert.equal(filename, 'audio_friend_aac_16000_1_fs1024_1760000000.aac');
      assert.ok(Buffer.from(stream).equals(Buffer.alloc(2 * frames).fill(Buffer.from([0xff, 0xf1]))));`;
    const node = ['--max-old-space-size=64', '--disable-warning=ExperimentalWarning', '--input-type=module', '--eval'];
    await promisify(execFile)(process.execPath, [...node, code], { cwd: new URL('.', SOURCE) });
  });
});
