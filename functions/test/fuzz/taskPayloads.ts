import fc from 'fast-check';
import { isJobId } from '../../src/jobs/job.ts';
import { parseTaskPayload } from '../../src/jobs/queue.ts';
import { oddJson, oddNumber, oddString } from './hostile.ts';
import { fuzzTarget } from './target.ts';

const value = fc.oneof(oddJson, oddString, oddNumber);
/** A sound field or an odd one. Payloads with a single odd field are needed, because the check ends at the first. */
const orOdd = <T>(sound: fc.Arbitrary<T>) => fc.oneof(sound, value);
const payload = fc.oneof(
  oddJson,
  fc.record({ jobId: value, uid: value, epoch: value }),
  fc.record({ jobId: orOdd(fc.constant('job')), uid: orOdd(fc.constant('ann')), epoch: orOdd(fc.nat()) }),
);

/** A payload is valid or dropped. An error would make the queue deliver it a hundred times. */
export const taskPayloads = fuzzTarget({ name: 'taskPayloads', casesInTest: 5000 }, () =>
  fc.property(payload, (data) => {
    const task = parseTaskPayload(data);
    return task === null || (isJobId(task.jobId) && !task.uid.includes('/') && Number.isSafeInteger(task.epoch));
  }),
);
