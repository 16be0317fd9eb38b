import assert from 'node:assert/strict';
import { mock } from 'node:test';

/** The parts of a browser's caches that the worker uses: paths and texts. */
class FakeCaches {
  readonly all = new Map<string, Map<string, string>>();

  keys = () => Promise.resolve([...this.all.keys()]);
  delete = (name: string) => Promise.resolve(this.all.delete(name));
  match = (request: Request | string, { cacheName }: { cacheName?: string } = {}) => {
    const path = typeof request === 'string' ? request : new URL(request.url).pathname;
    const searched = cacheName === undefined ? [...this.all.values()] : [this.all.get(cacheName)];
    const text = searched.map((cache) => cache?.get(path)).find((found) => found !== undefined);
    return Promise.resolve(text === undefined ? undefined : new Response(text));
  };
}

type Listener = (event: object) => void;

describe('The service worker of a new version', () => {
  const ORIGIN = 'https://console.test';
  const listeners = new Map<string, Listener>();
  const caches = new FakeCaches();
  before(async () => {
    const self = {
      location: { origin: ORIGIN },
      addEventListener: (type: string, listener: Listener) => listeners.set(type, listener),
      clients: { claim: () => Promise.resolve() },
    };
    const __PRECACHE__ = { version: '3', paths: ['/', '/icon.svg', '/assets/index-3.js'] };
    Object.assign(globalThis, { self, caches, __PRECACHE__ });
    // Imported by its address, because workers have their own types.
    await import(new URL('../../src/workers/sw.ts', import.meta.url).href);
  });
  after(() => {
    for (const name of ['self', 'caches', '__PRECACHE__']) Reflect.deleteProperty(globalThis, name);
    mock.restoreAll();
  });

  const activate = async (): Promise<void> => {
    const waited: Promise<unknown>[] = [];
    listeners.get('activate')?.({ waitUntil: (work: Promise<unknown>) => waited.push(work) });
    await Promise.all(waited);
  };
  /** @returns null if the worker leaves the request to the browser */
  const ask = async (path: string, init?: RequestInit, mode?: RequestMode): Promise<string | null> => {
    const answers: Promise<Response>[] = [];
    const respondWith = (response: Promise<Response>) => answers.push(response);
    const request = new Request(ORIGIN + path, init);
    // Only browsers can create requests with the mode `navigate`.
    if (mode !== undefined) Object.defineProperty(request, 'mode', { value: mode });
    listeners.get('fetch')?.({ request, respondWith });
    return (await answers[0])?.text() ?? null;
  };

  it('keeps the files of the previous version for open pages, and deletes older ones', async () => {
    caches.all.set('console-1', new Map([['/assets/capture-1.js', 'oldest']]));
    caches.all.set(
      'console-2',
      new Map([
        ['/assets/capture-2.js', 'old'],
        ['/icon.svg', 'old icon'],
      ]),
    );
    caches.all.set('of another app', new Map());
    caches.all.set(
      'console-3',
      new Map([
        ['/assets/index-3.js', 'new'],
        ['/icon.svg', 'icon'],
      ]),
    );
    await activate();
    assert.deepEqual(await caches.keys(), ['console-2', 'of another app', 'console-3']);
    mock.method(globalThis, 'fetch', () => Promise.resolve(new Response('of the network')));
    assert.equal(await ask('/assets/index-3.js'), 'new');
    assert.equal(await ask('/assets/capture-2.js'), 'old');
    assert.equal(await ask('/assets/capture-1.js'), 'of the network');
    assert.equal(await ask('/icon.svg'), 'icon', 'what has no hash in its name is of the new version');
  });

  it('opens the stored console when the service is down, and passes every other answer on', async () => {
    caches.all.set('console-3', new Map([['/', 'the kept page']]));
    const navigation = (status: number) => {
      mock.method(globalThis, 'fetch', () => Promise.resolve(new Response(`answer ${status}`, { status })));
      return ask('/record', {}, 'navigate');
    };
    assert.equal(await navigation(200), 'answer 200');
    for (const status of [500, 502, 503, 504]) assert.equal(await navigation(status), 'the kept page', `${status}`);
    assert.equal(await navigation(511), 'answer 511', 'a network that asks people to sign in');
    assert.equal(await navigation(403), 'answer 403');
    caches.all.set('console-3', new Map());
    assert.equal(await navigation(503), 'answer 503', 'nothing is kept');
  });

  it('handles no uploads, so that an update during an upload does no harm', async () => {
    assert.equal(await ask('/v2/sync/upload', { method: 'POST', body: 'audio' }), null);
    assert.equal(await ask('/v2/sync/status?job_id=a'), null);
  });
});
