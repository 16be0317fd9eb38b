/**
 * `npm run test:engines`: the tests of store and recorder inside each browser that this machine has. An engine that it does not have
 * is skipped, and why is said; `--engine Firefox` runs one of them. The last line is the sum: `N passed, N failed, N skipped` (engines).
 */
import { spawn } from 'node:child_process';
import { createReadStream, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { say } from '../../../dev/console.ts';
import { main } from '../../../dev/main.ts';
import { ENGINES, type Command } from './engines.ts';
import type { Outcome } from './page/harness.ts';

const LIMIT_MS = 240_000;
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

await main(async (signal) => {
  const { engine: only } = parseArgs({ options: { engine: { type: 'string' } } }).values;
  const work = mkdtempSync(path.join(os.tmpdir(), 'engines-'));
  const counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    const site = path.join(work, 'site');
    const configFile = path.join(import.meta.dirname, 'vite.config.ts');
    await build({ configFile, logLevel: 'warn', build: { outDir: site, emptyOutDir: true } });
    for (const { name, open } of ENGINES.filter((engine) => only === undefined || engine.name === only)) {
      const results = await serve(site);
      const profile = mkdtempSync(path.join(work, 'profile-'));
      const command = open(results.url, profile);
      if ('missing' in command) {
        say.note(`${name} is skipped: ${command.missing}.`);
        counts.skipped += 1;
      } else {
        const outcomes = await runIn(command, results.outcomes, signal);
        for (const outcome of outcomes) {
          const test = `${name}: ${outcome.name}`;
          if (outcome.is === 'passed') say.done(test);
          else if (outcome.is === 'skipped') say.note(`${test} is skipped: ${outcome.why}.`);
          else say.failed(`${test}\n    ${outcome.why}`);
          counts[outcome.is] += 1;
        }
      }
      results.server.closeAllConnections();
      results.server.close();
    }
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 5 });
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed === 0 ? 0 : 1;
});

interface Results {
  readonly server: Server;
  readonly url: string;
  /** What the page found. */
  readonly outcomes: Promise<Outcome[]>;
}

async function serve(site: string): Promise<Results> {
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
    const file = path.join(site, request.url === '/' ? 'index.html' : (request.url ?? ''));
    if (!file.startsWith(site) || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('Content-Type', TYPES[path.extname(file)] ?? 'application/octet-stream');
    createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, outcomes, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

/** @returns what the page found; one failure where it found nothing in time. */
async function runIn(
  { program, args, env }: Command,
  outcomes: Promise<Outcome[]>,
  signal: AbortSignal,
): Promise<Outcome[]> {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
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
    signal.addEventListener('abort', () => {
      resolve(failed('It was interrupted.'));
    });
  });
  try {
    return await Promise.race([outcomes, ended]);
  } finally {
    clearTimeout(timer);
    // The browser, and every process of it.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
  }
}
