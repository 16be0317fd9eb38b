/** Builds the console for one suite: once for all suites, then with the addresses of the emulators. */
import { readFileSync, rmSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { DEFAULT_REGION } from 'offline-audio-sync-contract';
import { say, since } from '../console.ts';
import { ROOT, WEB } from '../paths.ts';
import { loadSamples, SAMPLES_DIR } from '../samples/samples.ts';
import { builtOnce } from './builtOnce.ts';

/** The emulators that a page of the console calls. Hosting, which serves the page, is not among them. */
const REACHED = ['auth', 'firestore', 'functions', 'storage'] as const;

type ReachedPorts = Readonly<Record<(typeof REACHED)[number] | 'ui', number>>;

/** The part of `hosting` in firebase.json that suites use. */
export interface HostingConfig {
  public: string;
  headers?: { source?: string; regex?: string; headers: { key: string; value: string }[] }[];
}

export interface LocalSuite {
  readonly ports: ReachedPorts;
  /** Whether the Emulator UI is running. */
  readonly ui: boolean;
  /** `TRANSCRIBER`; `stand-in` if the stand-in replaces Deepgram. */
  readonly transcriber: string;
}

/**
 * Builds the console into the directory that a suite's Hosting serves, with the addresses of the emulators in its page and
 * the sample recordings beside it.
 * @throws Error with the builder's messages; the signal's reason.
 */
export async function buildConsole(target: string, suite: LocalSuite, signal: AbortSignal): Promise<void> {
  await buildPages(target, signal);
  const page = path.join(target, 'index.html');
  writeFileSync(page, connectPage(readFileSync(page, 'utf8'), suite));
  shareSamples(path.join(target, 'samples'));
}

/** Builds the pages, which are the same for every suite. */
const buildPages = builtOnce(async (target, signal) => {
  const started = Date.now();
  say.doing('Building the console …');
  const vite = path.join(ROOT, 'node_modules/vite/bin/vite.js');
  const args = ['build', '--outDir', target, '--emptyOutDir', '--logLevel', 'warn'];
  const child = spawn(process.execPath, [vite, ...args], {
    cwd: WEB,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    // The region of a deployment is not used: a suite has its own settings.
    env: { ...process.env, VITE_FUNCTIONS_REGION: DEFAULT_REGION },
  });
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => {
      reject(signal.aborted ? (signal.reason as Error) : error);
    });
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`The console does not build:\n${Buffer.concat(output).toString().trimEnd()}`);
  say.done(`Console built (${since(started)}).`);
});

const origin = (port: number): string => `http://127.0.0.1:${port}`;

/** The page with what `web/src/env.ts` looks for in it. */
function connectPage(html: string, { ports, ui, transcriber }: LocalSuite): string {
  const origins = Object.fromEntries(REACHED.map((name) => [name, origin(ports[name])]));
  const content = JSON.stringify({ ...origins, ui: ui ? origin(ports.ui) : null, transcriber });
  const connected = html.replace('</head>', `  <meta name="local-suite" content='${content}' />\n  </head>`);
  if (connected === html) throw new Error('The page of the console has no head.');
  return connected;
}

/** The deployed security policy, extended by the emulators as servers that the console may call. */
export function allowEmulators(hosting: HostingConfig, ports: ReachedPorts): HostingConfig {
  const origins = REACHED.map((name) => origin(ports[name])).join(' ');
  const headers = hosting.headers?.map((rule) => ({
    ...rule,
    headers: rule.headers.map(({ key, value }) => ({
      key,
      value: key === 'Content-Security-Policy' ? value.replace('connect-src', `connect-src ${origins}`) : value,
    })),
  }));
  return headers === undefined ? hosting : { ...hosting, headers };
}

/** `/samples/…` and a list of them, `/samples/index.json`. */
function shareSamples(target: string): void {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  const list = loadSamples().map(({ scenario, about, deviceId, recordings }) => {
    for (const { name } of recordings) symlinkSync(path.join(SAMPLES_DIR, name), path.join(target, name));
    return {
      scenario,
      about,
      deviceId,
      recordings: recordings.map(({ name, startedAtMs, durationMs }) => ({ name, startedAtMs, durationMs })),
    };
  });
  writeFileSync(path.join(target, 'index.json'), JSON.stringify(list));
}
