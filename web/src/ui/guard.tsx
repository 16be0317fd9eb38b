import type { ComponentChildren } from 'preact';
import { useErrorBoundary } from 'preact/hooks';
import { sentenceOf } from '../domain/sentence.ts';

interface GuardProps {
  /** Shown in place of a part that cannot be loaded or rendered. Without it, the page would be empty. */
  readonly instead: (problem: string) => ComponentChildren;
  readonly children: ComponentChildren;
}

export function Guard({ instead, children }: GuardProps) {
  // The error is also reported to the browser, like any uncaught error.
  const [error] = useErrorBoundary((problem: unknown) => {
    reportError(problem);
  }) as [unknown, () => void];
  return <>{error === undefined ? children : instead(sentenceOf(error))}</>;
}
