/** Focus comes back to where it was, so that a person who uses the keyboard goes on there. */
import { useEffect } from 'preact/hooks';

/** When this goes from the page, focus goes to what had it before; where that is gone, too, to the heading of the screen. */
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
    // Something else has taken it: a screen that was opened, say. What is gone, hidden or disabled does not take it.
    if (document.activeElement !== null && document.activeElement !== document.body) return;
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  }
}
