/** Adds several recordings. One that is refused does not stop the others. */
import { sentenceOf } from '../domain/sentence.ts';

/** A recording that was refused, with the reason as a sentence for the user. */
export interface Refusal {
  readonly name: string;
  readonly reason: string;
}

/** Adds the recordings one after another, in their order. @returns those that were refused */
export async function addEach<T extends { readonly name: string }>(
  recordings: readonly T[],
  add: (recording: T) => Promise<unknown>,
): Promise<Refusal[]> {
  const refusals: Refusal[] = [];
  for (const recording of recordings) {
    await add(recording).catch((error: unknown) => {
      refusals.push({ name: recording.name, reason: sentenceOf(error) });
    });
  }
  return refusals;
}
