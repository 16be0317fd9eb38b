/** A package registry for the test. Packages that it does not have come from the registry that npm is configured for. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT } from '../paths.ts';
import { run } from '../process.ts';
import { KIT } from './names.ts';

export interface Registry {
  /** Environment variables for npm, and for programs that start it. */
  readonly env: Readonly<Record<string, string>>;
  publish(tarball: string, signal: AbortSignal): Promise<void>;
  stop(): void;
}

const START_LIMIT_MS = 60_000;

/**
 * @param upstream the registry of all packages except the kit
 * @throws Error if it does not start
 */
export async function startRegistry(folder: string, port: number, upstream: string): Promise<Registry> {
  mkdirSync(folder, { recursive: true });
  const url = `http://127.0.0.1:${port}/`;
  const config = {
    storage: path.join(folder, 'storage'),
    uplinks: { upstream: { url: upstream, timeout: '120s', maxage: '60m' } },
    packages: {
      [KIT]: { access: '$all', publish: '$all' },
      '**': { access: '$all', publish: '$authenticated', proxy: 'upstream' },
    },
    max_body_size: '200mb',
    log: { type: 'stdout', format: 'json', level: 'error' },
    web: { enable: false },
  };
  // JSON is YAML.
  writeFileSync(path.join(folder, 'config.yaml'), JSON.stringify(config));
  writeFileSync(path.join(folder, 'npmrc'), `registry=${url}\n//127.0.0.1:${port}/:_authToken=anybody\n`);
  const env = {
    npm_config_userconfig: path.join(folder, 'npmrc'),
    npm_config_registry: url,
    // The user's cache is not used, because it would keep a package of this name and version.
    npm_config_cache: path.join(folder, 'cache'),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_provenance: 'false',
  };
  const program = path.join(ROOT, 'node_modules/verdaccio/bin/verdaccio');
  const args = [program, '--config', path.join(folder, 'config.yaml'), '--listen', `127.0.0.1:${port}`];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  const stop = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', stop);
  await untilAnswering(`${url}-/ping`);
  return {
    env,
    publish: async (tarball, signal) => {
      const code = await run('npm', ['publish', tarball, '--access', 'public'], { cwd: folder, env, signal });
      if (code !== 0) throw new Error('npm could not publish the package.');
    },
    stop: () => {
      process.off('exit', stop);
      stop();
    },
  };
}

async function untilAnswering(url: string): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  for (;;) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok === true) return;
    if (Date.now() > deadline) throw new Error('The registry does not answer.');
    await delay(200);
  }
}
