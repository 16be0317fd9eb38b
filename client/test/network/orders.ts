/** What the parent tells a client process, and what it hears from it. */
import type { Account, Origins } from '../support/suite.ts';

export interface Order {
  readonly account: Account;
  readonly origins: Origins;
  /** Of the file store. */
  readonly directory: string;
  /** Names and paths of the recordings to add. */
  readonly recordings: readonly { readonly name: string; readonly file: string; readonly deviceId: string }[];
  readonly maxRequestBytes: number;
  /** How much faster than the world's its clock runs: it waits that much shorter. */
  readonly speed: number;
  /** Whether the client has the AbortController of React Native. */
  readonly isPolyfilled: boolean;
  /** What goes wrong on the device itself; null where only the network does. */
  readonly troubles: { readonly seed: number } | null;
}

/** Lines of JSON on standard output; `atMs` is the world's time. */
export type Report =
  | { readonly event: 'handling'; readonly key: string; readonly atMs: number }
  /** It is on record that the app has got it. */
  | { readonly event: 'handled'; readonly key: string; readonly atMs: number }
  | { readonly event: 'deleting'; readonly name: string; readonly atMs: number }
  | { readonly event: 'error'; readonly message: string; readonly atMs: number }
  | {
      readonly event: 'done';
      readonly states: Readonly<Record<string, string>>;
      readonly left: number;
      readonly atMs: number;
    };
