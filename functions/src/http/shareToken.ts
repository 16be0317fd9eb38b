/** What the endpoints have in common that anybody may call who has a link. */
import type { Request } from 'firebase-functions/v2/https';
import { SHARE_TOKEN_HEADER } from 'offline-audio-sync-contract';
import { AppError } from '../errors.ts';

/** As shareConversation makes them. */
const TOKEN = /^[\w-]{43}$/;

/** Nothing may keep it, and no search engine list it, if the address of a page with it is ever found. */
export const SHARED_HEADERS = { 'X-Robots-Tag': 'noindex, nofollow', 'Referrer-Policy': 'no-referrer' };

/** @throws AppError `share_not_found` for what no token looks like */
export function shareTokenOf(req: Pick<Request, 'get'>): string {
  const token = req.get(SHARE_TOKEN_HEADER) ?? '';
  if (!TOKEN.test(token)) throw new AppError('share_not_found');
  return token;
}
