/** createStaging with the real Storage client, against a server that says what Cloud Storage would. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Storage } from '@google-cloud/storage';
import { createStaging } from '../../../src/upload/staging.ts';
import type { Staging } from '../../../src/upload/staging.ts';

interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly body: string;
}
interface Says {
  readonly status: number;
  readonly body?: object;
}

const bytes = Buffer.from('some audio');
const md5 = createHash('md5').update(bytes).digest('base64');
const object = { path: 'uploads/alice/job1/a.bin', bytes, md5 };
const stored = { status: 200, body: { md5Hash: md5, size: String(bytes.length), generation: '17' } };

describe('createStaging', () => {
  let server: Server;
  let staging: Staging;
  let answers: Says[];
  let seen: Seen[];

  beforeEach(async () => {
    answers = [];
    seen = [];
    server = createServer((req, res) => {
      void readAll(req).then((body) => {
        seen.push({ method: req.method ?? '', url: new URL(req.url ?? '', 'http://storage'), body });
        const { status, body: answer = {} } = answers.shift() ?? { status: 500 };
        res
          .writeHead(status, { 'Content-Type': 'application/json' })
          .end(status === 204 ? undefined : JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const storage = new Storage({
      apiEndpoint: `http://127.0.0.1:${String(port)}`,
      projectId: 'p',
      useAuthWithCustomEndpoint: false,
      retryOptions: { maxRetryDelay: 1 },
    });
    // The same library as firebase-admin's, loaded as an ES module: other classes by name, the same by shape.
    staging = createStaging(storage.bucket('bucket') as unknown as Parameters<typeof createStaging>[0]);
  });
  afterEach(() => server.close());

  it('sends bytes, MD5 and private cache metadata in one request', async () => {
    answers = [stored];
    assert.deepEqual(await staging.put(object), { path: object.path, generation: '17' });
    assert.equal(seen.length, 1);
    const { method, url, body } = seen[0]!;
    assert.deepEqual([method, url.searchParams.get('uploadType')], ['POST', 'multipart']);
    assert.equal(url.searchParams.get('name'), object.path);
    const metadata = JSON.parse(/\{.*\}/.exec(body)![0]) as Record<string, unknown>;
    assert.deepEqual(metadata, {
      md5Hash: md5,
      contentType: 'application/octet-stream',
      cacheControl: 'private, no-store',
      metadata: { stagedBy: 'syncUpload' },
    });
    assert.ok(body.includes('some audio'));
  });

  it('tries again when Storage is busy', async () => {
    answers = [{ status: 503 }, stored];
    assert.equal((await staging.put(object)).generation, '17');
    assert.equal(seen.length, 2);
  });

  it('fails at once when Storage refuses the bytes', async () => {
    answers = [{ status: 400, body: { error: { code: 400, message: 'Provided MD5 hash does not match.' } } }];
    await assert.rejects(staging.put(object), /MD5/);
    assert.equal(seen.length, 1);
  });

  it('removes what Storage holds differently than it was sent', async () => {
    for (const wrong of [{ md5Hash: 'xxxx' }, { size: '3' }]) {
      seen = [];
      answers = [{ status: 200, body: { ...stored.body, ...wrong } }, { status: 204 }];
      await assert.rejects(staging.put(object), /other bytes/);
      assert.deepEqual([seen[1]?.method, seen[1]?.url.searchParams.get('ifGenerationMatch')], ['DELETE', '17']);
    }
  });

  it('removes the very generation that it wrote, and no other', async () => {
    answers = [{ status: 204 }];
    await staging.remove({ path: object.path, generation: '17' });
    assert.equal(seen[0]!.url.searchParams.get('ifGenerationMatch'), '17');
    assert.ok(decodeURIComponent(seen[0]!.url.pathname).endsWith(object.path));
  });

  it('is content when the object is gone or was overwritten, and with nothing else', async () => {
    const staged = { path: object.path, generation: '17' };
    for (const status of [404, 412]) {
      answers = [{ status }];
      await staging.remove(staged);
    }
    answers = [{ status: 403 }];
    await assert.rejects(staging.remove(staged));
  });
});

async function readAll(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}
