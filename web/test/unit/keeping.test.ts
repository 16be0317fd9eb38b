import assert from 'node:assert/strict';
import { checkKeeping } from '../../src/record/keeping.ts';

const ROOM = { estimate: () => Promise.resolve({ quota: 10e9, usage: 0 }) };
const opusIsThere = () => Promise.resolve(true);
const named = (name: string, message = name): Error => Object.assign(new Error(message), { name });

describe('The check before a recording', () => {
  it('shows nothing if everything can be stored', async () => {
    const journal = { probe: () => Promise.resolve(true) };
    const free = { obstacle: null, warning: null };
    assert.deepEqual(await checkKeeping({ journal, storage: ROOM, opusIsThere }), free);
    assert.deepEqual(
      await checkKeeping({ journal, storage: undefined, opusIsThere }),
      free,
      'nor where it is not known',
    );
    const broken = { estimate: () => Promise.reject(new TypeError('no')) };
    assert.deepEqual(await checkKeeping({ journal, storage: broken, opusIsThere }), free);
  });

  for (const [what, error, sentence] of [
    ['no IndexedDB', new ReferenceError('indexedDB is not defined'), /stores nothing/],
    ['IndexedDB that may not be used', named('SecurityError'), /stores nothing/],
    [
      'IndexedDB of a private window',
      named('InvalidStateError', 'A mutation operation was attempted'),
      /private window/,
    ],
    ['a database that does not answer', named('TimeLimitError'), /does not answer/],
    ['a full disk', named('QuotaExceededError'), /no room left/],
    ['a database that a newer version has changed', named('VersionError'), /reload this page/],
    ['a database that is damaged', named('UnknownError'), /storage is damaged/],
  ] as const) {
    it(`refuses with a reason: ${what}`, async () => {
      const journal = { probe: () => Promise.reject(error) };
      const { obstacle } = await checkKeeping({ journal, storage: ROOM, opusIsThere });
      assert.match(obstacle ?? '', sentence);
    });
  }

  it('warns if the window stores no Blobs, which are lost when it closes', async () => {
    const journal = { probe: () => Promise.resolve(false) };
    const { obstacle, warning } = await checkKeeping({ journal, storage: ROOM, opusIsThere });
    assert.equal(obstacle, null);
    assert.match(warning ?? '', /lost when the window is closed/);
  });

  it('warns if there is room for less than an hour, and refuses if there is hardly any', async () => {
    const journal = { probe: () => Promise.resolve(true) };
    const withRoom = (bytes: number) => ({ estimate: () => Promise.resolve({ quota: 5e6 + bytes, usage: 5e6 }) });
    const { warning } = await checkKeeping({ journal, storage: withRoom(4500 * 60 * 20), opusIsThere });
    assert.match(warning ?? '', /about 20 minutes/);
    const { obstacle } = await checkKeeping({ journal, storage: withRoom(4500 * 60), opusIsThere });
    assert.match(obstacle ?? '', /no room left/);
  });
});
