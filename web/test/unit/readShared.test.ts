import assert from 'node:assert/strict';
import { readShared } from '../../src/sync/readShared.ts';
import { FakeTime } from './support/fakeTime.ts';

describe('A shared link', () => {
  const { fetch } = globalThis;
  const { signal } = new AbortController();
  let time: FakeTime;
  beforeEach(() => {
    time = new FakeTime(Date.UTC(2026, 6, 3, 10));
  });
  afterEach(() => {
    time.end();
    globalThis.fetch = fetch;
  });

  it('shows the answer of the service, and accepts no other answer as one', async () => {
    const shared = { title: 'Harbour', segments: [] };
    const answers: readonly (readonly [Response, string])[] = [
      [Response.json(shared), 'shown'],
      [Response.json({ error: { code: 'share_not_found' } }, { status: 404 }), 'gone'],
      [Response.json({ login: 'https://portal.test' }), 'unreached'],
      [new Response('<html>Sign in</html>'), 'unreached'],
      [Response.json([], { status: 502 }), 'unreached'],
    ];
    for (const [answer, kind] of answers) {
      globalThis.fetch = () => Promise.resolve(answer);
      assert.equal((await readShared('token', signal)).kind, kind);
    }
  });

  it('reports that the service does not answer', async () => {
    globalThis.fetch = () => new Promise(() => undefined);
    const read = readShared('token', signal);
    await time.advance(31_000);
    assert.equal((await read).kind, 'unreached');
  });

  it('does not wait longer for an answer that begins late and does not end', async () => {
    const endless = new Response(new ReadableStream());
    globalThis.fetch = () =>
      new Promise((resolve) => {
        setTimeout(resolve, 20_000, endless);
      });
    let kind = 'none yet';
    void readShared('token', signal).then((read) => {
      kind = read.kind;
    });
    await time.advance(20_000);
    await time.advance(11_000);
    assert.equal(kind, 'unreached');
  });
});
