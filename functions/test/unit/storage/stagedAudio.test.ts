import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { AppError } from '../../../src/errors.ts';
import type { ErrorCode } from '../../../src/errors.ts';
import { StagedAudio } from '../../../src/storage/stagedAudio.ts';

const FILE = { path: 'uploads/u/j/a.bin', name: 'a.bin' };

/** A bucket whose only object is this stream. */
function bucketOf(stream: PassThrough): ConstructorParameters<typeof StagedAudio>[0] {
  return { file: () => ({ createReadStream: () => stream }) } as never;
}

function storageUnavailable(error: unknown): boolean {
  return (
    error instanceof AppError &&
    error.code === 'storage_unavailable' &&
    String(error.cause).includes('nothing for too long')
  );
}

describe('Reading a staged recording', () => {
  it('fails if Storage sends nothing more in the middle, and closes the stream', async () => {
    const stream = new PassThrough();
    stream.write('some');
    const audio = new StagedAudio(bucketOf(stream), { maxSilenceMs: 30 });
    const read: string[] = [];
    await assert.rejects(async () => {
      for await (const bytes of audio.open(FILE)) read.push(Buffer.from(bytes).toString());
    }, storageUnavailable);
    assert.deepEqual(read, ['some']);
    assert.ok(stream.destroyed);
  });

  const failures: [string, object, ErrorCode][] = [
    ['is gone', { code: 404 }, 'recording_missing'],
    ['may not be read', { code: 403 }, 'storage_not_permitted'],
    ['is not served', { code: 503 }, 'storage_unavailable'],
    ['is cut off by the network', { code: 'ECONNRESET' }, 'storage_unavailable'],
  ];
  for (const [what, fields, code] of failures) {
    it(`fails with an error that tells the job why if it ${what}`, async () => {
      const stream = new PassThrough();
      const cause = Object.assign(new Error('from Storage'), fields);
      stream.destroy(cause);
      const reading = async (): Promise<void> => {
        for await (const _ of new StagedAudio(bucketOf(stream)).open(FILE)) assert.fail('there is nothing to read');
      };
      await assert.rejects(reading, { code, cause });
    });
  }

  it('waits for the reader, however long it takes', async () => {
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
