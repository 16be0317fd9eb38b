/** The transcription requests that the whole project may have in flight, on the Firestore emulator. */
import assert from 'node:assert/strict';
import { mock } from 'node:test';
import type { Firestore, Timestamp } from 'firebase-admin/firestore';
import { closeAfterEach } from '../../../dev/test/closing.ts';
import { RequestSlots } from '../../src/transcription/requestSlots.ts';
import type { RequestSlotsOptions } from '../../src/transcription/requestSlots.ts';
import { codeOf } from '../support/errors.ts';
import { until } from '../support/until.ts';
import { TestWorld } from '../support/worker.ts';

const LEASE_MS = 60_000;
const NEVER = new AbortController().signal;

describe('the requests of a project', () => {
  let world: TestWorld;
  let db: Firestore;
  let aheadMs: number;
  const closing = closeAfterEach();
  beforeEach(() => {
    world = closing(new TestWorld());
    db = world.db;
    aheadMs = 0;
  });

  const slots = (options: Partial<RequestSlotsOptions> = {}) =>
    new RequestSlots({ db, limit: 3, now: () => Date.now() + aheadMs, maxWaitMs: 10 * LEASE_MS, ...options });
  /** A request that lasts until it is ended. */
  const hold = async (instance: RequestSlots) => {
    let end: () => void = () => undefined;
    let done = Promise.resolve();
    await new Promise<void>((resolve) => {
      done = instance.use(NEVER, async () => {
        const ended = new Promise<void>((finish) => (end = finish));
        resolve();
        await ended;
      });
    });
    return async (): Promise<void> => {
      end();
      await done;
    };
  };

  it('are never more at once than the limit, whichever instances ask, and all get their turn', async () => {
    const instances = [slots(), slots(), slots()];
    let now = 0;
    let most = 0;
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        instances[i % 3]!.use(NEVER, async () => {
          most = Math.max(most, ++now);
          await new Promise((resolve) => setTimeout(resolve, 20));
          now--;
          return i;
        }),
      ),
    );
    assert.deepEqual(
      answers,
      Array.from({ length: 12 }, (_, i) => i),
    );
    assert.ok(most <= 3, String(most));
  });

  it('wait for a free slot, and after that the service counts as rate-limited', async () => {
    const ends = [await hold(slots()), await hold(slots()), await hold(slots())];
    assert.equal(
      await codeOf(slots({ maxWaitMs: 0 }).use(NEVER, () => Promise.resolve())),
      'transcription_rate_limited',
    );
    await ends[1]!();
    assert.equal(await slots({ maxWaitMs: 0 }).use(NEVER, () => Promise.resolve('asked')), 'asked');
    await Promise.all(ends.map((end) => end()));
  });

  it('free their slot after a failure, and after the death of their worker', async () => {
    const one = slots({ limit: 1, maxWaitMs: 0 });
    await assert.rejects(
      one.use(NEVER, () => Promise.reject(new Error('refused'))),
      /refused/,
    );
    const end = await hold(one);
    assert.equal(await codeOf(one.use(NEVER, () => Promise.resolve())), 'transcription_rate_limited');
    aheadMs = LEASE_MS + 1;
    assert.equal(await one.use(NEVER, () => Promise.resolve('asked')), 'asked');
    await end();
  });

  const expiry = async (): Promise<number> =>
    ((await db.doc('transcription_slots/0').get()).get('expiresAt') as Timestamp).toMillis();

  it('keep their slot as long as they last', async () => {
    const end = await hold(slots({ limit: 1, leaseMs: 300 }));
    const before = await expiry();
    await until(async () => (await expiry()) > before);
    await end();
    assert.equal(await expiry(), 0);
  });

  it('free their slot when they end, even if a renewal is late or its answer is lost', async () => {
    const runTransaction = db.runTransaction.bind(db) as Firestore['runTransaction'];
    for (const fate of ['late', 'lost'] as const) {
      const begun = gate();
      const freed = gate();
      let renewal: Promise<unknown> = Promise.resolve();
      db.runTransaction = (body) => {
        db.runTransaction = runTransaction;
        const written = (fate === 'late' ? freed.promise : Promise.resolve()).then(() => runTransaction(body));
        const answered =
          fate === 'late' ? written : written.then(() => Promise.reject(new Error('The answer is lost.')));
        renewal = answered.catch(() => undefined);
        begun.resolve();
        return answered;
      };
      // The first renewal is soon due, and a second one is not due during the test.
      const end = await hold(slots({ limit: 1, leaseMs: 300 }));
      await begun.promise;
      await end();
      freed.resolve();
      await renewal;
      assert.equal(await expiry(), 0, fate);
    }
  });

  it('renew their slot by one write at a time, however slow Firestore is', async () => {
    const runTransaction = db.runTransaction.bind(db) as Firestore['runTransaction'];
    const answered = gate();
    let renewals = 0;
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      const end = await hold(slots({ limit: 1 }));
      db.runTransaction = async (body) => {
        renewals += 1;
        await answered.promise;
        return runTransaction(body);
      };
      mock.timers.tick(LEASE_MS);
      assert.equal(renewals, 1);
      db.runTransaction = runTransaction;
      answered.resolve();
      await end();
      assert.equal(await expiry(), 0);
    } finally {
      mock.timers.reset();
    }
  });

  it('are not counted if there is no limit', async () => {
    const ends = await Promise.all(Array.from({ length: 5 }, () => hold(slots({ limit: 0 }))));
    await Promise.all(ends.map((end) => end()));
    assert.equal((await db.collection('transcription_slots').get()).size, 0);
  });

  it('stop waiting when their attempt ends', async () => {
    const end = await hold(slots({ limit: 1 }));
    const attempt = new AbortController();
    const waiting = slots({ limit: 1 }).use(attempt.signal, () => Promise.resolve());
    attempt.abort(new Error('the attempt ended'));
    await assert.rejects(waiting, /attempt ended|aborted/);
    await end();
  });
});

/** A promise with its resolver. */
function gate(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((fulfil) => (resolve = fulfil));
  return { promise, resolve };
}
