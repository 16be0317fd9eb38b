/** Returns the focus to where it was, so that users of a keyboard continue there. */
import { useEffect } from 'preact/hooks';

/**
 * When the component is removed, the focus returns to the element that had it before. If that is gone too, the heading of the screen gets
 * it.
 */
export function useFocusReturn(): void {
  useEffect(() => {
    const before = document.activeElement;
    return () => {
      setTimeout(() => {
        returnFocus(before);
      });
    };
  }, []);
}

export function returnFocus(to: Element | null): void {
  for (const target of [to, document.querySelector('main h1')]) {
    // The focus may already be elsewhere, for example in a screen that was opened. Elements that are removed, hidden or disabled do not
    // accept it, so the next one is tried.
    if (document.activeElement !== null && document.activeElement !== document.body) return;
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  }
}
