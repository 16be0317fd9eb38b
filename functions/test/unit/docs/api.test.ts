import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { LIMITS } from 'offline-audio-sync-contract';
import { UPLOAD_OPTIONS } from '../../../src/http/options.ts';

const read = (name: string): string => readFileSync(new URL(`../../../../${name}`, import.meta.url), 'utf8');

describe('docs/api.md', () => {
  const text = read('docs/api.md');

  /** The text from a heading to the next one. */
  function section(heading: string): string {
    const [, found] = text.split(`\n### ${heading}\n`);
    assert.ok(found, heading);
    return found.split('\n## ')[0]?.split('\n### ')[0] ?? '';
  }

  it('names fields that a job and a day of usage have', () => {
    const fields: readonly (readonly [heading: string, source: string])[] = [
      ['A job', `${read('contract/src/job.ts')}${read('contract/src/ledger.ts')}`],
      ['Usage', read('contract/src/usage.ts')],
    ];
    for (const [heading, source] of fields) {
      const named = [...section(heading).matchAll(/`([a-z]\w+)`/g)].map(([, name = '']) => name);
      assert.ok(named.length >= 5, heading);
      for (const name of named) assert.match(source, new RegExp(`\\b${name}\\b`), `${heading}: ${name}`);
    }
  });

  it('has the limits that hold', () => {
    const mib = (bytes: number): string => `${bytes / 1024 / 1024} MiB`;
    const { maxRequestBytes, maxFilesPerRequest, maxFilesPerJob, maxRecordingBytes, maxNameBytes, maxClockAheadMs } =
      LIMITS;
    for (const limit of [
      `a small batch: ${mib(maxRequestBytes)}, ${maxFilesPerRequest} recordings`,
      `${maxFilesPerJob.toLocaleString('en')} recordings of up to ${mib(maxRecordingBytes)}`,
      `at most ${maxNameBytes} bytes`,
      `at most ${maxClockAheadMs / 60_000} minutes in the future`,
      `gives an upload ${UPLOAD_OPTIONS.timeoutSeconds} seconds`,
    ])
      assert.ok(text.includes(limit), limit);
    assert.equal(new Date(LIMITS.minCaptureMs).toISOString(), '2024-01-01T00:00:00.000Z');
  });
});
