import { useEffect, useRef } from 'preact/hooks';
import { returnFocus } from './focus.ts';

interface MoreProps {
  readonly label: string;
  readonly isBusy?: boolean;
  readonly onMore: () => void;
}

const links = (): NodeListOf<HTMLElement> => document.querySelectorAll<HTMLElement>('main a');

/** Shows more of a list of links, which stands before it. It goes when all are shown, and focus goes to the first of the last ones. */
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
