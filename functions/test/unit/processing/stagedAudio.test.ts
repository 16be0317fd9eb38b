import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { StagedAudio } from '../../../src/processing/stagedAudio.ts';

const FILE = { path: 'uploads/u/j/a.bin', name: 'a.bin' };

/** A bucket whose only object is this stream. */
function bucketOf(stream: PassThrough): ConstructorParameters<typeof StagedAudio>[0] {
  return { file: () => ({ createReadStream: () => stream }) } as never;
}

describe('Reading a staged recording', () => {
  it('fails where Storage falls silent in the middle, and lets go of the stream', async () => {
    const stream = new PassThrough();
    stream.write('some');
    const audio = new StagedAudio(bucketOf(stream), { maxSilenceMs: 30 });
    const read: string[] = [];
    await assert.rejects(async () => {
      for await (const bytes of audio.open(FILE)) read.push(Buffer.from(bytes).toString());
    }, /sent nothing for too long/);
    assert.deepEqual(read, ['some']);
    assert.ok(stream.destroyed);
  });

  it('waits for whoever reads, however long they take', async () => {
    const stream = new PassThrough();
    stream.end('all');
    let read = '';
    for await (const bytes of new StagedAudio(bucketOf(stream), { maxSilenceMs: 30 }).open(FILE)) {
      await delay(90);
      read += Buffer.from(bytes).toString();
    }
    assert.equal(read, 'all');
  });
});
