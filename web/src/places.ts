/** Remembers the place on each page of the history (scroll position and followed link), so that Back leads there. */

import { randomId } from './randomId.ts';

interface Place {
  readonly top: number;
  /** The link that was followed from there; null if none was. */
  readonly href: string | null;
}

const KEY = 'places';
/** Number of places that are remembered: those of the latest pages. */
const MOST = 50;
/** How long to wait until the screen is as long as it was, milliseconds: it may still be loading. */
const PATIENCE_MS = 30_000;
/**
 * After this many frames without growth, a list has its final height. It can be shorter than it was, because not all its rows were measured
 * before.
 */
const STILL_FRAMES = 30;

const places = new Map<string, Place>(read());
let restoring: (() => void) | null = null;

function read(): [string, Place][] {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as [string, Place][];
  } catch {
    return [];
  }
}

/** The id of the history entry that is shown. */
export function currentPage(): string {
  const state = history.state as { page?: unknown } | null;
  if (typeof state?.page === 'string') return state.page;
  const page = newPage();
  history.replaceState({ page }, '');
  return page;
}

export const newPage = randomId;

/** @param href The link that leads away; null if there is none. */
export function rememberPlace(page: string, href: string | null = null): void {
  places.delete(page);
  places.set(page, { top: scrollY, href });
  for (const oldest of [...places.keys()].slice(0, -MOST)) places.delete(oldest);
  sessionStorage.setItem(KEY, JSON.stringify([...places]));
}

/** Scrolls to the remembered place as soon as the screen is long enough, unless the user moves first. */
export function restorePlace(page: string): void {
  restoring?.();
  const place = places.get(page);
  if (place === undefined) return;
  const began = performance.now();
  let isOver = false;
  const moves = ['wheel', 'touchstart', 'keydown', 'pointerdown'] as const;
  const end = (): void => {
    isOver = true;
    for (const move of moves) removeEventListener(move, end);
    restoring = null;
  };
  for (const move of moves) addEventListener(move, end, { passive: true });
  restoring = end;
  let height = 0;
  let still = 0;
  const attempt = (): void => {
    if (isOver) return;
    scrollTo(0, place.top); // Scrolls as far as the screen reaches by now.
    const { scrollHeight } = document.documentElement;
    still = scrollHeight === height ? still + 1 : 0;
    height = scrollHeight;
    const links = linksTo(place.href);
    const isLoaded = place.href === null || links.length > 0;
    const isThere = isLoaded && (Math.abs(scrollY - place.top) < 2 || still > STILL_FRAMES);
    if (isThere) show(links.find(isInView) ?? links.at(-1));
    if (isThere || performance.now() - began > PATIENCE_MS) end();
    else requestAnimationFrame(attempt);
  };
  requestAnimationFrame(attempt);
}

function show(link: HTMLAnchorElement | undefined): void {
  if (link === undefined) return;
  if (!isInView(link)) link.scrollIntoView({ block: 'center' });
  link.focus({ preventScroll: true });
}

function isInView(link: HTMLAnchorElement): boolean {
  const { top, bottom } = link.getBoundingClientRect();
  return top >= 0 && bottom <= innerHeight;
}

/** The links with this address in the screen itself, not in the navigation around it. */
function linksTo(href: string | null): HTMLAnchorElement[] {
  if (href === null) return [];
  return [...document.querySelectorAll<HTMLAnchorElement>('main a')].filter(
    (link) => link.getAttribute('href') === href && link.tabIndex >= 0 && link.offsetParent !== null,
  );
}
