import assert from 'node:assert/strict';
import { CLIENT_CATALOGUE } from 'offline-audio-sync-contract';
import { isPassing, statusText } from '../../src/domain/statusText.ts';

const said = (reason: string | null, message?: string) =>
  statusText({ state: 'backing_off', reason, until: 1, ...(message === undefined ? {} : { message }) });

describe('Why nothing is sent', () => {
  it('is said in plain words where somebody is at a limit', () => {
    assert.match(said('daily_budget_used', 'What you may use … Retry-After …') ?? '', /your limit for today/);
    assert.match(said('project_budget_used') ?? '', /limit for today/);
    for (const reason of ['fair_use_restricted', 'too_many_jobs', 'unavailable', 'app_check_failed', 'internal'])
      assert.doesNotMatch(said(reason) ?? '', /Retry-After|_|clock_offset/);
  });

  it('is the server’s sentence where that says what would help', () => {
    assert.equal(
      said('sign_up_not_allowed', 'Confirm your e-mail address first.'),
      'Confirm your e-mail address first.',
    );
  });

  it('names an account that is gone, and a network that asks for a sign-in', () => {
    const { account_gone: gone, network_sign_in: portal } = CLIENT_CATALOGUE;
    assert.match(said('account_gone', gone.message) ?? '', /deleted or disabled/);
    assert.match(said('network_sign_in', portal.message) ?? '', /asks people to sign in/);
  });

  it('is not said of one request that got lost, and is when they keep getting lost', () => {
    const wait = (reason: string, forMs: number) =>
      isPassing({ state: 'backing_off', reason, until: 1000 + forMs }, 1000);
    assert.equal(wait('network', 900), true);
    assert.equal(wait('network', 6000), false);
    assert.equal(wait('too_many_jobs', 900), false);
  });

  it('is not said where there is nothing to say, and never leaves a code of a newer server without words', () => {
    assert.equal(said(null), null);
    assert.equal(said('brand_new_reason'), 'The server answered brand_new_reason.');
  });
});
