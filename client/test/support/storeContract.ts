/** The contract of stores is part of the package: `offline-audio-sync-client/testing`. */
export { storeContract } from '../../src/testing.ts';
export type { StoreUnderTest } from '../../src/testing.ts';
