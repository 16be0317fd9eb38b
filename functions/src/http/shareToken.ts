/** What the two endpoints of links have in common. */
import type { Request } from 'firebase-functions/v2/https';
import { SHARE_TOKEN_HEADER } from 'offline-audio-sync-contract';
import { AppError } from '../errors.ts';

/** The form of tokens that shareConversation makes. */
const TOKEN = /^[\w-]{43}$/;

/** No search engine may list an answer, and no Referer may have its address. */
export const SHARED_HEADERS = { 'X-Robots-Tag': 'noindex, nofollow', 'Referrer-Policy': 'no-referrer' };

/** @throws AppError `share_not_found` if the header does not have the form of a token */
export function shareTokenOf(req: Pick<Request, 'get'>): string {
  const token = req.get(SHARE_TOKEN_HEADER) ?? '';
  if (!TOKEN.test(token)) throw new AppError('share_not_found');
  return token;
}
