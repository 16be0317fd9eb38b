import assert from 'node:assert/strict';
import { beginDeletion } from '../../src/conversations/deletion.ts';
import { DeletionUnderWayError } from '../../src/conversations/axis.ts';
import { recordReads } from '../support/operations.ts';
import { say as sayIn, START_MS } from '../support/saying.ts';
import { TestWorld } from '../support/worker.ts';

describe('Speech in the store of conversations', () => {
  const world = new TestWorld();
  const { conversations } = world.deps;
  beforeEach(() => {
    world.becomeSomebodyElse();
  });
  after(() => world.close());

  it('that bridges two conversations keeps the named one, and the other redirects to it although it is earlier', async () => {
    const [earlier] = await say([0]);
    const [named] = await say([200]);
    assert.deepEqual(await say([100], named), [named]);
    assert.deepEqual(await live(), { [named!]: [0, 201] });
    assert.equal((await read(earlier!)).mergedInto, named);
  });

  it('keeps the conversation into which the named one was merged', async () => {
    const [early] = await say([0]);
    const [middle] = await say([200]);
    const [named] = await say([400]);
    await say([300]);
    assert.equal((await read(named!)).mergedInto, middle);
    assert.deepEqual(await say([100], named), [middle]);
    assert.equal((await read(early!)).mergedInto, middle);
  });

  it('keeps the earliest conversation if the named one was deleted or lies elsewhere', async () => {
    const [early] = await say([0]);
    const [late] = await say([200]);
    const [deleted] = await say([1000]);
    const [elsewhere] = await say([2000]);
    await conversations.delete(world.uid, deleted!);
    assert.deepEqual(await say([-100], deleted), [early]);
    assert.deepEqual(await say([100], elsewhere), [early]);
    assert.equal((await read(late!)).mergedInto, early);
  });

  it('begins a new conversation if the named one is not near in time', async () => {
    const [named] = await say([0]);
    const [other] = await say([500], named);
    assert.deepEqual(await live(), { [named!]: [0, 1], [other!]: [500, 501] });
  });

  it('is stored once, even if the speech that it repeats lies in the middle of a segment', async () => {
    const seconds = Array.from({ length: 31 }, (_, second) => second);
    const [only] = await say(seconds);
    assert.equal((await world.segments()).length, 1);
    assert.deepEqual(await say([20, 25.5]), []);
    assert.equal((await read(only!)).wordCount, seconds.length);
    assert.equal((await world.segments()).length, 1);
  });

  it('is not stored again once it was deleted, whichever recording contains it', async () => {
    const [deleted] = await say([0, 1, 60]);
    await conversations.delete(world.uid, deleted!);
    assert.deepEqual(await say([0, 1, 60]), []);
    assert.deepEqual(await say([0.4]), [], 'the same run of speech, cut elsewhere');
    assert.deepEqual(await live(), {});
    assert.equal((await world.segments()).length, 0);
  });

  it('that is new begins a new conversation near a deleted one, and in its longer pauses', async () => {
    const [deleted] = await say([0, 60]);
    await conversations.delete(world.uid, deleted!);
    const [fresh] = await say([30]);
    assert.notEqual(fresh, deleted);
    assert.deepEqual(await say([70]), [fresh]);
    assert.deepEqual(await live(), { [fresh!]: [30, 71] });
    assert.equal((await read(deleted!)).state, 'deleted');
  });

  it('is refused until a deletion that has begun is finished', async () => {
    const [doomed] = await say([0]);
    await beginDeletion(world.db, world.uid, doomed!, world.deps.now());
    await assert.rejects(say([10]), DeletionUnderWayError);
    await conversations.finishDeletion(world.uid, doomed!);
    const [fresh] = await say([10]);
    assert.deepEqual(await live(), { [fresh!]: [10, 11] });
  });

  // The emulator locks a whole collection and production only what a query has read, so a race in the emulator would not show a read
  // outside of the transaction.
  it('is assigned only by what was read in the transaction', async () => {
    const [named] = await say([0]);
    await say([200]);
    await say([100], named);
    const reads = recordReads();
    try {
      await say([-200, 300], named);
    } finally {
      reads.stop();
    }
    assert.ok(reads.methods.length >= 3);
    assert.deepEqual(reads.outsideTransactions, []);
  });

  const say = (seconds: readonly number[], target: string | null = null) => sayIn(world, seconds, target);

  async function read(id: string) {
    const conversation = (await conversations.conversations(world.uid).doc(id).get()).data();
    assert.ok(conversation);
    return conversation;
  }

  /** Live conversations as [start, end], seconds of the test's day. */
  async function live(): Promise<Record<string, [number, number]>> {
    const all = (await world.conversations()).filter(({ state }) => state === 'live');
    const seconds = (time: { toMillis(): number }): number => (time.toMillis() - START_MS) / 1000;
    return Object.fromEntries(
      all.map(({ id, startedAt, finishedAt }) => [id, [seconds(startedAt), seconds(finishedAt)]]),
    );
  }
});
