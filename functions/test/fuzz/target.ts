/** What fuzzing runs: a property that must hold for every input that a stranger can send. */
import type fc from 'fast-check';

export interface FuzzTarget {
  readonly name: string;
  /** Cases that `npm test` runs: a few seconds of them. */
  readonly casesInTest: number;
  /** Its part of the time of a longer run, against 1 of the others: a case of some takes a thousand times as long. */
  readonly share?: number;
  /** Made anew for each run. */
  readonly property: () => fc.IProperty<unknown> | fc.IAsyncProperty<unknown>;
}

/** @param holds throws where the input finds a fault. */
export function fuzzTarget<Input>(
  options: Omit<FuzzTarget, 'property'>,
  property: () => fc.IProperty<Input> | fc.IAsyncProperty<Input>,
): FuzzTarget {
  return { ...options, property: property as FuzzTarget['property'] };
}
