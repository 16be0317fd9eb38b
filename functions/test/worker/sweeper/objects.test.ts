import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Timestamp } from 'firebase-admin/firestore';
import { closeAfterEach } from '../../../../dev/test/closing.ts';
import { SWEEP_LIMITS } from '../../../src/sweeper/sweep.ts';
import { UploadedObjects } from '../../../src/storage/objects.ts';
import { expectation, jobOf, jobScenario } from '../../support/sweepScenario.ts';
import { HOUR_MS, MINUTE_MS, SweepWorld } from '../../support/sweepWorld.ts';

describe('The sweep of objects', () => {
  let world: SweepWorld;

  const closing = closeAfterEach();
  beforeEach(() => {
    world = closing(new SweepWorld());
  });

  const orphans = ['uploads/ann/gone/a.bin', 'uploads/ann/gone/b.bin', 'uploads/ann/gone/c.bin'];

  it('deletes what no job needs and keeps everything else, whatever the mix', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(jobScenario, { minLength: 5, maxLength: 15 }), async (scenarios) => {
        const mixed = new SweepWorld();
        try {
          const kept: string[] = [];
          for (const [i, scenario] of scenarios.entries()) {
            const jobId = `job${String(i).padStart(3, '0')}`;
            const job = jobOf(mixed, jobId, scenario);
            if (job !== null) await mixed.put(jobId, job);
            const expected = expectation(mixed.uid, jobId, scenario);
            await mixed.stage(...expected.kept, ...expected.deleted);
            kept.push(...expected.kept);
          }
          await mixed.sweep();
          assert.deepEqual(await mixed.objects(), kept.sort());
        } finally {
          await mixed.close();
        }
      }),
      { numRuns: 10 },
    );
  });

  it('leaves objects alone that are younger than an hour', async () => {
    world.nowMs = Date.now() + 30 * MINUTE_MS;
    await world.stage(...orphans);
    await world.sweep();
    assert.deepEqual(await world.objects(), orphans);
  });

  it('keeps what is no recording of a job, because other parts of an app may keep files there', async () => {
    const { files } = await world.put('live');
    const strange = [
      'uploads/song.wav',
      'uploads/ann/portrait.jpg',
      'uploads/ann/holidays/beach.jpg',
      'uploads/ann/holidays/wav',
      'uploads/ann/__live__/a.bin', // an id that Firestore refuses to look up
      'uploads/ann/../a.bin',
      'uploads/ann/live/deeper/a.bin',
      `uploads/ann/${'x'.repeat(400)}/a.bin`,
    ];
    await world.stage(...strange, ...orphans, files[0]!.path);
    const report = (await world.sweep()).get('orphaned_objects');
    assert.deepEqual(await world.objects(), [...strange, files[0]!.path].sort());
    assert.deepEqual([report?.seen, report?.done, report?.failed], [12, 3, 0]);
  });

  it('touches nothing outside uploads/', async () => {
    await world.stage('elsewhere/uploads/ann/gone/a.bin', 'uploadsX/ann/gone/a.bin');
    await world.sweep();
    const [files] = await world.bucket().getFiles();
    assert.equal(files.length, 2);
  });

  it('spares an object that is staged anew while the sweeper looks at the old one', async () => {
    await world.stage(...orphans);
    const { objects } = await world.deps.objects.list('uploads/', null);
    const asked: unknown[] = [];
    const file = (path: string) => ({
      delete: (options: unknown) => {
        asked.push([path, options]);
        return Promise.reject(Object.assign(new Error('Precondition Failed'), { code: 412 }));
      },
    });
    // The emulator ignores preconditions, so the requests to Storage are checked.
    await new UploadedObjects({ file } as never).delete(objects[0]!);
    assert.deepEqual(asked, [[orphans[0], { ifGenerationMatch: objects[0]!.generation }]]);
  });

  it('logs an object that it could not delete, and tries again in the next pass', async () => {
    await world.stage(...orphans);
    const objects = new UploadedObjects(world.bucket());
    objects.delete = (object) =>
      object.path === orphans[1] ? Promise.reject(new Error('Storage is busy')) : world.deps.objects.delete(object);
    const report = (await world.sweep({ objects })).get('orphaned_objects');
    assert.deepEqual([report?.done, report?.failed, report?.broken], [2, 1, false]);
    assert.ok(world.logger.entries.some(({ event }) => event === 'sweep.object_failed'));
    world.nowMs += HOUR_MS;
    await world.sweep();
    assert.deepEqual(await world.objects(), []);
  });

  describe('of which there are many', () => {
    // The emulator's pages are as large as requested: the sweeper requests 1,000 objects, the tests two.
    const inPages = (): UploadedObjects => {
      const objects = new UploadedObjects(world.bucket());
      objects.list = (prefix, pageToken) => world.deps.objects.list(prefix, pageToken, 2);
      return objects;
    };
    const limits = { ...SWEEP_LIMITS, objects: 4 };

    it('processes a limited number in one run, and continues in the next where it stopped', async () => {
      const jobs = await Promise.all(['j0', 'j1', 'j2', 'j3', 'j4'].map((jobId) => world.put(jobId)));
      const live = jobs.map(({ files }) => files[0]!.path);
      await world.stage(...live, 'uploads/zoe/gone/z.bin');
      const seen: unknown[] = [];
      for (let run = 0; run < 2; run += 1) {
        const report = (await world.sweep({ limits, objects: inPages() })).get('orphaned_objects');
        seen.push([report?.seen, report?.done, report?.more]);
      }
      assert.deepEqual(seen, [
        [4, 0, true],
        [2, 1, false],
      ]);
      assert.deepEqual(await world.objects(), live);
    });

    it('begins a pass at most once an hour, since it reads every job that has objects', async () => {
      await world.sweep();
      await world.stage(...orphans);
      world.nowMs += HOUR_MS - 1;
      await world.sweep();
      assert.deepEqual(await world.objects(), orphans);
      world.nowMs += 1;
      await world.sweep();
      assert.deepEqual(await world.objects(), []);
    });

    it('starts again if Storage no longer knows its page token', async () => {
      await world.stage(...orphans);
      await world.deps.state.saveObjectCursor('objects', {
        pageToken: 'stale',
        begunAt: Timestamp.fromMillis(world.nowMs),
      });
      const objects = new UploadedObjects(world.bucket());
      objects.list = (prefix, pageToken) =>
        pageToken === 'stale'
          ? Promise.reject(new Error('Invalid page token'))
          : world.deps.objects.list(prefix, pageToken);
      assert.equal((await world.sweep({ objects })).get('orphaned_objects')?.broken, true);
      await world.sweep({ objects });
      assert.deepEqual(await world.objects(), []);
    });
  });
});
