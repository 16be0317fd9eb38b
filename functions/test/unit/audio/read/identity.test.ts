import assert from 'node:assert/strict';
import { recordingId } from '../../../../src/audio/read/identity.ts';

const MD5 = 'CY9rzUYh03PK3k6DJie09g==';

describe('recordingId', () => {
  it('never changes: the stored registry depends on it', () => {
    assert.equal(recordingId('alice', MD5, 4), '7c470c5346587c5b46185cf13d51b7d863d6941eb5a54d09187c772069e27a4a');
  });

  it('differs by user, content and size, and cannot be made equal by moving a separator', () => {
    const ids = [
      recordingId('alice', MD5, 4),
      recordingId('bob', MD5, 4),
      recordingId('alice', 'rL0Y20zC+Fzt72VPzMSk2A==', 4),
      recordingId('alice', MD5, 5),
      recordingId('a","b', 'c', 1),
      recordingId('a', 'b","c', 1),
    ];
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids) assert.match(id, /^[0-9a-f]{64}$/);
  });
});
