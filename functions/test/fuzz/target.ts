/** A target of fuzzing: a property that must hold for every input that anyone can send. */
import type fc from 'fast-check';

export interface FuzzTarget {
  readonly name: string;
  /** Cases that `npm test` runs: a few seconds of them. */
  readonly casesInTest: number;
  /** Its share of the time of a longer run; the others have 1. A case of some targets takes a thousand times as long. */
  readonly share?: number;
  /** Creates the property for a run. */
  readonly property: () => fc.IProperty<unknown> | fc.IAsyncProperty<unknown>;
}

/** @param holds throws if the input finds a fault. */
export function fuzzTarget<Input>(
  options: Omit<FuzzTarget, 'property'>,
  property: () => fc.IProperty<Input> | fc.IAsyncProperty<Input>,
): FuzzTarget {
  return { ...options, property: property as FuzzTarget['property'] };
}
