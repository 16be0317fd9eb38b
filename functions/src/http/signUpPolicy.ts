/** Decides which accounts of the Firebase project may use this service: the setting SIGN_UP. */
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';

/**
 * - `open`: all accounts.
 * - `verified`: accounts whose e-mail address or telephone number is verified.
 * - `domains`: accounts with a verified e-mail address of a domain in SIGN_UP_DOMAINS.
 * - `claim`: accounts to which the operator gave the custom claim `offlineSync: true`.
 * - `closed`: no account.
 */
export const SIGN_UP_POLICIES = ['open', 'verified', 'domains', 'claim', 'closed'] as const;
export type SignUpPolicy = (typeof SIGN_UP_POLICIES)[number];

export interface SignUpRule {
  readonly policy: SignUpPolicy;
  /** In lower case. */
  readonly domains: readonly string[];
}

/** The part of a verified ID token that the decision needs. */
export interface AccountClaims {
  readonly email?: string | undefined;
  readonly email_verified?: boolean | undefined;
  readonly phone_number?: string | undefined;
  readonly [claim: string]: unknown;
}

/** Without a setting, the policy is `open`. An invalid setting admits no account, because a typo must not open the service. */
export function parseSignUpRule(policy: string, domains: string, logger: Logger): SignUpRule {
  const given = policy.trim().toLowerCase() || 'open';
  const known = SIGN_UP_POLICIES.find((each) => each === given);
  if (known === undefined) {
    logger.error('setting.unknown_sign_up', { stage: 'configure', given: policy });
  }
  const listed = domains.toLowerCase().split(/[\s,]+/);
  return { policy: known ?? 'closed', domains: listed.filter((domain) => domain !== '') };
}

export function isAdmitted(account: AccountClaims, { policy, domains }: SignUpRule): boolean {
  const hasVerifiedEmail = account.email_verified === true && account.email !== undefined;
  switch (policy) {
    case 'open':
      return true;
    case 'verified':
      return hasVerifiedEmail || account.phone_number !== undefined;
    case 'domains':
      return hasVerifiedEmail && domains.includes(domainOf(account.email ?? ''));
    case 'claim':
      return account['offlineSync'] === true;
    case 'closed':
      return false;
  }
}

/** @throws AppError `sign_up_not_allowed`, with a sentence that says what the user can do. */
export function requireAdmitted(account: AccountClaims, rule: SignUpRule): void {
  if (isAdmitted(account, rule)) return;
  const unverified = rule.policy === 'verified' || (rule.policy === 'domains' && account.email_verified !== true);
  throw new AppError(
    'sign_up_not_allowed',
    unverified ? { message: 'Verify the e-mail address of your account, then sign in again.' } : {},
  );
}

/** The part behind the last @: the part before it may have another one in quotes. */
function domainOf(email: string): string {
  const at = email.lastIndexOf('@');
  return at === -1 ? '' : email.slice(at + 1).toLowerCase();
}
