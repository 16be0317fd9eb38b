/** The address is the state: which screen is shown, and of what. */
import { computed, signal } from '@preact/signals';

export type Route =
  | { readonly screen: 'home' }
  | { readonly screen: 'day'; readonly day: string }
  | { readonly screen: 'conversation'; readonly id: string }
  | { readonly screen: 'record' }
  | { readonly screen: 'jobs' }
  | { readonly screen: 'job'; readonly id: string }
  | { readonly screen: 'usage' }
  | { readonly screen: 'nothing' };

const path = signal(location.pathname);

export const route = computed<Route>(() => parseRoute(path.value));

export function parseRoute(pathname: string): Route {
  const [first, second, ...rest] = pathname.split('/').filter((part) => part !== '');
  if (rest.length > 0) return { screen: 'nothing' };
  const id = second === undefined ? undefined : decode(second);
  if (first === undefined) return { screen: 'home' };
  if (first === 'day' && id !== undefined) return { screen: 'day', day: id };
  if (first === 'conversations' && id !== undefined) return { screen: 'conversation', id };
  if (first === 'jobs') return id === undefined ? { screen: 'jobs' } : { screen: 'job', id };
  if (id === undefined && (first === 'record' || first === 'usage')) return { screen: first };
  return { screen: 'nothing' };
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

export const hrefs = {
  home: '/',
  record: '/record',
  jobs: '/jobs',
  usage: '/usage',
  day: (day: string): string => `/day/${day}`,
  conversation: (id: string): string => `/conversations/${encodeURIComponent(id)}`,
  job: (id: string): string => `/jobs/${encodeURIComponent(id)}`,
};

export function navigate(href: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', href);
  else history.pushState(null, '', href);
  path.value = location.pathname;
  if (!replace) scrollTo(0, 0);
}

/** Links within the console change the screen, not the page. */
export function startRouter(): void {
  addEventListener('popstate', () => {
    path.value = location.pathname;
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest('a');
    if (link?.origin !== location.origin || link.target !== '' || link.hasAttribute('download')) return;
    if (link.hash !== '' && link.pathname === location.pathname) return;
    event.preventDefault();
    navigate(link.pathname + link.search);
  });
}
