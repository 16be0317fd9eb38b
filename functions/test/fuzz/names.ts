import fc from 'fast-check';
import { parseRecordingName } from '../../src/audio/read/name.ts';
import { isJobId } from '../../src/jobs/job.ts';
import { parseStagedPath, stagedPath } from '../../src/storage/paths.ts';
import { oddString } from './hostile.ts';
import { fuzzTarget } from './target.ts';

const part = fc.oneof(
  fc.constantFrom(
    'audio',
    'omi',
    'opus',
    'pcm16',
    'opus_fs320',
    '16000',
    '1',
    'fs160',
    '1760000000',
    '1760000000000',
    '-1',
    '.',
    '..',
    '/',
  ),
  oddString,
  fc.nat().map(String),
);
const name = fc.oneof(
  fc
    .tuple(
      fc.array(part, { minLength: 1, maxLength: 8 }),
      fc.constantFrom('.bin', '.wav', '.BIN', '.flac', '', '.exe', '.bin.html'),
    )
    .map(([parts, extension]) => parts.join('_') + extension),
  oddString,
);

/** An accepted name is one part of a path in Storage, from which it can be read again. Any other name is refused with a sentence. */
export const names = fuzzTarget({ name: 'names', casesInTest: 5000 }, () =>
  fc.property(name, fc.integer(), (filename, clockOffsetMs) => {
    const result = parseRecordingName(filename, { nowMs: Date.UTC(2026, 0, 1), clockOffsetMs });
    if (!result.ok) return result.problem.message.length > 0;
    const staged = parseStagedPath(stagedPath('ann', 'job', filename));
    return (
      staged?.name === filename &&
      isJobId(staged.jobId) &&
      Buffer.byteLength(filename) <= 200 &&
      !filename.startsWith('.') &&
      !/[\u0000-\u001f/\\]/.test(filename) &&
      Number.isSafeInteger(result.name.startedAtMs)
    );
  }),
);
