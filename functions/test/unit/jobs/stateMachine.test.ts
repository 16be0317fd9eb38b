import assert from 'node:assert/strict';
import type { JobStatus } from '../../../src/jobs/job.ts';
import {
  assertTransition,
  canTransition,
  IllegalTransitionError,
  isFinished,
  JOB_STATUSES,
} from '../../../src/jobs/stateMachine.ts';

describe('job state machine', () => {
  const reachable = (from: JobStatus): Set<JobStatus> => {
    const seen = new Set<JobStatus>();
    const open = [from];
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      for (const next of JOB_STATUSES) {
        if (canTransition(state, next) && !seen.has(next)) {
          seen.add(next);
          open.push(next);
        }
      }
    }
    return seen;
  };

  it('reaches every other status from uploading', () => {
    assert.deepEqual(
      [...reachable('uploading')].sort(),
      JOB_STATUSES.filter((status) => status !== 'uploading').sort(),
    );
  });

  it('can reach an end from every status that is not an end', () => {
    for (const status of JOB_STATUSES.filter((each) => !isFinished(each))) {
      assert.ok([...reachable(status)].some(isFinished), status);
    }
  });

  it('never leaves completed or cancelled', () => {
    for (const next of JOB_STATUSES) {
      assert.equal(canTransition('completed', next), false);
      assert.equal(canTransition('cancelled', next), false);
    }
  });

  it('leaves partial and failed only for pending: a retry by the user', () => {
    for (const end of ['partial', 'failed'] as const) {
      assert.deepEqual(
        JOB_STATUSES.filter((next) => canTransition(end, next)),
        ['pending'],
      );
    }
  });

  it('names both ends of a forbidden transition', () => {
    assert.throws(() => {
      assertTransition('completed', 'processing');
    }, IllegalTransitionError);
    assert.throws(() => {
      assertTransition('completed', 'processing');
    }, /from completed to processing/);
  });
});
