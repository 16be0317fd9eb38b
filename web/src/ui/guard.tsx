import type { ComponentChildren } from 'preact';
import { useErrorBoundary } from 'preact/hooks';
import { sentenceOf } from '../domain/sentence.ts';

interface GuardProps {
  /** What is shown in place of a part that cannot be loaded or painted: without it, the page would be empty. */
  readonly instead: (problem: string) => ComponentChildren;
  readonly children: ComponentChildren;
}

export function Guard({ instead, children }: GuardProps) {
  // The browser is told of it too, as of any error that nothing catches.
  const [error] = useErrorBoundary((problem: unknown) => {
    reportError(problem);
  }) as [unknown, () => void];
  return <>{error === undefined ? children : instead(sentenceOf(error))}</>;
}
