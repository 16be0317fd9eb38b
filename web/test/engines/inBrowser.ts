/** Runs a page with tests in one browser, and receives the results. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { build } from 'vite';
import { onPath, type Command, type Engine } from './engines.ts';
import type { Outcome } from './page/harness.ts';

/** It only ends what hangs, milliseconds. */
const LIMIT_MS = 600_000;
const SOUND_LIMIT_MS = 10_000;
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

/** Builds the page of `page/`, and `walk.js`. @returns their directory, and a function that removes it */
export async function buildPage(): Promise<{ readonly site: string; readonly remove: () => void }> {
  const site = mkdtempSync(path.join(os.tmpdir(), 'engines-'));
  const configFile = path.join(import.meta.dirname, 'vite.config.ts');
  await build({ configFile, logLevel: 'warn', build: { outDir: site, emptyOutDir: true } });
  return {
    site,
    remove: () => {
      rmSync(site, { recursive: true, force: true });
    },
  };
}

/**
 * @param pages answers the requests of the page, whose tests post their results to `/results`
 * @returns the results; or why the page cannot be opened here
 */
export async function testIn(
  { open }: Engine,
  pages: RequestListener,
): Promise<Outcome[] | { readonly missing: string }> {
  const profile = mkdtempSync(path.join(os.tmpdir(), 'engine-'));
  const results = await serve(pages);
  const sound = await startSound(profile);
  try {
    const command = open(results.url, profile);
    if ('missing' in command) return command;
    return await runIn({ ...command, env: { ...command.env, ...sound?.env } }, results.outcomes);
  } finally {
    results.server.closeAllConnections();
    results.server.close();
    sound?.process.kill('SIGKILL');
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Sound {
  readonly process: ChildProcess;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a sound server that plays nowhere, if the machine has the program. Without one, Firefox has no audio clock. */
async function startSound(profile: string): Promise<Sound | null> {
  const program = onPath('pulseaudio');
  if (program === undefined) return null;
  const socket = path.join(profile, 'sound');
  const modules = ['module-null-sink', `module-native-protocol-unix socket=${socket} auth-anonymous=1`];
  const args = ['-n', '--daemonize=no', '--exit-idle-time=-1', '--use-pid-file=no', '--disable-shm=yes'];
  const started = spawn(program, [...args, ...modules.map((module) => `--load=${module}`)], {
    env: { ...process.env, HOME: profile, XDG_RUNTIME_DIR: profile },
    stdio: 'ignore',
  });
  // If the program does not start, the browser has no sound, which the page reports.
  started.on('error', () => undefined);
  for (let waited = 0; waited < SOUND_LIMIT_MS && !existsSync(socket); waited += 100) await delay(100);
  return { process: started, env: { PULSE_SERVER: `unix:${socket}` } };
}

interface Results {
  readonly server: Server;
  readonly url: string;
  /** The results of the page. */
  readonly outcomes: Promise<Outcome[]>;
}

/** Serves the files of a directory. */
export const filesOf =
  (site: string): RequestListener =>
  (request, response) => {
    const file = path.join(site, request.url === '/' ? 'index.html' : (request.url ?? ''));
    if (!file.startsWith(site) || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('Content-Type', TYPES[path.extname(file)] ?? 'application/octet-stream');
    createReadStream(file).pipe(response);
  };

async function serve(pages: RequestListener): Promise<Results> {
  let found: (outcomes: Outcome[]) => void;
  const outcomes = new Promise<Outcome[]>((resolve) => {
    found = resolve;
  });
  const server = createServer((request, response) => {
    if (request.url === '/results') {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        response.end();
        found(JSON.parse(Buffer.concat(parts).toString()) as Outcome[]);
      });
      return;
    }
    pages(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, outcomes, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** @returns the results; a single failure if none arrived in time */
async function runIn({ program, args, env }: Command, outcomes: Promise<Outcome[]>): Promise<Outcome[]> {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // A process group, so that all its processes can be ended together.
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  const output: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => output.push(part));
  const failed = (error: string): Outcome[] => [
    { name: 'the page', is: 'failed', why: `${error}\n${Buffer.concat(output).toString().slice(-2000)}` },
  ];
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<Outcome[]>((resolve) => {
    timer = setTimeout(() => {
      resolve(failed('It said nothing in time.'));
    }, LIMIT_MS);
    child.once('error', (error) => {
      resolve(failed(error.message));
    });
    child.once('exit', (code) => {
      resolve(failed(`The browser ended with ${String(code)}.`));
    });
  });
  try {
    return await Promise.race([outcomes, ended]);
  } finally {
    clearTimeout(timer);
    if (child.pid !== undefined) {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // All its processes have ended.
      }
      await closed; // After this, none of its processes writes into the profile.
    }
  }
}
