/** The plan of a run: which recordings are sent and how, how bad the network is, and when the client is killed. */
import { loadSamples } from '../../../dev/samples/samples.ts';
import type { Sample } from '../../../dev/samples/samples.ts';
import { Random } from '../../../functions/test/crash/random.ts';

export interface RunPlan {
  readonly index: number;
  readonly seed: number;
  readonly samples: readonly Sample[];
  readonly way: 'multipart' | 'direct';
  readonly faultRate: number;
  /** Whether the device has troubles: clocks that are set, promises that never settle, a store that fails. */
  readonly isTroubled: boolean;
  /** Whether the client has the AbortController of React Native, which drops the reason of an abort. */
  readonly isPolyfilled: boolean;
  /** When each process of the client is killed, milliseconds after its start. The process after the last one ends when it is done. */
  readonly killsAfterMs: readonly number[];
}

/**
 * Small samples, because the test is about transport, not about amounts. `letter` and `memo` have more than one piece. `train` is left out:
 * one word lies across its two files, which a kill can bring into two jobs.
 */
const SCENARIOS = ['market', 'walk', 'night', 'kitchen', 'memo', 'letter', 'errand'];

export function planRun(seed: number, index: number): RunPlan {
  const random = new Random(seed * 1000 + index);
  const scenarios = random.shuffle(SCENARIOS).slice(0, 1 + random.below(2));
  return {
    index,
    seed,
    samples: loadSamples().filter(({ scenario }) => scenarios.includes(scenario)),
    way: random.chance(0.5) ? 'multipart' : 'direct',
    faultRate: random.pick([0, 0.1, 0.25, 0.4]),
    isTroubled: index % 2 === 1,
    isPolyfilled: index % 4 >= 2,
    // From before the upload begins to after it ends.
    killsAfterMs: Array.from({ length: random.below(4) }, () => Math.round(300 + random.next() ** 2 * 6000)),
  };
}
