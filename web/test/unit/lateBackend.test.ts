import assert from 'node:assert/strict';
import type { Backend, JobSignal } from 'offline-audio-sync-client';
import { lateBackend } from '../../src/sync/lateBackend.ts';

const KNOWN = { functionsUrl: 'https://functions.test', storageUrl: 'https://storage.test' };
const SIGNAL: JobSignal = { status: 'processing', percent: 1, isTroubled: false };

describe('A backend that is loaded late', () => {
  let loads: number;
  let isBroken: boolean;
  let isListening: boolean;
  let tell: (job: JobSignal) => void;
  let backend: Backend;
  beforeEach(() => {
    loads = 0;
    isBroken = false;
    isListening = false;
    backend = lateBackend(() => {
      loads += 1;
      return isBroken ? Promise.reject(new Error('It is not there.')) : Promise.resolve(loaded);
    }, KNOWN);
  });
  const loaded: Backend = {
    ...KNOWN,
    idToken: () => Promise.resolve('token'),
    endedJobs: () => Promise.resolve(['ended']),
    onSignIn: () => () => undefined,
    watchJob: (_, listener) => {
      isListening = true;
      tell = listener;
      return () => (isListening = false);
    },
  };
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('is loaded once by the first request, but not by a listener for signing in', async () => {
    backend.onSignIn?.(() => undefined);
    await turn();
    assert.equal(loads, 0);
    assert.deepEqual(await Promise.all([backend.idToken(false), backend.endedJobs()]), ['token', ['ended']]);
    assert.equal(loads, 1);
  });

  it('is loaded again by the next request if loading failed', async () => {
    isBroken = true;
    await assert.rejects(backend.idToken(false), /not there/);
    await assert.rejects(backend.endedJobs(), { code: 'unavailable' });
    const ends: unknown[] = [];
    backend.watchJob?.(
      'job',
      () => undefined,
      (error) => ends.push(error),
    );
    await turn();
    assert.equal(ends.length, 1);
    isBroken = false;
    assert.equal(await backend.idToken(false), 'token');
  });

  it('listens from its loading until the listener is removed, even if that happens before', async () => {
    const heard: JobSignal[] = [];
    const listen = () =>
      backend.watchJob?.(
        'job',
        (job) => heard.push(job),
        () => undefined,
      );
    const stop = listen();
    await turn();
    tell(SIGNAL);
    assert.deepEqual([isListening, heard], [true, [SIGNAL]]);
    stop?.();
    assert.equal(isListening, false);
    listen()?.();
    await turn();
    assert.equal(isListening, false);
  });
});
