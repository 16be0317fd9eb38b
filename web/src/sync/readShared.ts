/** Reads a shared conversation by its link, without an account. */
import { HTTP_ENDPOINTS, SHARE_TOKEN_HEADER } from 'offline-audio-sync-contract';
import type { ProblemBody, SharedConversationView } from 'offline-audio-sync-contract';
import { within } from '../within.ts';

export type Read =
  | { readonly kind: 'shown'; readonly shared: SharedConversationView }
  /** Expired, withdrawn, deleted, or never created: the service does not say which. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'unreached' };

/** The form of tokens that shareConversation creates. */
const TOKEN = /^[\w-]{43}$/;

/** Whether a link has its whole token: messaging programs may cut links off. */
export const isWholeToken = (token: string): boolean => TOKEN.test(token);

/** Time limit for the whole answer, milliseconds. */
const LIMIT_MS = 30_000;

/** Wi-Fi portals answer every request with 200, so the content is checked. */
const isShared = (body: unknown): body is SharedConversationView =>
  typeof body === 'object' && body !== null && 'segments' in body && Array.isArray(body.segments);

export async function readShared(token: string, signal: AbortSignal): Promise<Read> {
  try {
    return await within(ask(token, signal), LIMIT_MS);
  } catch {
    return { kind: 'unreached' }; // This includes answers of other machines, such as the page of a proxy.
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
