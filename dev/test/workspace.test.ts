import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { closeAfterEach, removeFolder } from './closing.ts';
import {
  LISTENERS,
  configFor,
  createWorkspace,
  documentedPorts,
  readFirebaseConfig,
  type FirebaseConfig,
  type Listener,
  type Ports,
} from '../emulators/workspace.ts';

const PORTS = Object.fromEntries(LISTENERS.map((name, index) => [name, 20_001 + index])) as unknown as Ports;

describe('Workspace of a suite', () => {
  let source: string;

  const closing = closeAfterEach();
  beforeEach(() => {
    source = closing(mkdtempSync(path.join(os.tmpdir(), 'functions-of-a-test-')), removeFolder);
    for (const directory of ['node_modules', 'models', 'lib', 'test']) mkdirSync(path.join(source, directory));
    for (const file of ['package.json', '.env.local', '.secret.local'])
      writeFileSync(path.join(source, file), 'MINE=1');
  });

  const create = (parameters: Record<string, string> = {}) =>
    createWorkspace({ ports: PORTS, ui: false, functionsSource: source, parameters, secrets: { KEY: 'x' } });

  it('documents a port for every emulator in firebase.json, each once', () => {
    const ports = Object.values(documentedPorts(readFirebaseConfig()));
    assert.equal(new Set(ports).size, LISTENERS.length);
  });

  it('gives every emulator its own port on the loopback interface and changes nothing else', () => {
    const base = readFirebaseConfig();
    const config = configFor(base, PORTS, false);
    for (const name of LISTENERS) {
      if (name === 'firestore.websocket') continue;
      const { host, port } = config.emulators[name] as { host: string; port: number };
      assert.deepEqual({ host, port }, { host: '127.0.0.1', port: PORTS[name] });
    }
    assert.equal(
      (config.emulators['firestore'] as { websocketPort: number }).websocketPort,
      PORTS['firestore.websocket'],
    );
    assert.equal(config.emulators.ui?.enabled, false);
    assert.deepEqual({ ...config.hosting, headers: [] }, { ...base.hosting, headers: [] });
    assert.equal(config.emulators['singleProjectMode'], false);
  });

  it('lets other devices reach what apps need, and nothing else, if requested', () => {
    const { emulators } = configFor(readFirebaseConfig(), PORTS, false, '0.0.0.0');
    const hosts = LISTENERS.filter((name) => name !== 'firestore.websocket').map((name) => [
      name,
      (emulators[name] as { host: string }).host,
    ]);
    assert.deepEqual(
      hosts.filter(([, host]) => host === '0.0.0.0').map(([name]) => name),
      ['auth', 'functions', 'firestore', 'storage', 'hosting'],
    );
    assert.ok(hosts.every(([, host]) => host === '0.0.0.0' || host === '127.0.0.1'));
  });

  it('lets browsers talk to its own emulators, and keeps the rest of the deployed security headers', () => {
    const base = readFirebaseConfig();
    const policyOf = ({ hosting }: FirebaseConfig): string => {
      const all = hosting.headers?.flatMap(({ headers }) => headers) ?? [];
      return all.find(({ key }) => key === 'Content-Security-Policy')?.value ?? '';
    };
    const policy = policyOf(configFor(base, PORTS, false));
    const origins = ['auth', 'firestore', 'functions', 'storage'].map(
      (name) => `http://127.0.0.1:${PORTS[name as Listener]}`,
    );
    assert.equal(policy.replace(`${origins.join(' ')} `, ''), policyOf(base));
    assert.match(policy, new RegExp(`connect-src [^;]*${origins[3]}`));
    assert.doesNotMatch(policyOf(base), /127\.0\.0\.1|unsafe/);
  });

  it('stages what would be deployed, with settings of its own instead of the developer’s', () => {
    const workspace = create({ LEASE: '2', ODD: 'a "quoted" \\ value' });
    try {
      const staged = readdirSync(workspace.functions).sort();
      assert.deepEqual(staged, ['.env.local', '.secret.local', 'lib', 'models', 'node_modules', 'package.json']);
      const env = parseEnv(readFileSync(path.join(workspace.functions, '.env.local'), 'utf8'));
      assert.equal(env['LEASE'], '2');
      assert.equal(env['MINE'], undefined);
      assert.equal(readFileSync(path.join(workspace.functions, '.secret.local'), 'utf8'), 'KEY="x"\n');
    } finally {
      workspace.remove();
    }
  });

  it('leaves nothing behind, and the linked originals alone', () => {
    const workspace = create();
    assert(existsSync(path.join(workspace.directory, 'firestore.rules')));
    workspace.remove();
    assert(!existsSync(workspace.directory));
    assert.equal(readFileSync(path.join(source, '.env.local'), 'utf8'), 'MINE=1');
    assert(existsSync(path.join(source, 'models')));
  });
});
