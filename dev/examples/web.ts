/**
 * Runs the web example in a browser. Recordings that were added while the server could not be reached are uploaded by the
 * service worker, without an open page.
 */
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import type { CDPSession } from 'playwright-core';
import { localBrowser } from '../browser.ts';
import { SAMPLES_DIR } from '../samples/samples.ts';
import { openGate } from './gate.ts';

const SAMPLE = 'memo_1749660600.wav';
const LIMIT_MS = 120_000;

/**
 * Makes the example use the ports of this suite.
 * @param client the origin of the functions and Storage
 */
function pointTo(example: string, suite: Readonly<Record<string, string>>, client: string): void {
  const port = (address: string | undefined): string => /:(\d+)$/.exec(address ?? '')?.[1] ?? '';
  const ports = {
    9099: port(suite['FIREBASE_AUTH_EMULATOR_HOST']),
    8080: port(suite['FIRESTORE_EMULATOR_HOST']),
    5001: port(client),
    9199: port(client),
  };
  const file = path.join(example, 'src/client.ts');
  let code = readFileSync(file, 'utf8');
  for (const [documented, own] of Object.entries(ports)) {
    const number = new RegExp(`\\b${documented}\\b`, 'g');
    assert.equal(code.match(number)?.length, 1, `${documented} is in client.ts once`);
    code = code.replace(number, own);
  }
  writeFileSync(file, code);
}

/** @param build builds the example's `dist` in this directory */
export async function tryWeb(
  example: string,
  suite: Readonly<Record<string, string>>,
  build: (directory: string) => void,
): Promise<void> {
  const gate = await openGate({
    functions: suite['FUNCTIONS_EMULATOR_ORIGIN'] ?? '',
    storage: suite['STORAGE_EMULATOR_HOST'] ?? '',
    firestore: `http://${suite['FIRESTORE_EMULATOR_HOST']}`,
  });
  const directory = `${example}-here`;
  cpSync(example, directory, { recursive: true });
  pointTo(directory, suite, gate.origin);
  build(directory);
  const { server, origin } = await serve(path.join(directory, 'dist'));
  const { executablePath, env } = localBrowser();
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], env: { ...process.env, ...env } });
  try {
    const context = await browser.newContext();
    const page = await context.newPage();
    const registration = registrationOf(await context.newCDPSession(page));
    gate.admits = () => false;
    await page.goto(origin);
    await page.locator('#status:not(:empty)').waitFor({ timeout: LIMIT_MS });
    await page.locator('#files').setInputFiles(path.join(SAMPLES_DIR, SAMPLE));
    await page.getByText(`${SAMPLE}: `).waitFor({ timeout: LIMIT_MS });
    const registrationId = await registration;
    const away = await context.newPage();
    const session = await context.newCDPSession(away);
    await session.send('ServiceWorker.enable');
    await page.close();

    const asked = new Promise<true>((resolve) => {
      gate.admits = () => {
        resolve(true);
        return true;
      };
    });
    await session.send('ServiceWorker.dispatchSyncEvent', { origin, registrationId, tag: 'upload', lastChance: false });
    assert.ok(await Promise.race([asked, delay(LIMIT_MS, false)]), 'the service worker uploads');
    const back = await context.newPage();
    await back.goto(origin);
    await back.getByText(`${SAMPLE}: synced`).waitFor({ timeout: LIMIT_MS });
  } finally {
    await browser.close();
    gate.close();
    server.close();
  }
}

async function registrationOf(session: CDPSession): Promise<string> {
  const found = new Promise<string>((resolve) => {
    session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
      const [registration] = registrations;
      if (registration !== undefined) resolve(registration.registrationId);
    });
  });
  await session.send('ServiceWorker.enable');
  return found;
}

async function serve(dist: string): Promise<{ readonly server: Server; readonly origin: string }> {
  const server = createServer((req, res) => {
    const file = req.url === '/' ? '/index.html' : (req.url ?? '');
    try {
      const content = readFileSync(path.join(dist, path.normalize(file)));
      res.writeHead(200, { 'Content-Type': file.endsWith('.html') ? 'text/html' : 'text/javascript' }).end(content);
    } catch {
      res.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
