/** What a link shows, asked for without an account. */
import { HTTP_ENDPOINTS, SHARE_TOKEN_HEADER } from 'offline-audio-sync-contract';
import type { ProblemBody, SharedConversationView } from 'offline-audio-sync-contract';

export type Read =
  | { readonly kind: 'shown'; readonly shared: SharedConversationView }
  /** Expired, withdrawn, deleted, or never made: the service does not tell which. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'unreached' };

/** As shareConversation makes them. */
const TOKEN = /^[\w-]{43}$/;

/** Whether a link has all of its token: programs that send messages cut links. */
export const isWholeToken = (token: string): boolean => TOKEN.test(token);

export async function readShared(token: string, signal: AbortSignal): Promise<Read> {
  const { path, method } = HTTP_ENDPOINTS.sharedConversation;
  try {
    const response = await fetch(path, { method, headers: { [SHARE_TOKEN_HEADER]: token }, cache: 'no-store', signal });
    if (response.ok) return { kind: 'shown', shared: (await response.json()) as SharedConversationView };
    const { error } = (await response.json()) as ProblemBody;
    return { kind: error.code === 'share_not_found' ? 'gone' : 'unreached' };
  } catch {
    return { kind: 'unreached' }; // Also what is no answer of the service: a proxy's page, say.
  }
}
