/**
 * Makes the console open offline: it stores the files of its build when it is installed. It stores no data: Firestore's cache and the
 * recordings' store do that.
 */
declare const self: ServiceWorkerGlobalScope;
declare const __PRECACHE__: { readonly version: string; readonly paths: readonly string[] };

const { version, paths } = __PRECACHE__;
const PREFIX = 'console-';
const CACHE = PREFIX + version;
const KEPT = new Set(paths);
/** The names of these files contain a hash of their content. */
const PARTS = '/assets/';
/** How long to wait for a page from the network before the stored one is shown, milliseconds. */
const PATIENCE_MS = 2500;

/** Static routing, which Chromium supports and the types do not know yet. */
interface RoutedInstall extends ExtendableEvent {
  addRoutes?(rules: readonly Route[]): Promise<void>;
}
interface Route {
  readonly condition: { readonly urlPattern: URLPattern; readonly requestMethod?: string };
  readonly source: 'fetch-event' | 'network';
}

/**
 * Requests that this worker does not answer bypass it. Otherwise each upload of a tab would wait for this worker, which may be frozen: it
 * runs in the process of one of the tabs.
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
    // The browser supports other rules. All requests then pass this worker, as without routing.
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
  // This bypasses the browser's HTTP cache, which may have an older version of files without a hash in their names.
  await cache.addAll(paths.map((path) => new Request(path, { cache: 'reload' })));
  await self.skipWaiting();
}

async function activate(): Promise<void> {
  const others = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  // Caches are listed in the order in which they were created. The previous one is kept, because open pages of that version still load
  // parts of it: a page that records loads the worklet again when a headset comes or goes.
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** Shows an open tab, or a new one. */
async function showConsole(): Promise<void> {
  const [open] = await self.clients.matchAll({ type: 'window' });
  await (open === undefined ? self.clients.openWindow('/') : open.focus());
}

/** The newest page from the service. If there is no network, or the answer says that the service is down, the stored page. */
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

/** Status 511 is the page by which a network requires a sign-in, so the user has to see it. */
const isDown = ({ status }: Response): boolean => status >= 500 && status !== 511;

async function kept(request: Request): Promise<Response> {
  return (await caches.match(request, { cacheName: CACHE })) ?? (await caches.match(request)) ?? fetch(request);
}

export {};
