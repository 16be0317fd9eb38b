/** Identifies the caller by the verified ID token alone. */
import type { AppCheck } from 'firebase-admin/app-check';
import type { Auth } from 'firebase-admin/auth';
import { AppError } from '../errors.ts';
import { requireAdmitted } from './signUpPolicy.ts';
import type { SignUpRule } from './signUpPolicy.ts';

export interface Caller {
  readonly uid: string;
}

/** The part of a request that identifies its sender. */
export interface RequestHeaders {
  get(name: string): string | undefined;
}

/** @throws AppError `unauthenticated`, `app_check_failed`, `permission_denied`, `sign_up_not_allowed`, `unavailable` */
export type Authenticate = (req: RequestHeaders) => Promise<Caller>;

const OPEN: SignUpRule = { policy: 'open', domains: [] };

export interface AuthenticatorDeps {
  readonly auth: Pick<Auth, 'verifyIdToken'>;
  /** Created when it is needed, because many instances never need it. */
  readonly appCheck: () => Pick<AppCheck, 'verifyToken'>;
  readonly enforceAppCheck: () => boolean;
  /**
   * Also refuses tokens of users who were disabled, deleted or signed out everywhere since. That is one more call to Firebase Auth for
   * each request: worth it if a request costs money or cannot be undone, but not if an app polls. There, a token stays valid for an
   * hour at most.
   */
  readonly checkRevoked: boolean;
  /** Which accounts may use this service. */
  readonly signUp: () => SignUpRule;
}

export function createAuthenticator({
  auth,
  appCheck,
  enforceAppCheck,
  checkRevoked,
  signUp,
}: AuthenticatorDeps): Authenticate {
  return async (req) => {
    if (enforceAppCheck()) await verifyAppCheck(appCheck(), req.get('X-Firebase-AppCheck'));
    return verifyBearer(auth, req.get('Authorization'), { checkRevoked, signUp: signUp() });
  };
}

/**
 * @param header the Authorization header: `Bearer <ID token>` (RFC 6750, 2.1; the scheme in any case, RFC 9110, 11.1).
 * @throws AppError `unauthenticated` if the token is wrong in any way; `unavailable` if it could not be checked (a client signs its
 * user out on a 401, so it must not get one because Google's keys could not be fetched); `permission_denied` for a user id that cannot
 * be part of a path; `sign_up_not_allowed`.
 */
export async function verifyBearer(
  auth: Pick<Auth, 'verifyIdToken'>,
  header: string | undefined,
  { checkRevoked = false, signUp = OPEN }: { readonly checkRevoked?: boolean; readonly signUp?: SignUpRule } = {},
): Promise<Caller> {
  const token = /^Bearer +([\w.~+/=-]+) *$/i.exec(header ?? '')?.[1];
  if (token === undefined) throw new AppError('unauthenticated');
  const account = await auth.verifyIdToken(token, checkRevoked).catch((error: unknown) => {
    throw new AppError(isTokenFault(error) ? 'unauthenticated' : 'unavailable', { cause: error });
  });
  const caller = callerOf(account.uid);
  requireAdmitted(account, signUp);
  return caller;
}

/** Whether a user id can be a document's id in Firestore and part of a path in Storage. */
export function isServable(uid: string): boolean {
  return /^(?!\.{1,2}$|__.*__$)[^/\r\n]{1,128}$/.test(uid);
}

/**
 * Custom tokens allow any string as user id, but Firestore has no document "users/a/b", and paths in Storage would collide.
 * @param uid of a verified token.
 * @throws AppError `permission_denied` for a user id that cannot be part of a path.
 */
function callerOf(uid: string): Caller {
  if (!isServable(uid)) {
    throw new AppError('permission_denied', {
      message: 'User ids with a slash or a line break, of dots alone, or like __x__ cannot be served.',
    });
  }
  return { uid };
}

async function verifyAppCheck(appCheck: Pick<AppCheck, 'verifyToken'>, token: string | undefined): Promise<void> {
  if (token === undefined || token === '') throw new AppError('app_check_failed');
  await appCheck.verifyToken(token).catch((error: unknown) => {
    throw new AppError(isTokenFault(error) ? 'app_check_failed' : 'unavailable', { cause: error });
  });
}

const TOKEN_FAULTS: ReadonlySet<unknown> = new Set([
  'auth/id-token-expired',
  'auth/id-token-revoked',
  'auth/invalid-id-token',
  'auth/user-disabled',
  'auth/user-not-found',
  'app-check/app-check-token-expired',
]);
const ARGUMENT_ERRORS: ReadonlySet<unknown> = new Set(['auth/argument-error', 'app-check/invalid-argument']);

/**
 * Whether the token is wrong, rather than our check of it. firebase-admin reports keys that it could not fetch as the same "argument
 * error" as a forged token; only the sentences about a token name one.
 */
function isTokenFault(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  if (ARGUMENT_ERRORS.has(error.code)) return /\b(ID|App Check) token\b/.test(error.message);
  return TOKEN_FAULTS.has(error.code);
}
