import assert from 'node:assert/strict';
import { RECORDING_EXTENSIONS } from 'offline-audio-sync-contract';
import { parseKeptPath } from '../../../src/storage/keptAudio.ts';
import { mayBeAwaited, parseStagedPath, stagedPath } from '../../../src/storage/paths.ts';

describe('A path in the bucket', () => {
  it('may be that of a recording with any extension that uploads may have, in upper or lower case', () => {
    for (const extension of RECORDING_EXTENSIONS.flatMap((each) => [each, each.toUpperCase()])) {
      const name = `walk_1760000000.${extension}`;
      assert.deepEqual(parseStagedPath(stagedPath('ann', 'job1', name)), { uid: 'ann', jobId: 'job1', name });
      assert.ok(mayBeAwaited({ name: stagedPath('ann', 'job1', name) }), name);
    }
  });

  it('is ignored, with its events, where other parts of an app keep files', () => {
    const others = [
      'uploads/ann/portrait.jpg',
      'uploads/ann/holidays/beach.jpg',
      'uploads/ann/holidays/wav',
      'uploads/ann/holidays/deeper/song.wav',
      'uploads/song.wav',
      'elsewhere/uploads/ann/job1/song.wav',
    ];
    for (const name of others) assert.deepEqual([parseStagedPath(name), mayBeAwaited({ name })], [null, false], name);
  });

  it('is that of kept audio only if its name is the id of a chunk', () => {
    const chunkId = 'a-1_'.repeat(7);
    assert.deepEqual(parseKeptPath(`audio/ann/${chunkId}.ogg`), { uid: 'ann', chunkId });
    for (const other of ['audio/ann/song.flac', `audio/ann/${chunkId}.mp3`, `audio/ann/album/${chunkId}.ogg`])
      assert.equal(parseKeptPath(other), null, other);
  });
});
