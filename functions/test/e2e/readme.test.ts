import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ROOT } from '../../../dev/paths.ts';
import { loadSamples } from '../../../dev/samples/samples.ts';
import { codeBlocks } from '../../../dev/test/docs/blocks.ts';
import type { JobListView, JobView, UploadView } from 'offline-audio-sync-contract';
import { hasEnded, waitForJob } from '../support/client.ts';
import type { Memory } from '../support/omiClient.ts';
import { HOSTING_ORIGIN, requiredVariable, signUp } from '../support/suite.ts';

/** Opus, as the names in the README say. */
const SPEECH = ['1749147600', '1749147641'].map((at) =>
  fileURLToPath(
    new URL(`../../../dev/samples/recordings/audio_pendant5_opus_16000_1_fs160_${at}.bin`, import.meta.url),
  ),
);

const blocksOf = (document: string) => codeBlocks().filter(({ at }) => at.startsWith(`${document}:`));

/** The blocks of the README that call the API, of a project or of the suite of `npm start`. */
function curlBlocks(of: 'a project' | 'npm start') {
  const isLocal = (text: string) => text.includes('127.0.0.1');
  return blocksOf('README.md').filter(
    ({ language, text }) => language === 'sh' && text.includes('curl ') && isLocal(text) === (of === 'npm start'),
  );
}

/** The commands of a block, each of which a backslash at the end of a line continues. */
function curlCommands(): string[] {
  return curlBlocks('a project').flatMap(({ text }) => text.replaceAll(/\\\n\s*/g, '').split('\n'));
}

function jsonWith(key: string, document: string): Record<string, unknown> {
  const shown = blocksOf(document).filter(({ language }) => language === 'json');
  const found = shown.map(({ text }) => JSON.parse(text) as object).find((each) => key in each);
  assert.ok(found, `${document} shows no answer with ${key}`);
  return found as Record<string, unknown>;
}

describe('The calls in the README', () => {
  it('do what the README says, on the running suite', async () => {
    const { idToken } = await signUp();
    const directory = await mkdtemp(path.join(os.tmpdir(), 'readme-'));
    const [upload, ...reads] = curlCommands();
    const shown = jsonWith('job_id', 'README.md') as unknown as UploadView;
    const ask = async (command: string, jobId: string): Promise<unknown> => {
      const here = command.replaceAll(/https:\/\/[\w-]+\.web\.app/g, HOSTING_ORIGIN).replaceAll(shown.job_id, jobId);
      const options = { cwd: directory, env: { ...process.env, ID_TOKEN: idToken } };
      const { stdout } = await promisify(execFile)('bash', ['-euc', `${here} --silent --show-error`], options);
      return JSON.parse(stdout);
    };
    try {
      const names = [...(upload ?? '').matchAll(/@([\w.]+)/g)].map(([, name = '']) => name);
      assert.equal(names.length, shown.file_count);
      for (const [i, name] of names.entries()) await copyFile(SPEECH[i] ?? '', path.join(directory, name));
      const accepted = (await ask(upload ?? '', '')) as UploadView;
      assert.deepEqual(accepted, { ...shown, job_id: accepted.job_id });

      await waitForJob(idToken, accepted.job_id, hasEnded);
      assert.equal(reads.length, 2);
      const [status, jobs] = (await Promise.all(reads.map((read) => ask(read, accepted.job_id)))) as [
        JobView,
        JobListView,
      ];
      assert.equal(status.job_id, accepted.job_id);
      assert.deepEqual(
        jobs.jobs.map(({ job_id: id }) => id),
        [accepted.job_id],
      );

      await writeFile(path.join(directory, 'notes.txt'), 'x');
      const refused = (await ask((upload ?? '').replaceAll(names[0] ?? '', 'notes.txt'), '')) as object;
      assert.deepEqual(keysOf(refused), keysOf({ error: jsonWith('error', 'docs/api.md')['error'] }));
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe('The README’s five minutes with curl', () => {
  it('end with the transcript of the sample, on the running suite', async function () {
    const blocks = curlBlocks('npm start');
    assert.equal(blocks.length, 1);
    const addresses = {
      '127.0.0.1:9099': requiredVariable('FIREBASE_AUTH_EMULATOR_HOST'),
      '127.0.0.1:5000': new URL(HOSTING_ORIGIN).host,
    };
    let script = blocks[0]?.text ?? '';
    for (const [documented, here] of Object.entries(addresses)) {
      assert.ok(script.includes(documented));
      script = script.replaceAll(documented, here);
    }
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', script], { cwd: ROOT });
    const memo = loadSamples().find(({ scenario }) => scenario === 'memo');
    const read = (JSON.parse(/\{"id":"[^"]*","created_at".*$/s.exec(stdout)?.[0] ?? '') as Memory).transcript_segments;
    assert.equal(read.map(({ text }) => text).join(' '), memo?.words.map(({ text }) => text).join(' '));
  });
});

/** The structure of a value, without its leaves. */
function keysOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(keysOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, keysOf(item)]));
}
