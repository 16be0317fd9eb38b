/** What a link shows, asked for without an account. */
import { HTTP_ENDPOINTS, SHARE_TOKEN_HEADER } from 'offline-audio-sync-contract';
import type { ProblemBody, SharedConversationView } from 'offline-audio-sync-contract';
import { within } from '../within.ts';

export type Read =
  | { readonly kind: 'shown'; readonly shared: SharedConversationView }
  /** Expired, withdrawn, deleted, or never made: the service does not tell which. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'unreached' };

/** As shareConversation makes them. */
const TOKEN = /^[\w-]{43}$/;

/** Whether a link has all of its token: programs that send messages cut links. */
export const isWholeToken = (token: string): boolean => TOKEN.test(token);

/** For all of the answer, milliseconds. */
const LIMIT_MS = 30_000;

/** A hotel's portal answers 200 to everything. */
const isShared = (body: unknown): body is SharedConversationView =>
  typeof body === 'object' && body !== null && 'segments' in body && Array.isArray(body.segments);

export async function readShared(token: string, signal: AbortSignal): Promise<Read> {
  try {
    return await within(ask(token, signal), LIMIT_MS);
  } catch {
    return { kind: 'unreached' }; // Also what is no answer of the service: a proxy's page, say.
  }
}

async function ask(token: string, signal: AbortSignal): Promise<Read> {
  const { path, method } = HTTP_ENDPOINTS.sharedConversation;
  const headers = { [SHARE_TOKEN_HEADER]: token };
  const response = await fetch(path, { method, headers, cache: 'no-store', signal });
  const body: unknown = await response.json();
  if (response.ok) return isShared(body) ? { kind: 'shown', shared: body } : { kind: 'unreached' };
  const { error } = body as ProblemBody;
  return { kind: error.code === 'share_not_found' ? 'gone' : 'unreached' };
}
