import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { sentenceOf } from '../domain/sentence.ts';
import { useIsLate, useOnline } from './now.ts';

interface ScreenProps {
  readonly title: string;
  /** Shown above the title; says where the user is. */
  readonly context?: ComponentChildren;
  /** Shown beside the title. */
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

let first = true;

/** A screen with its heading. The heading gets the focus when the screen is opened, so that keyboards and screen readers begin there. */
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
          <h1 ref={heading} tabIndex={-1} dir="auto">
            {title}
          </h1>
        </div>
        {actions !== undefined && <div class="screen-actions">{actions}</div>}
      </div>
      {children}
    </div>
  );
}

/** Shown while data is loading. A service that does not answer looks like a slow one, so after a while a text says so. */
export function Waiting({ what }: { what: string }) {
  const isLate = useIsLate(true);
  return (
    <p class={isLate ? 'notice' : 'waiting'} role="status">
      {isLate
        ? `The service has not answered yet, so ${what} cannot be shown. It goes on by itself as soon as it does. If it stays so, check your connection, or reload the page.`
        : `Loading ${what} …`}
    </p>
  );
}

/** Shown when this device has nothing in its cache and the server has not answered. */
export function Unreached({ what }: { what: string }) {
  const online = useOnline();
  if (online) return <Waiting what={what} />;
  return (
    <p class="notice" role="status">
      There is no connection, and this device has not kept {what}. It is loaded by itself when the connection is back.
    </p>
  );
}

export function Problem({ error }: { error: Error }) {
  return (
    <p class="notice bad" role="alert">
      {sentenceOf(error)}
    </p>
  );
}
