import assert from 'node:assert/strict';
import { CLIENT_CATALOGUE } from 'offline-audio-sync-contract';
import { isPassing, statusText } from '../../src/domain/statusText.ts';

const said = (reason: string | null, message?: string) =>
  statusText({ state: 'backing_off', reason, until: 1, ...(message === undefined ? {} : { message }) });

describe('Why nothing is sent', () => {
  it('is said in plain words if the user has reached a limit', () => {
    assert.match(said('daily_budget_used', 'What you may use … Retry-After …') ?? '', /your limit for today/);
    assert.match(said('project_budget_used') ?? '', /limit for today/);
    for (const reason of ['fair_use_restricted', 'too_many_jobs', 'unavailable', 'app_check_failed', 'internal'])
      assert.doesNotMatch(said(reason) ?? '', /Retry-After|_|clock_offset/);
  });

  it('is the sentence of the server if it says what would help', () => {
    assert.equal(
      said('sign_up_not_allowed', 'Confirm your e-mail address first.'),
      'Confirm your e-mail address first.',
    );
  });

  it('names a deleted account, and a network that requires a sign-in', () => {
    const { account_gone: gone, network_sign_in: portal } = CLIENT_CATALOGUE;
    assert.match(said('account_gone', gone.message) ?? '', /deleted or disabled/);
    assert.match(said('network_sign_in', portal.message) ?? '', /asks people to sign in/);
  });

  it('is not shown for one lost request, but for several in a row', () => {
    const wait = (reason: string, forMs: number) =>
      isPassing({ state: 'backing_off', reason, until: 1000 + forMs }, 1000);
    assert.equal(wait('network', 900), true);
    assert.equal(wait('network', 6000), false);
    assert.equal(wait('too_many_jobs', 900), false);
  });

  it('is not shown if there is nothing to say, and an unknown code of a newer server still gets words', () => {
    assert.equal(said(null), null);
    assert.equal(said('brand_new_reason'), 'The server answered brand_new_reason.');
  });
});
