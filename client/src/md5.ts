/**
 * MD5 in JavaScript, which WebCrypto does not have: about 100 MB a second in a browser, a fraction of that in React Native, where
 * a native one is better. An entry point of its own, so that only apps that use it carry it: `createSyncClient({ createMd5, … })`.
 */
import { md5 } from '@noble/hashes/legacy.js';
import type { Md5 } from './digest.ts';

export function createMd5(): Md5 {
  return md5.create();
}
