/** The messages between the parent and a client process. */
import type { Account, Origins } from '../support/suite.ts';

export interface Order {
  readonly account: Account;
  readonly origins: Origins;
  /** Directory of the file store. */
  readonly directory: string;
  /** Names and paths of the recordings to add. */
  readonly recordings: readonly { readonly name: string; readonly file: string; readonly deviceId: string }[];
  readonly maxRequestBytes: number;
  /** How much faster the client's clock runs: its waits are divided by this. */
  readonly speed: number;
  /** Whether the client has the AbortController of React Native. */
  readonly isPolyfilled: boolean;
  /** Seed of the troubles on the device itself; null if only the network has faults. */
  readonly troubles: { readonly seed: number } | null;
}

/** One line of JSON on standard output; `atMs` is the time outside the client. */
export type Report =
  | { readonly event: 'handling'; readonly key: string; readonly atMs: number }
  /** The store has recorded that the app received it. */
  | { readonly event: 'handled'; readonly key: string; readonly atMs: number }
  | { readonly event: 'deleting'; readonly name: string; readonly atMs: number }
  | { readonly event: 'error'; readonly message: string; readonly atMs: number }
  | {
      readonly event: 'done';
      readonly states: Readonly<Record<string, string>>;
      readonly left: number;
      readonly atMs: number;
    };
