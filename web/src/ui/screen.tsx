import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface ScreenProps {
  readonly title: string;
  /** Above the title: where one is. */
  readonly context?: ComponentChildren;
  /** Beside the title. */
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

let first = true;

/** A screen with its heading, to which focus goes when it is opened: keyboards and screen readers begin there. */
export function Screen({ title, context, actions, children }: ScreenProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!first) heading.current?.focus({ preventScroll: true });
    first = false;
  }, []);
  useEffect(() => {
    document.title = `${title} · Audio sync`;
  }, [title]);
  return (
    <div class="screen">
      <div class="screen-head">
        <div class="screen-title">
          {context !== undefined && <div class="screen-context">{context}</div>}
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
        </div>
        {actions !== undefined && <div class="screen-actions">{actions}</div>}
      </div>
      {children}
    </div>
  );
}

/** What is shown in place of data. */
export function Waiting({ what }: { what: string }) {
  return (
    <p class="waiting" role="status">
      Loading {what} …
    </p>
  );
}

export function Problem({ error }: { error: Error }) {
  return (
    <p class="notice bad" role="alert">
      {error.message}
    </p>
  );
}
