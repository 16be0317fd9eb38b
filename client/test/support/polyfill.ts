/** The AbortController that React Native bundles: it drops the reason of an abort. */
import { AbortController as Polyfilled } from 'abort-controller';

const native = globalThis.AbortController;

/** Makes it the global one. @returns a function that restores the platform's */
export function polyfillAbort(): () => void {
  globalThis.AbortController = Polyfilled as typeof AbortController;
  return () => {
    globalThis.AbortController = native;
  };
}

/** Node's fetch for signals of the polyfill, which it would otherwise refuse. */
export const polyfilledFetch: typeof fetch = (input, init = {}) => {
  const { signal, ...rest } = init;
  const controller = new native();
  const abort = (): void => {
    controller.abort();
  };
  if (signal?.aborted === true) abort();
  signal?.addEventListener('abort', abort);
  return fetch(input, { ...rest, signal: controller.signal });
};
