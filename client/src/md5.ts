/**
 * MD5 in JavaScript, because WebCrypto has none: about 100 MB a second in a browser, and a fraction of that in React Native, where a
 * native one is better. It has its own entry point, so that only apps that use it include it: `createSyncClient({ createMd5, … })`.
 */
import { md5 } from '@noble/hashes/legacy.js';
import type { Md5 } from './digest.ts';

export function createMd5(): Md5 {
  return md5.create();
}
