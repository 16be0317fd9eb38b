/** The committed run from which the documents are made. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { describeMachine } from './machine.ts';
import type { Figures, Ratios } from './ratios.ts';

export const RESULTS = path.join(import.meta.dirname, 'results/latest.json');

export interface Results {
  readonly measuredAt: string;
  readonly machine: ReturnType<typeof describeMachine>;
  readonly ratios: Ratios;
  readonly figures: Partial<Figures>;
}

export function readResults(): Results {
  return JSON.parse(readFileSync(RESULTS, 'utf8')) as Results;
}
