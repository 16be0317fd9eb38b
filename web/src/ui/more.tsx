import { useEffect, useRef } from 'preact/hooks';
import { returnFocus } from './focus.ts';

interface MoreProps {
  readonly label: string;
  readonly isBusy?: boolean;
  readonly onMore: () => void;
}

const links = (): NodeListOf<HTMLElement> => document.querySelectorAll<HTMLElement>('main a');

/**
 * A button that shows more of the list of links before it. When all are shown, the button disappears, and the first of the links that were
 * added last gets the focus.
 */
export function More({ label, isBusy = false, onMore }: MoreProps) {
  const before = useRef(0);
  useEffect(
    () => () => {
      setTimeout(() => {
        returnFocus(links()[before.current] ?? null);
      });
    },
    [],
  );
  return (
    <button
      class="button"
      aria-disabled={isBusy}
      onClick={() => {
        before.current = links().length;
        onMore();
      }}
    >
      {label}
    </button>
  );
}
