import assert from 'node:assert/strict';
import { AppError } from '../../../src/errors.ts';
import { isAdmitted, parseSignUpRule, requireAdmitted } from '../../../src/http/signUpPolicy.ts';
import type { AccountClaims } from '../../../src/http/signUpPolicy.ts';
import { recordingLogger } from '../../support/logger.ts';

const rule = (policy: string, domains = '') => parseSignUpRule(policy, domains, recordingLogger());
const verified = (email: string): AccountClaims => ({ email, email_verified: true });

describe('SIGN_UP', () => {
  it('with the value “open” admits every user, and with “closed” none', () => {
    for (const account of [{}, verified('ann@example.com'), { offlineSync: true }]) {
      assert.equal(isAdmitted(account, rule('')), true);
      assert.equal(isAdmitted(account, rule('open')), true);
      assert.equal(isAdmitted(account, rule('closed')), false);
    }
  });

  it('with the value “verified” admits users who have a verified address or telephone number', () => {
    assert.equal(isAdmitted(verified('ann@example.com'), rule('verified')), true);
    assert.equal(isAdmitted({ phone_number: '+1555' }, rule('verified')), true);
    const others: AccountClaims[] = [{}, { email: 'ann@example.com' }, { email: 'a@b.c', email_verified: false }];
    for (const account of [...others, { email_verified: true }]) {
      assert.equal(isAdmitted(account, rule('verified')), false, JSON.stringify(account));
    }
  });

  it('with the value “domains” admits verified addresses of the domains that it names, and none that only look like them', () => {
    const ours = rule('domains', ' Example.com,school.org ');
    for (const email of ['ann@example.com', 'ANN@EXAMPLE.COM', 'bob@school.org']) {
      assert.equal(isAdmitted(verified(email), ours), true, email);
    }
    for (const email of [
      'ann@evil-example.com',
      'ann@sub.example.com',
      'ann@example.com.evil.org',
      '"ann@example.com"@evil.org',
      'example.com',
      'ann@',
      '',
    ]) {
      assert.equal(isAdmitted(verified(email), ours), false, email);
    }
    assert.equal(isAdmitted({ email: 'ann@example.com' }, ours), false);
    assert.equal(isAdmitted(verified('ann@'), rule('domains', '')), false);
  });

  it('with the value “claim” admits users whose custom claim is true', () => {
    assert.equal(isAdmitted({ offlineSync: true }, rule('claim')), true);
    for (const value of ['true', 1, {}, null, undefined]) {
      assert.equal(isAdmitted({ offlineSync: value }, rule('claim')), false);
    }
  });

  it('admits no user if its value is not valid, and logs that', () => {
    const logger = recordingLogger();
    assert.equal(isAdmitted(verified('ann@example.com'), parseSignUpRule('opne', '', logger)), false);
    assert.deepEqual(
      logger.entries.map(({ level }) => level),
      ['error'],
    );
  });

  it('tells refused users what would help', () => {
    const message = (policy: string, account: AccountClaims): string => {
      try {
        requireAdmitted(account, rule(policy, 'example.com'));
      } catch (error) {
        assert.ok(error instanceof AppError);
        assert.deepEqual([error.code, error.status], ['sign_up_not_allowed', 403]);
        return error.message;
      }
      return '';
    };
    assert.match(message('verified', {}), /^Verify the e-mail address/);
    assert.match(message('domains', { email: 'ann@example.com' }), /^Verify/);
    assert.match(message('domains', verified('ann@other.com')), /^This service does not admit/);
    assert.equal(message('open', {}), '');
  });
});
