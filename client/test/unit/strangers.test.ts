/** Answers of portals, proxies and front ends in place of the server. None of them says anything about a recording. */
import assert from 'node:assert/strict';
import { STORAGE } from '../support/fakeServer.ts';
import { HOUR_MS, MINUTE_MS, states, World } from '../support/world.ts';

const page = (status: number, headers: Record<string, string> = {}): Response =>
  new Response('<html><h1>Not what you asked for</h1></html>', {
    status,
    headers: { 'Content-Type': 'text/html; charset=utf-8', ...headers },
  });
const text = (status: number): Response => new Response('upstream connect error', { status });
const elsewhere = (status: number): Response =>
  new Response('', { status, headers: { Location: 'https://login.hotel.test/' } });
const json = (status: number, body: object): Response => Response.json(body, { status });

/** The body breaks off after its first bytes. */
const broken = (error: Error): Response =>
  new Response(
    new ReadableStream({
      pull: (controller) => {
        controller.enqueue(new TextEncoder().encode('{"job_id":'));
        controller.error(error);
      },
    }),
    { status: 200 },
  );
/** The body never ends, and sends no error. */
const unending = (): Response =>
  new Response(
    new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode('<html>'));
      },
    }),
    { status: 200 },
  );

const STRANGERS: Readonly<Record<string, () => Response>> = {
  'a portal that answers 200 with a page': () => page(200),
  'a portal that answers 511': () => page(511),
  'a portal that answers 403': () => page(403),
  'a portal that answers 401': () => page(401),
  'a proxy that wants a password (407)': () => page(407),
  'a filter that blocks for legal reasons (451)': () => page(451),
  'a proxy that knows no such host (404)': () => page(404),
  'a proxy that cannot read the request (400)': () => text(400),
  'a proxy that allows no POST (405)': () => text(405),
  'a proxy that has moved things (410)': () => page(410),
  'a front end without a server (502)': () => page(502),
  'a front end that asks to come back in a day (503)': () => page(503, { 'Retry-After': '86400' }),
  'a rate limit of a stranger that asks for a day (429)': () => page(429, { 'Retry-After': '86400' }),
  'a gateway that speaks JSON (403)': () => json(403, { message: 'Forbidden' }),
  'a gateway with an error of its own (400)': () => json(400, { error: { code: 'blocked', message: 'Policy.' } }),
  'a gateway that answers 200 with JSON of its own': () => json(200, { ok: true }),
  'a gateway whose JSON is almost that of a job': () =>
    json(200, { job_id: 'x', status: 'completed', files: [], result: { job_id: 'x', bucket: 'b', files: [] } }),
  'a gateway that answers 200 with nothing': () => new Response('', { status: 200 }),
  'a portal that sends to its own page (302)': () => elsewhere(302),
  'a portal that sends to its own page, as a browser shows it': () => Response.error(),
  'a proxy that sends the same request elsewhere (307)': () => elsewhere(307),
  'a proxy that answers 308 without saying where to': () => new Response('', { status: 308 }),
  'a portal that has no content (204)': () => new Response(null, { status: 204 }),
  'a portal that wants the page to be reset (205)': () => new Response(null, { status: 205 }),
  'a cache that gives a part (206)': () => new Response('{"job_id":', { status: 206 }),
  'a portal that answers 301 and names no address': () => new Response('', { status: 301 }),
  'a portal that sends to a list of pages (303)': () => elsewhere(303),
  'a proxy that says that nothing has changed (304)': () => new Response(null, { status: 304 }),
  'a gateway that answers 200 with a list': () => json(200, []),
  'a gateway that answers 200 with null': () => new Response('null', { status: 200 }),
  'a gateway whose JSON is cut short': () => new Response('{"job_id":"x","sta', { status: 200 }),
  'a gateway whose error is a sentence (403)': () => json(403, { error: 'You shall not pass.' }),
  'a gateway whose error is a list (400)': () => json(400, { error: [{ code: 'blocked', message: 'Policy.' }] }),
  'a gateway that speaks RFC 9457 (422)': () => json(422, { type: 'about:blank', title: 'Policy', status: 422 }),
  'a front end of Google without its function (404)': () => json(404, { error: { code: 404, message: 'Not found.' } }),
  'a callable of somebody else (403)': () => json(403, { error: { status: 'PERMISSION_DENIED', message: 'No.' } }),
  'a proxy whose compression is broken': () => broken(new TypeError('terminated')),
  'a proxy that breaks off in the middle of its answer': () => broken(new TypeError('network error')),
  'a portal whose answer goes on for ever': () => unending(),
  'a front end that times out (504)': () => text(504),
  'a proxy that says the request took too long (408)': () => text(408),
};

