import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { closeAfterAll, removeFolder } from './closing.ts';
import { withPreloads } from '../emulators/firebaseTools.ts';
import { FUNCTIONS, ROOT } from '../paths.ts';

const RUNTIME = path.join(ROOT, 'node_modules/firebase-tools/lib/emulator/functionsEmulatorRuntime.js');

/** A function that answers with the files that its process has loaded, and one that uses the Admin SDK of node_modules. */
const INDEX = `
const files = () => Object.values(require.cache).filter(({ filename }) => filename !== null).map(({ filename }) => filename);
exports.loaded = (_, response) => response.json(files());
exports.projectId = (_, response) => response.json(require('firebase-admin').initializeApp().options.projectId);
`;

describe('A process that runs a function in the emulator', () => {
  let directory: string;
  const closing = closeAfterAll();
  before(() => {
    directory = closing(mkdtempSync(path.join(os.tmpdir(), 'light-')), removeFolder);
    const { dependencies } = createRequire(import.meta.url)('../../functions/package.json') as { dependencies: object };
    writeFileSync(path.join(directory, 'package.json'), JSON.stringify({ main: 'index.js', dependencies }));
    writeFileSync(path.join(directory, 'index.js'), INDEX);
    symlinkSync(path.join(FUNCTIONS, 'node_modules'), path.join(directory, 'node_modules'));
  });

  /** The answer of a function in a separate process, started as firebase-tools starts one, and when its server ends idle connections. */
  async function answerOf(name: string): Promise<{ readonly body: unknown; readonly keepAlive: unknown }> {
    const socketPath = path.join(directory, `${randomUUID().slice(0, 8)}.sock`);
    const child = spawn(process.execPath, [RUNTIME], {
      cwd: directory,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        ...process.env,
        NODE_OPTIONS: withPreloads(''),
        FUNCTION_TARGET: name,
        FUNCTION_SIGNATURE_TYPE: 'http',
        FIREBASE_CONFIG: JSON.stringify({ projectId: 'demo-light' }),
        PORT: socketPath,
      },
    });
    try {
      await new Promise<void>((resolve, reject) => {
        child.on('message', (message) => {
          if (JSON.stringify(message).includes('Listening to port')) resolve();
        });
        child.once('exit', (code) => {
          reject(new Error(`It ended with ${code}.`));
        });
      });
      return await new Promise((resolve, reject) => {
        request({ socketPath, path: '/' }, (response) => {
          text(response).then((body) => {
            resolve({ body: JSON.parse(body), keepAlive: response.headers['keep-alive'] });
          }, reject);
        })
          .once('error', reject)
          .end();
      });
    } finally {
      child.kill('SIGKILL');
    }
  }

  it('loads neither the commands of firebase-tools nor, a second time, the SDKs that the build contains', async () => {
    const loaded = (await answerOf('loaded')).body as string[];
    assert.ok(loaded.includes(RUNTIME));
    const heavy =
      /[\\/]node_modules[\\/](@inquirer|google-auth-library|firebase-admin[\\/]lib[\\/]app|firebase-functions)[\\/]/;
    assert.deepEqual(
      loaded.filter((file) => heavy.test(file)),
      [],
    );
  });

  it('loads the Admin SDK of node_modules if code asks for it, as firebase-tools has prepared it', async () => {
    assert.equal((await answerOf('projectId')).body, 'demo-light');
  });

  it('leaves the end of an idle connection to the client, which may be about to ask again', async () => {
    assert.equal((await answerOf('loaded')).keepAlive, undefined);
  });
});
