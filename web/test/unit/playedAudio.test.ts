import assert from 'node:assert/strict';
import { keepPlayed } from '../../src/sync/playedAudio.ts';

describe('Audio that was played', () => {
  /** A browser's cache. It returns its keys in the order in which they were put. */
  const fakeCache = () => {
    const kept: string[] = [];
    const cache = {
      put: (key: string) => Promise.resolve(void kept.push(key)),
      keys: () => Promise.resolve(kept.map((key) => new Request(`https://console.test${key}`))),
      delete: ({ url }: Request) => {
        kept.splice(kept.indexOf(new URL(url).pathname), 1);
        return Promise.resolve(true);
      },
    };
    return { kept, cache: cache as unknown as Cache };
  };

  it('stays on the device: the newest two hundred chunks', async () => {
    const { kept, cache } = fakeCache();
    for (let i = 0; i < 250; i++) await keepPlayed(cache, `/heard/${i}`, new Blob(['x']));
    assert.deepEqual([kept.length, kept[0], kept.at(-1)], [200, '/heard/50', '/heard/249']);
  });

  it('is played even if there is no room to store it', async () => {
    const { cache } = fakeCache();
    cache.put = () => Promise.reject(new DOMException('', 'QuotaExceededError'));
    await keepPlayed(cache, '/heard/1', new Blob(['x']));
  });
});
