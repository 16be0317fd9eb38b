/** Every fuzz target. */
import { callables } from './callables.ts';
import { containers } from './containers.ts';
import { decoders, indexes } from './decoders.ts';
import { frames } from './frames.ts';
import { headers } from './headers.ts';
import { multipart } from './multipart.ts';
import { names } from './names.ts';
import { pageTokens } from './pageTokens.ts';
import type { FuzzTarget } from './target.ts';
import { requests } from './requests.ts';
import { taskPayloads } from './taskPayloads.ts';

export const TARGETS: readonly FuzzTarget[] = [
  frames,
  multipart,
  callables,
  requests,
  names,
  pageTokens,
  taskPayloads,
  headers,
  containers,
  decoders,
  indexes,
];
