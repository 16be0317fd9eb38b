import fc from 'fast-check';
import { isJobId } from '../../src/jobs/job.ts';
import { parseTaskPayload } from '../../src/jobs/queue.ts';
import { oddJson, oddNumber, oddString } from './hostile.ts';
import { fuzzTarget } from './target.ts';

const value = fc.oneof(oddJson, oddString, oddNumber);
/** One of them is odd mostly: where all are, the first is complained of and the others are not looked at. */
const orOdd = <T>(sound: fc.Arbitrary<T>) => fc.oneof(sound, value);
const payload = fc.oneof(
  oddJson,
  fc.record({ jobId: value, uid: value, epoch: value }),
  fc.record({ jobId: orOdd(fc.constant('job')), uid: orOdd(fc.constant('ann')), epoch: orOdd(fc.nat()) }),
);

/** A payload is sound or dropped: whatever throws would be delivered a hundred times. */
export const taskPayloads = fuzzTarget({ name: 'taskPayloads', casesInTest: 5000 }, () =>
  fc.property(payload, (data) => {
    const task = parseTaskPayload(data);
    return task === null || (isJobId(task.jobId) && !task.uid.includes('/') && Number.isSafeInteger(task.epoch));
  }),
);
