import assert from 'node:assert/strict';
import { FirebaseError } from 'firebase/app';
import { sentenceOf } from '../../src/domain/sentence.ts';

const said = (code: string, details?: unknown, isOnline = true): string =>
  sentenceOf(Object.assign(new FirebaseError(code, 'internal [0]'), { details }), isOnline);

describe('The sentence for an error', () => {
  it('is never a code, and says what to do, whatever does not answer', () => {
    for (const code of [
      'functions/internal',
      'functions/deadline-exceeded',
      'unavailable',
      'firestore/unknown',
      'aborted',
    ]) {
      assert.match(said(code), /Try again in a minute/, code);
      assert.doesNotMatch(said(code), /internal|\[0\]/, code);
      assert.match(said(code, undefined, false), /no connection/, code);
    }
    assert.match(said('permission-denied'), /Sign out and in again/);
    assert.match(said('functions/unauthenticated'), /Sign out, and in again/);
    assert.match(said('failed-precondition'), /operator/);
  });

  it('is the sentence of the server if it sent one', () => {
    assert.equal(said('functions/not-found', { code: 'x', message: 'There is no such job' }), 'There is no such job.');
    const forPrograms = { code: 'recording_not_found', message: 'It is not yours; see details. Nothing was moved.' };
    assert.equal(said('functions/not-found', forPrograms), 'It is not yours. Nothing was moved.');
    assert.match(said('functions/internal', { message: 7 }), /Try again/);
  });

  it('is the message of an ordinary error', () => {
    assert.equal(sentenceOf(new Error('No room.')), 'No room.');
    assert.equal(sentenceOf('x'), 'x');
    assert.match(sentenceOf(new DOMException('', 'QuotaExceededError')), /no room left/);
  });
});
