/** Ends what pages listened to in Firestore. */
import type { BrowserContext, Request } from 'playwright-core';

/** Requests in which a page asks to listen. They are numbered within a session. */
const ASKING = /\/google\.firestore\.v1\.Firestore\/Listen\/channel\?.*\bSID=.*\bRID=\d/;

/**
 * The Firestore emulator never notices that a page has gone: at every write it answers the page's queries again, for as long as it runs,
 * and so each write of a job takes longer than the one before. It forgets a session only after a request that it refuses.
 * @returns a function that makes it forget the sessions of the context; call it when its pages are closed
 */
export function endsListening(context: BrowserContext): () => Promise<void> {
  const lasts = new Map<string, Request>();
  context.on('request', (request) => {
    if (ASKING.test(request.url())) lasts.set(new URL(request.url()).searchParams.get('SID') ?? '', request);
  });
  return async () => {
    await Promise.all(Array.from(lasts.values(), refusedAfter));
  };
}

/** Asks to listen to nothing, as the request after the last of its session. */
async function refusedAfter(last: Request): Promise<void> {
  const url = new URL(last.url());
  url.searchParams.set('RID', `${Number(url.searchParams.get('RID')) + 1}`);
  const sent = new URLSearchParams(last.postData() ?? '');
  const asked = JSON.stringify({ database: url.searchParams.get('database'), addTarget: { targetId: 1 } });
  const ofs = `${Number(sent.get('ofs')) + Number(sent.get('count'))}`;
  await fetch(url, { method: 'POST', body: new URLSearchParams({ count: '1', ofs, req0___data__: asked }) });
}
