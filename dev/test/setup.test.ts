import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { givenKey } from '../deepgramKey.ts';
import { ROOT } from '../paths.ts';
import { PLANS, sentenceFor, type Machine, type Plan } from '../setup/plan.mjs';
import { bypassProxyForLoopback } from '../setup/proxy.mjs';

/** A machine that has nothing and can install nothing. */
const NOTHING: Machine = {
  system: 'linux x64',
  java: null,
  ffmpeg: false,
  browser: false,
  curl: false,
  installs: false,
  hasPackage: () => false,
  downloadsJava: false,
  downloadsFfmpeg: false,
};

const packages =
  (...names: string[]) =>
  (name: string): boolean =>
    names.includes(name);

describe('Plan for Java', () => {
  const plan = (machine: Partial<Machine>): Plan => PLANS.java({ ...NOTHING, ...machine });

  it('is to use a Java that firebase-tools supports', () => {
    assert.deepEqual(plan({ java: { home: '/j', major: 21 }, installs: true }), { kind: 'there' });
  });

  it('is to install a supported one where the release has a package and no password is needed', () => {
    const hasPackage = packages('openjdk-21-jre-headless', 'openjdk-17-jre-headless');
    assert.deepEqual(plan({ installs: true, hasPackage, downloadsJava: true }), {
      kind: 'package',
      name: 'openjdk-21-jre-headless',
    });
  });

  it('is to download one where the release has none, as Debian 12, or where a password is needed', () => {
    assert.deepEqual(plan({ installs: true, hasPackage: packages('openjdk-17-jre-headless'), downloadsJava: true }), {
      kind: 'download',
    });
    assert.deepEqual(plan({ hasPackage: packages('openjdk-21-jre-headless'), downloadsJava: true }), {
      kind: 'download',
    });
  });

  it('is to use 17 where nothing newer can be had', () => {
    assert.deepEqual(plan({ java: { home: '/j', major: 17 } }), { kind: 'there' });
    assert.deepEqual(plan({ installs: true, hasPackage: packages('openjdk-17-jre-headless') }), {
      kind: 'package',
      name: 'openjdk-17-jre-headless',
    });
  });

  it('is otherwise to ask for a package that this release has', () => {
    const named = (machine: Partial<Machine>): string => {
      const found = plan(machine);
      assert(found.kind === 'missing');
      return found.name;
    };
    assert.equal(named({ hasPackage: packages('openjdk-21-jre-headless') }), 'openjdk-21-jre-headless');
    assert.equal(named({}), 'openjdk-17-jre-headless');
    assert.equal(named({ system: 'darwin arm64' }), 'openjdk');
  });
});

describe('Plan for ffmpeg, the browser and curl', () => {
  it('is to use what is installed, then a package, then what npm provides', () => {
    assert.deepEqual(PLANS.ffmpeg({ ...NOTHING, ffmpeg: true, installs: true }), { kind: 'there' });
    assert.deepEqual(PLANS.ffmpeg({ ...NOTHING, installs: true }), { kind: 'package', name: 'ffmpeg' });
    assert.deepEqual(PLANS.ffmpeg({ ...NOTHING, downloadsFfmpeg: true }), { kind: 'download' });
    assert.equal(PLANS.ffmpeg(NOTHING).kind, 'missing');
  });

  it('is to use the Chromium of npm if there is one for the system', () => {
    assert.deepEqual(PLANS.browser({ ...NOTHING, browser: true }), { kind: 'there' });
    assert.deepEqual(PLANS.browser({ ...NOTHING, installs: true }), { kind: 'download' });
    assert.deepEqual(PLANS.browser({ ...NOTHING, system: 'linux arm64', installs: true }), {
      kind: 'package',
      name: 'chromium',
    });
    assert.equal(PLANS.browser({ ...NOTHING, system: 'darwin arm64' }).kind, 'missing');
  });

  it('is to use the curl of the machine, then a package', () => {
    assert.deepEqual(PLANS.curl({ ...NOTHING, curl: true, installs: true }), { kind: 'there' });
    assert.deepEqual(PLANS.curl({ ...NOTHING, installs: true }), { kind: 'package', name: 'curl' });
    assert.equal(PLANS.curl(NOTHING).kind, 'missing');
  });

  it('is one sentence with one command for everything that is missing', () => {
    const missing = [PLANS.java(NOTHING), PLANS.ffmpeg(NOTHING)].filter((plan) => plan.kind === 'missing');
    const sentence = sentenceFor(missing, 'linux x64');
    assert(!sentence.includes('\n'));
    assert.match(sentence, /"sudo apt-get install -y openjdk-17-jre-headless ffmpeg"/);
    assert.match(sentenceFor(missing, 'darwin arm64'), /"brew install /);
  });
});

describe('Environment of a tool', () => {
  it('excludes loopback addresses from a proxy, and keeps existing exceptions', () => {
    assert.deepEqual(bypassProxyForLoopback({ PATH: '/bin' }), {});
    const list = 'example.com,127.0.0.1,localhost,::1';
    assert.deepEqual(bypassProxyForLoopback({ https_proxy: 'http://p:1', no_proxy: 'example.com, localhost' }), {
      NO_PROXY: 'example.com,localhost,127.0.0.1,::1',
      no_proxy: 'example.com,localhost,127.0.0.1,::1',
    });
    assert.equal(bypassProxyForLoopback({ HTTP_PROXY: 'http://p:1', NO_PROXY: 'example.com' })['NO_PROXY'], list);
  });

  it('treats an empty Deepgram key as none', () => {
    assert.equal(givenKey({}), undefined);
    assert.equal(givenKey({ DEEPGRAM_API_KEY: '' }), undefined);
    assert.equal(givenKey({ DEEPGRAM_API_KEY: ' ' }), undefined);
    assert.equal(givenKey({ DEEPGRAM_API_KEY: 'k\n' }), 'k');
  });
});

describe('dev/run.mjs', () => {
  const runWith = (preload: string, ...args: string[]): { status: number | null; stderr: string } =>
    spawnSync(process.execPath, ['--import', preload, path.join(ROOT, 'dev/run.mjs'), ...args], { encoding: 'utf8' });

  it('says that Node is too old, and where a newer one is', () => {
    const old = "data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'18.20.4'}})";
    const { status, stderr } = runWith(old, 'dev/start.ts');
    assert.equal(status, 1);
    assert.match(stderr, /^✗ Node 20\.11 or newer is needed, and this is v[\d.]+\. Get one .*\n$/);
  });

  it('says how it is used', () => {
    const { status, stderr } = runWith('data:text/javascript,', '--needs', 'tea', 'dev/start.ts');
    assert.equal(status, 1);
    assert.match(stderr, /^✗ There is no need "tea"\. Usage: .*java,ffmpeg,browser.*\n$/);
  });
});
