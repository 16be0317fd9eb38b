/** A real Chromium for the tests, with pages that report their errors. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { localBrowser } from '../../../../dev/browser.ts';
import { SAMPLES_DIR } from '../../../../dev/samples/samples.ts';
import { endsListening } from './listening.ts';

const ROOT = path.resolve(import.meta.dirname, '../../../..');
/** Ignored by git, and kept by CI. */
const ARTIFACTS = path.join(ROOT, 'artifacts');

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run "npm run test:web".`);
  return value;
}

export const ORIGIN = required('HOSTING_ORIGIN');

/** Audio of the fake microphone, repeated without end. It has speech, so that the day has something to show. */
const HEARD = path.join(SAMPLES_DIR, 'memo_1749660600.wav');

/** Turns off sound and requests to other hosts. */
export const BROWSER_ARGS = [
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @param heard audio of the fake microphone: a WAV file that begins whenever the microphone is opened */
export async function launch(heard = HEARD): Promise<Browser> {
  const { executablePath, env } = localBrowser();
  return chromium.launch({
    executablePath,
    env: { ...process.env, ...env },
    args: [
      ...BROWSER_ARGS,
      '--use-fake-device-for-media-stream',
      '--use-fake-ui-for-media-stream',
      `--use-file-for-fake-audio-capture=${heard}`,
    ],
  });
}

/** Time limit for every wait, milliseconds. It is shorter than mocha's, whose message does not say what was awaited. */
export const LIMIT_MS = 240_000;

/** The password of every account that a test creates. */
export const PASSWORD = 'correct horse battery';

/** Errors that a page without a network always logs. */
const OFFLINE = /ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|firestore|www\.google\.com\/images\/cleardot/i;

export async function shotOf(page: Page, name: string): Promise<void> {
  mkdirSync(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: path.join(ARTIFACTS, `${name}.png`), animations: 'disabled' });
}

/** A person at the console: a browser context, with its own storage. */
export class Visitor {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly #errors: string[] = [];
  readonly #endListening: () => Promise<void>;
  /** Errors that the test causes on purpose. */
  expectedErrors = /^$/;

  private constructor(context: BrowserContext, page: Page) {
    this.context = context;
    this.page = page;
    this.#endListening = endsListening(context);
    this.#listen(page);
  }

  #listen(page: Page): void {
    page.on('pageerror', ({ message }) => this.#errors.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#errors.push(`${message.text()} ${message.location().url}`);
    });
  }

  static async arrive(browser: Browser): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: 'en-GB' });
    await context.grantPermissions(['microphone', 'clipboard-read', 'clipboard-write'], { origin: ORIGIN });
    context.setDefaultTimeout(LIMIT_MS);
    const page = await context.newPage();
    const visitor = new Visitor(context, page);
    await visitor.open('/');
    return visitor;
  }

  async open(address: string): Promise<void> {
    await this.page.goto(ORIGIN + address);
  }

  /**
   * Changes documents while no page of the console is open, and then opens an address. Whenever documents of an open query change, the
   * Firestore emulator removes all of them from its result for a moment. A page that is left in that moment stores the empty result, and
   * shows too few documents at its next visit. The real Firestore puts both into one snapshot.
   */
  async openAfter(change: () => Promise<void>, address = '/'): Promise<void> {
    await this.page.goto('about:blank');
    await change();
    await this.open(address);
  }

  /** Opens another tab of the same browser. */
  async openTab(address: string): Promise<Page> {
    const tab = await this.context.newPage();
    this.#listen(tab);
    await tab.goto(ORIGIN + address);
    return tab;
  }

  /** Goes to an address of the console without loading the page, as Back does. */
  async goTo(address: string): Promise<void> {
    await this.page.evaluate((path) => {
      history.pushState(null, '', path);
      dispatchEvent(new PopStateEvent('popstate'));
    }, address);
  }

  /** Follows a link of the console, without loading the page. */
  async go(name: string): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name }).click();
  }

  /** Creates an account, so that no test sees the data of another. @returns its e-mail */
  async signUp(): Promise<string> {
    const email = `${crypto.randomUUID()}@example.com`;
    await this.page.getByRole('button', { name: 'Create an account' }).click();
    await this.page.getByLabel('E-mail').fill(email);
    await this.page.getByLabel('Password').fill(PASSWORD);
    await this.page.getByRole('button', { name: 'Create account' }).click();
    await this.page.getByRole('navigation', { name: 'Console' }).waitFor();
    return email;
  }

  /** Chooses files, as a user does. */
  async add(...files: { name: string; bytes: Buffer }[]): Promise<void> {
    await this.go('Record');
    const chosen = files.map(({ name, bytes }) => ({ name, mimeType: 'application/octet-stream', buffer: bytes }));
    await this.page.getByLabel('Choose files').setInputFiles(chosen);
  }

  async shot(name: string): Promise<void> {
    await shotOf(this.page, name);
  }

  /** @throws AssertionError if a page logged an error */
  async close(): Promise<void> {
    await this.context.close();
    await this.#endListening();
    const unexpected = this.#errors.filter((error) => !OFFLINE.test(error) && !this.expectedErrors.test(error));
    assert.deepEqual(unexpected, [], 'the page logged errors');
  }
}

/** Waits until so many seconds are recorded. On a busy machine the stopwatch may skip a second. */
export async function untilRecorded(page: Page, seconds: number): Promise<void> {
  await page.waitForFunction((least) => {
    const [minutes = 0, rest = 0] = document.querySelector('[role=timer]')?.textContent.split(':').map(Number) ?? [];
    return 60 * minutes + rest >= least;
  }, seconds);
}

/**
 * Reads a store of IndexedDB; empty if the page has no such database yet. A test may ask before the page has created the database and must
 * not create it, because the page would then find it without its stores.
 * @param prefix beginning of the database's name; the rest names the account
 */
export async function readStore(page: Page, prefix: string, store: string): Promise<unknown[]> {
  return page.evaluate(
    async ([prefix, store]) => {
      const name = (await indexedDB.databases()).find((database) => database.name?.startsWith(prefix) === true)?.name;
      if (name === undefined) return [];
      const ended = <T>(request: IDBRequest<T>): Promise<T> =>
        new Promise((resolve, reject) => {
          request.onsuccess = () => {
            resolve(request.result);
          };
          request.onerror = () => {
            reject(request.error ?? new Error(`The database of ${prefix} cannot be read.`));
          };
        });
      const database = await ended(indexedDB.open(name));
      try {
        if (!database.objectStoreNames.contains(store)) return [];
        return (await ended(database.transaction(store).objectStore(store).getAll())) as unknown[];
      } finally {
        database.close();
      }
    },
    [prefix, store] as const,
  );
}

/** Waits until so many seconds are in the journal, which is written second by second. */
export async function untilKept(page: Page, seconds: number): Promise<void> {
  let kept: number;
  do kept = (await readStore(page, 'offline-audio-sync-recorder/', 'pieces')).length;
  while (kept < seconds);
}
