import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface MenuProps {
  /** Content of the button that opens the menu. */
  readonly label: ComponentChildren;
  readonly children: ComponentChildren;
}

/** Least distance between the list and the edge of the window, pixels. */
const EDGE = 8;

/** The list is aligned with the end of its button. Where it would leave the window, it is moved back into it. */
function keepInWindow(list: HTMLElement): void {
  list.style.translate = '';
  const { left } = list.getBoundingClientRect();
  if (left < EDGE) list.style.translate = `${EDGE - left}px`;
}

/** A button with a list of commands. Escape, a command or a click elsewhere closes the list. */
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
          // The focus returns to the button before the menu closes: a hidden command would lose it, and a dialog could not return it.
          details.current?.querySelector('summary')?.focus();
          close();
        }}
      >
        {children}
      </ul>
    </details>
  );
}
