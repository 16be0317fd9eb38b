/** The address is the state: it says which screen is shown, and with which content. */
import { computed, signal } from '@preact/signals';
import { currentPage, newPage, rememberPlace, restorePlace } from './places.ts';

export type Route =
  | { readonly screen: 'home' }
  | { readonly screen: 'day'; readonly day: string }
  | { readonly screen: 'month'; readonly month: string }
  | { readonly screen: 'conversation'; readonly id: string }
  | { readonly screen: 'record' }
  | { readonly screen: 'jobs' }
  | { readonly screen: 'job'; readonly id: string }
  | { readonly screen: 'usage' }
  | { readonly screen: 'search' }
  | { readonly screen: 'settings' }
  /** A shared conversation, read by its link. */
  | { readonly screen: 'shared' }
  | { readonly screen: 'nothing' };

const path = signal(location.pathname);

/** The part of the address after `?`. */
export const search = signal(location.search);

export const route = computed<Route>(() => parseRoute(path.value));

function parseRoute(pathname: string): Route {
  const [first, second, ...rest] = pathname.split('/').filter((part) => part !== '');
  if (rest.length > 0) return { screen: 'nothing' };
  const id = second === undefined ? undefined : decode(second);
  if (first === undefined) return { screen: 'home' };
  if (first === 'day' && id !== undefined) return { screen: 'day', day: id };
  if (first === 'month' && id !== undefined) return { screen: 'month', month: id };
  if (first === 'conversations' && id !== undefined) return { screen: 'conversation', id };
  if (first === 'jobs') return id === undefined ? { screen: 'jobs' } : { screen: 'job', id };
  if (id === undefined && isPlain(first)) return { screen: first };
  return { screen: 'nothing' };
}

/** Screens whose address has no parameters. */
const PLAIN = ['record', 'usage', 'search', 'settings', 'shared'] as const;

const isPlain = (name: string): name is (typeof PLAIN)[number] => PLAIN.some((plain) => plain === name);

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
  search: '/search',
  tagged: (tag: string): string => `/search?tag=${encodeURIComponent(tag)}`,
  settings: '/settings',
  /** The token stands after `#`, so that browsers do not send it to servers. */
  shared: (token: string): string => `/shared#${token}`,
  exportDay: (day: string): string => `/settings?day=${day}`,
  day: (day: string): string => `/day/${day}`,
  month: (month: string): string => `/month/${month}`,
  conversation: (id: string): string => `/conversations/${encodeURIComponent(id)}`,
  job: (id: string): string => `/jobs/${encodeURIComponent(id)}`,
};

export function navigate(href: string, { replace = false, link = null }: NavigateOptions = {}): void {
  if (replace) {
    history.replaceState({ page: shownPage }, '', href);
  } else {
    rememberPlace(shownPage, link);
    shownPage = newPage();
    history.pushState({ page: shownPage }, '', href);
  }
  path.value = location.pathname;
  search.value = location.search;
  if (!replace) scrollTo(0, 0);
}

interface NavigateOptions {
  /** Whether the new page replaces the current one in the history. */
  readonly replace?: boolean;
  /** The link that was followed; null if none was. */
  readonly link?: string | null;
}

let shownPage = '';

/** Makes links within the console change the screen without loading a page. */
export function startRouter(): void {
  history.scrollRestoration = 'manual';
  shownPage = currentPage();
  restorePlace(shownPage);
  addEventListener('popstate', () => {
    rememberPlace(shownPage);
    shownPage = currentPage();
    path.value = location.pathname;
    search.value = location.search;
    restorePlace(shownPage);
  });
  addEventListener('pagehide', () => {
    rememberPlace(shownPage);
  });
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest('a');
    if (link?.origin !== location.origin || link.target !== '' || link.hasAttribute('download')) return;
    if (link.hash !== '' && link.pathname === location.pathname) return;
    event.preventDefault();
    const { pathname, search: query } = link;
    const isInScreen = link.closest('main') !== null;
    navigate(pathname + query, { link: isInScreen ? link.getAttribute('href') : null });
  });
}
