import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { RECORDING_EXTENSIONS } from 'offline-audio-sync-contract';
import { LOG_EVENTS } from '../../src/logEvents.ts';
import type { LogEvent } from '../../src/logEvents.ts';
import { errorFields } from '../../src/logger.ts';

const SOURCE = new URL('../../src/', import.meta.url);

/** Runs the deployed logger in this process. @returns the line that it writes */
async function written(level: 'info' | 'error', event: LogEvent, fields: Record<string, unknown>): Promise<string> {
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const code = `import { cloudLogger } from ${JSON.stringify(new URL('logger.ts', SOURCE).href)};
    cloudLogger[${JSON.stringify(level)}](${JSON.stringify(event)}, ${JSON.stringify(fields)});`;
  const node = ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', code];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, node, { cwd: new URL('.', SOURCE) });
  return stdout + stderr;
}

describe('the log', () => {
  it('has the key of the event, which alerts look for, and its sentence', async () => {
    const entry = JSON.parse(await written('error', 'job.exhausted', { jobId: 'j' })) as Record<string, unknown>;
    assert.deepEqual(entry, {
      jobId: 'j',
      severity: 'ERROR',
      event: 'job.exhausted',
      message: LOG_EVENTS['job.exhausted'],
    });
  });

  it('has no names of recordings, wherever they come from', async () => {
    const line = await written('info', 'job.ended', {
      reason: 'No such object: bucket/uploads/ann/j1/my secret talk_1760000000.wav',
      other: 'ENOENT: audio_omi_opus_16000_1_fs160_1760000000.bin, open "größe_1.M4A"',
      encoded: 'https://storage/o/uploads%2Fann%2Fj1%2Ftalk_1.flac?alt=media',
    });
    assert.doesNotMatch(line, /secret|talk|omi|größe|ann/);
    const { error } = errorFields(new Error('bucket/uploads/ann/j1/secret_1.bin is gone'));
    assert.equal(error, 'Error: bucket/uploads/… is gone');
    for (const extension of RECORDING_EXTENSIONS) {
      const fields = errorFields(new Error(`No such object: bucket/uploads/ann/j1/my secret talk.${extension}`));
      assert.equal(fields['error'], 'Error: No such object: bucket/uploads/…');
      assert.equal(errorFields(new Error(`open "größe.${extension}"`))['error'], 'Error: open "…"');
    }
  });

  it('has a limited part of a long text, without the beginning of a name that is cut off', () => {
    const long = (text: string): string => String(errorFields(new Error(text))['error']);
    // A time that grew with the square of the length would be hours.
    for (const endless of ['a', 'uploads/', 'a.wa', 'ann uploads/j1/'].map((part) => part.repeat(300_000))) {
      assert.ok(long(endless).length <= 2001);
    }
    const words = 'word '.repeat(395);
    const path = `bucket/uploads/ann/j1/my secret ${'talk '.repeat(50)}.wav`;
    for (const cut of [path, path.replaceAll('/', '%2F'), `secret_${'1'.repeat(60)}.wav`]) {
      assert.match(long(`${words}${cut}`), /^Error: (word )+\S*…$/);
      assert.doesNotMatch(long(`${words}${cut}`), /secret|ann/);
    }
  });

  it('has keys of one form, and a whole sentence for each', () => {
    for (const [event, sentence] of Object.entries(LOG_EVENTS)) {
      assert.match(event, /^[a-z]+\.[a-z_]+$/);
      assert.match(sentence, /^[A-Z].*\.$/, event);
    }
  });

  it('has no stack of an error, but one place in the code', () => {
    const cause = new Error('inner');
    const fields = errorFields(new Error('outer', { cause }));
    assert.doesNotMatch(JSON.stringify(fields), /\n|\\n|stack/);
    const ours = Object.assign(new Error('x'), {
      stack: 'Error: x\n    at f (/workspace/lib/platform.js:12:34)\n    at g',
    });
    assert.equal(errorFields(ours)['at'], 'lib/platform.js:12');
  });

  it('gets no field that holds a name, a path, a stack or content, from any call', () => {
    const forbidden = /[{,]\s*(?:file|fileName|filename|path|stack|text|transcript|token|email|headers|body)\s*[:,}]/;
    const calls = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== 'logger.ts')
      .flatMap((name) => {
        const text = readFileSync(new URL(name, SOURCE), 'utf8');
        return [...text.matchAll(/\blog(?:ger)?(?:\.(?:info|warn|error)|\[[^\]]+\])\([^;]*?\);/g)].map(
          ([call]) => `${name}: ${call}`,
        );
      });
    assert.ok(calls.length > 30);
    const wrong = calls.filter((call) => forbidden.test(call));
    assert.deepEqual(wrong, []);
  });
});