describe('A client whose requests are answered by another machine', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => {
    assert.deepEqual(world.device.errors, []);
  });

  for (const [what, answer] of Object.entries(STRANGERS)) {
    for (const way of ['multipart', 'direct'] as const) {
      for (const [minutes, duration] of [
        [10, 'ten minutes'],
        [60, 'an hour'],
      ] as const) {
        it(`fails nothing, and syncs automatically within five minutes of the end of ${duration} of ${what}, ${way}`, async () => {
          const limits = way === 'direct' ? { maxRequestBytes: 3000 } : {};
          const client = await world.client({ limits });
          world.server.stranger = answer;
          for (let i = 0; i < 3; i++) await world.add(client, 2000);
          await world.clock.advance(minutes * MINUTE_MS);
          assert.ok(!states(client).includes('failed'));
          assert.ok(!states(client).includes('synced'));
          world.server.stranger = null;
          await world.clock.advance(5 * MINUTE_MS);
          assert.deepEqual(states(client), ['synced', 'synced', 'synced']);
        });
      }
    }
  }

  it('does not accept a job of another request that a cache returns', async () => {
    const { fetch } = world.server;
    let cached: Response | null = null;
    const client = await world.client({
      fetch: async (input, init) => {
        const isStatus = (input as string).includes('/syncStatus');
        if (isStatus && cached !== null) return cached.clone();
        const answer = await fetch(input, init);
        if (isStatus && world.server.jobs.size === 1) cached = answer.clone();
        return answer;
      },
    });
    const { name } = await world.add(client);
    await world.clock.advance(MINUTE_MS);
    await world.add(client, 100, name);
    await world.clock.advance(10 * MINUTE_MS);
    assert.deepEqual(states(client), ['synced', 'uploaded'], 'the name alone does not prove that it is done');
    cached = null;
    await world.clock.advance(5 * MINUTE_MS);
    assert.deepEqual(states(client), ['synced', 'synced']);
  });

  for (const [what, answer] of [
    ['a page', () => page(404)],
    ['JSON that looks like Google’s', () => json(404, { error: { code: 404, message: 'Not found.' } })],
    ['a refusal that looks like Google’s', () => json(403, { error: { code: 403, message: 'Policy.' } })],
  ] as const)
    it(`keeps an upload to Storage that is interrupted with ${what}, and continues it`, async () => {
      const client = await world.client({ limits: { maxRequestBytes: 3000 } });
      await world.add(client, 900_000);
      while (world.requests('upload') === 0) await world.clock.step();
      world.server.stranger = answer;
      await world.clock.advance(10 * MINUTE_MS);
      world.server.stranger = null;
      await world.clock.advance(5 * MINUTE_MS);
      assert.deepEqual(states(client), ['synced']);
      assert.ok(world.server.audioBytes < 1_600_000, `${world.server.audioBytes} bytes were sent`);
    });

  it('reads no more of an endless answer than the server could have sent', async () => {
    const client = await world.client();
    let [chunks, isOver] = [0, false];
    world.server.stranger = () =>
      new Response(
        new ReadableStream({
          pull: (controller) => {
            chunks += 1;
            controller.enqueue(new Uint8Array(1024 * 1024).fill(32));
          },
          cancel: () => {
            isOver = true;
          },
        }),
      );
    await world.add(client);
    await world.clock.advance(100);
    assert.ok(chunks < 40, `${chunks} MiB were read`);
    assert.ok(isOver, 'the client stops reading');
    assert.equal(client.status().reason, 'network');
  });

  it('says that the network requires a sign-in if the answer looks like it', async () => {
    const client = await world.client();
    world.server.stranger = () => page(200);
    await world.add(client);
    await world.clock.advance(MINUTE_MS);
    assert.equal(client.status().state, 'backing_off');
    assert.equal(client.status().reason, 'network_sign_in');
  });

  it('does not give up sooner because of network events every five seconds', async () => {
    let changed: () => void = () => undefined;
    const network = {
      isOnline: () => true,
      onChange: (listener: () => void) => {
        changed = listener;
        return () => undefined;
      },
    };
    const client = await world.client({ network });
    world.server.stranger = () => page(502);
    await world.add(client);
    for (let i = 0; i < 720; i++) {
      await world.clock.advance(5000);
      changed();
    }
    assert.deepEqual(states(client), ['uploading']);
    world.server.stranger = null;
    await world.clock.advance(5 * MINUTE_MS);
    assert.deepEqual(states(client), ['synced']);
  });

  it('sends recordings as one request while only Storage is blocked, and the others afterwards', async () => {
    const { fetch } = world.server;
    let isBlocked = true;
    const client = await world.client({
      limits: { maxRequestBytes: 5000 },
      fetch: (input, init) =>
        isBlocked && (input as string).startsWith(STORAGE) ? Promise.resolve(page(403)) : fetch(input, init),
    });
    await world.add(client, 20_000);
    await world.clock.advance(MINUTE_MS);
    for (let i = 0; i < 3; i++) await world.add(client, 2000);
    await world.clock.advance(10 * MINUTE_MS);
    assert.deepEqual(states(client), ['uploading', 'synced', 'synced', 'synced']);
    await world.clock.advance(2 * 24 * HOUR_MS);
    assert.deepEqual(states(client), ['uploading', 'synced', 'synced', 'synced'], 'no network is given up on');
    await world.add(client, 2000);
    await world.clock.advance(10 * MINUTE_MS);
    assert.equal(states(client).at(-1), 'synced');
    isBlocked = false;
    await world.clock.advance(5 * MINUTE_MS);
    assert.deepEqual(new Set(states(client)), new Set(['synced']));
  });

  it('sends smaller requests on a connection that is too short for large ones', async () => {
    const { fetch } = world.server;
    // 20 kB a second, for half a minute.
    const [bytesPerMs, lastsMs] = [20, 30_000];
    const client = await world.client({
      gatherMs: 1000,
      fetch: async (input, init) => {
        const bytes = (init?.body as { length: number } | undefined)?.length ?? 0;
        await world.clock.sleep(Math.min(bytes / bytesPerMs, lastsMs), init?.signal ?? new AbortController().signal);
        if (bytes / bytesPerMs > lastsMs) throw new TypeError('fetch failed');
        return fetch(input, init);
      },
    });
    for (let i = 0; i < 30; i++) await world.add(client, 240_000);
    await world.clock.advance(2 * HOUR_MS);
    assert.deepEqual(new Set(states(client)), new Set(['synced']));
  });

  it('keeps large requests whole if there is no network at all, however long', async () => {
    const client = await world.client({ gatherMs: 1000 });
    world.server.faults = Array.from({ length: 1000 }, () => 'refused');
    for (let i = 0; i < 30; i++) await world.add(client, 20_000);
    await world.clock.advance(HOUR_MS);
    world.server.faults = [];
    await world.clock.advance(5 * MINUTE_MS);
    assert.deepEqual(new Set(states(client)), new Set(['synced']));
    assert.equal(world.server.jobs.size, 1);
  });

  it('sends smaller requests through a proxy that refuses large ones, and remembers that', async () => {
    const client = await world.client();
    const most = 300_000;
    const { fetch } = world.server;
    const narrow = await world.client({
      fetch: (input, init) => {
        const body = init?.body as { length: number } | undefined;
        return (body?.length ?? 0) > most ? Promise.resolve(page(413)) : fetch(input, init);
      },
    });
    await client.dispose();
    for (let i = 0; i < 12; i++) await world.add(narrow, 100_000);
    await world.add(narrow, 5_000_000);
    await world.clock.advance(2 * HOUR_MS);
    assert.deepEqual(new Set(states(narrow)), new Set(['synced']));
  });
});
