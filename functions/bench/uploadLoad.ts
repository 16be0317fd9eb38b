/** The results of the load test of one instance, and their part of `docs/performance.md`. */
import { table } from './markdown.ts';

export interface HostileKind {
  readonly what: string;
  readonly status: number;
  /** The median time until its answer, milliseconds. */
  readonly ms: number;
  /** The median time of uploads beside 5 % of this kind, divided by the time without. */
  readonly overAlone: number;
}

export interface UploadLoad {
  readonly rounds: number;
  readonly requestsPerRound: number;
  /** The load of the machine at the beginning. */
  readonly load: number;
  /** Milliseconds until ordinary uploads are answered: alone, and with hostile requests. */
  readonly alone: { readonly medianMs: number; readonly p95Ms: number };
  readonly besideHostile: { readonly medianMs: number; readonly p95Ms: number };
  readonly hostile: readonly HostileKind[];
}

/** @returns the section; empty if it was not measured */
export function uploadLoad(found: UploadLoad | undefined): string[] {
  if (!found) return [];
  const { rounds, requestsPerRound, load, alone, besideHostile, hostile } = found;
  return [
    '## Hostile requests beside uploads',
    `One instance on one processor (\`functions/bench/load.ts\`), eight requests at a time, each upload a minute of PCM; Storage and Firestore ` +
      `take 20 ms and no processor time. ${rounds} rounds of ${requestsPerRound} uploads alone, and as many with 5 % hostile requests among them, ` +
      `in turns. Milliseconds until an answer, at a load of ${load}. Then 5 % of each kind by itself, between two rounds without, because an ` +
      'attacker sends the worst kind: the last column is the time of ordinary uploads beside it over without.',
    table(
      ['ordinary uploads', 'median', '95 %'],
      [
        ['alone', alone.medianMs, alone.p95Ms],
        ['with 5 % hostile requests', besideHostile.medianMs, besideHostile.p95Ms],
      ],
    ),
    table(
      ['hostile request', 'answer', 'median', 'uploads beside it'],
      hostile.map(({ what, status, ms, overAlone }) => [what, status, ms, overAlone]),
    ),
  ];
}
