/**
 * Makes the console open offline: what belongs to this build is kept when it is installed. Data is not its business:
 * Firestore's own cache and the recordings' store have that.
 */
declare const self: ServiceWorkerGlobalScope;
declare const __PRECACHE__: { readonly version: string; readonly paths: readonly string[] };

const { version, paths } = __PRECACHE__;
const PREFIX = 'console-';
const CACHE = PREFIX + version;
const KEPT = new Set(paths);
/** Their names hold a hash of what is in them. */
const PARTS = '/assets/';
/** How long a page may take to come from the network before the kept one is shown, milliseconds. */
const PATIENCE_MS = 2500;

/** Static routing, which Chromium has, and the types do not know yet. */
interface RoutedInstall extends ExtendableEvent {
  addRoutes?(rules: readonly Route[]): Promise<void>;
}
interface Route {
  readonly condition: { readonly urlPattern: URLPattern; readonly requestMethod?: string };
  readonly source: 'fetch-event' | 'network';
}

/**
 * What this worker has no answer for goes past it. Else each upload of a tab would wait for this worker, which may stand still: it
 * lives in the process of any one of the tabs.
 */
function routes(): readonly Route[] {
  const ours = new URLPattern({ pathname: '/*', baseURL: self.location.origin });
  return [
    { condition: { urlPattern: ours, requestMethod: 'GET' }, source: 'fetch-event' },
    { condition: { urlPattern: new URLPattern({}) }, source: 'network' },
  ];
}

async function addRoutes(event: RoutedInstall): Promise<void> {
  try {
    await event.addRoutes?.(routes());
  } catch {
    // A browser that knows other rules than these: everything passes this worker, as without them.
  }
}

self.addEventListener('install', (event: RoutedInstall) => {
  event.waitUntil(Promise.all([install(), addRoutes(event)]));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(activate());
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (request.mode === 'navigate' && !/^\/(v2|__)\//.test(pathname)) event.respondWith(page(request));
  else if (KEPT.has(pathname) || pathname.startsWith(PARTS)) event.respondWith(kept(request));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(showConsole());
});

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  // Past the browser's own cache: a file without a hash in its name may be an older one there.
  await cache.addAll(paths.map((path) => new Request(path, { cache: 'reload' })));
  await self.skipWaiting();
}

async function activate(): Promise<void> {
  const others = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  // In the order in which they were made. Pages of the last version are still open and load parts of it: one that records needs the
  // worklet again whenever a headset comes or goes.
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** The tab that told it, or a new one. */
async function showConsole(): Promise<void> {
  const [open] = await self.clients.matchAll({ type: 'window' });
  await (open === undefined ? self.clients.openWindow('/') : open.focus());
}

/** The newest page where the service gives one out, the kept one where there is no network, or where what answers says that it is down. */
async function page(request: Request): Promise<Response> {
  const keptPage = (): Promise<Response | undefined> => caches.match('/', { cacheName: CACHE });
  const shell = async (): Promise<Response> => (await keptPage()) ?? Response.error();
  const patience = new Promise<Response>((resolve) => {
    setTimeout(() => void shell().then(resolve), PATIENCE_MS);
  });
  const newest = async (): Promise<Response> => {
    const answer = await fetch(request);
    return isDown(answer) ? ((await keptPage()) ?? answer) : answer;
  };
  return Promise.race([newest().catch(shell), patience]);
}

/** 511 is the page by which a network asks people to sign in: they have to see it. */
const isDown = ({ status }: Response): boolean => status >= 500 && status !== 511;

async function kept(request: Request): Promise<Response> {
  return (await caches.match(request, { cacheName: CACHE })) ?? (await caches.match(request)) ?? fetch(request);
}

export {};
