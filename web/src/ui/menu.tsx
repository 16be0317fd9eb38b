import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface MenuProps {
  /** What opens it. */
  readonly label: ComponentChildren;
  readonly children: ComponentChildren;
}

/** Between the list and the edge of the window, pixels. */
const EDGE = 8;

/** The list hangs from the end of its button, which may stand anywhere in a row that wraps. */
function keepInWindow(list: HTMLElement): void {
  list.style.translate = '';
  const { left } = list.getBoundingClientRect();
  if (left < EDGE) list.style.translate = `${EDGE - left}px`;
}

/** A button with a list of commands. Escape, a command, and a click elsewhere close it. */
export function Menu({ label, children }: MenuProps) {
  const details = useRef<HTMLDetailsElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const close = (): void => {
    if (details.current !== null) details.current.open = false;
  };
  useEffect(() => {
    const closeFromOutside = ({ target }: Event): void => {
      if (target instanceof Node && details.current?.contains(target) === false) close();
    };
    addEventListener('pointerdown', closeFromOutside);
    addEventListener('focusin', closeFromOutside);
    return () => {
      removeEventListener('pointerdown', closeFromOutside);
      removeEventListener('focusin', closeFromOutside);
    };
  }, []);
  return (
    <details
      ref={details}
      class="menu"
      onToggle={() => {
        if (list.current !== null) keepInWindow(list.current);
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || details.current?.open !== true) return;
        event.stopPropagation();
        close();
        details.current.querySelector('summary')?.focus();
      }}
    >
      <summary class="button">{label}</summary>
      <ul
        ref={list}
        onClick={() => {
          // Before it closes: the focus of a command that is hidden would be lost, and no dialog could give it back.
          details.current?.querySelector('summary')?.focus();
          close();
        }}
      >
        {children}
      </ul>
    </details>
  );
}
