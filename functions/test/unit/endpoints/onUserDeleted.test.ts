import assert from 'node:assert/strict';
import functionsTest from 'firebase-functions-test';
import { onUserDeleted, uidOf } from '../../../src/endpoints/onUserDeleted.ts';
import { logLines } from '../../support/logLines.ts';

describe('the event of a deleted user', () => {
  it('names the user by the account as it was', () => {
    assert.equal(uidOf({ data: { uid: 'ann' }, subject: 'users/bob' }), 'ann');
  });

  it('names the user by its subject if the account is missing', () => {
    for (const data of [undefined, null, {}, { uid: null }]) assert.equal(uidOf({ data, subject: 'users/ann' }), 'ann');
  });

  it('names no user if neither does, whatever it contains', () => {
    for (const subject of [undefined, '', 'users/', 'projects/x', 'ann']) assert.equal(uidOf({ subject }), null);
    for (const uid of ['', 7, {}, ['ann']]) assert.equal(uidOf({ data: { uid } }), null);
  });
});

describe('onUserDeleted', () => {
  const test = functionsTest();

  after(() => {
    test.cleanup();
  });

  it('logs an event that names no user, and returns: a second delivery would name none either', async () => {
    const deliver = test.wrap(onUserDeleted);
    const lines = await logLines(() => deliver({ data: undefined, subject: '' } as never));
    assert.deepEqual(
      lines.map(({ event }) => event),
      ['user.unknown'],
    );
  });
});
