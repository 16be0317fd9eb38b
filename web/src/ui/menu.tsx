import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface MenuProps {
  /** What opens it. */
  readonly label: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A button with a list of commands. Escape, a command, and a click elsewhere close it. */
export function Menu({ label, children }: MenuProps) {
  const details = useRef<HTMLDetailsElement>(null);
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
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || details.current?.open !== true) return;
        event.stopPropagation();
        close();
        details.current.querySelector('summary')?.focus();
      }}
    >
      <summary class="button">{label}</summary>
      <ul
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
