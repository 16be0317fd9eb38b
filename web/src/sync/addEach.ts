/** Several recordings at once: one that cannot be taken does not keep back the others. */
import { sentenceOf } from '../domain/sentence.ts';

/** A recording that was not taken, and why: a sentence for a person. */
export interface Refusal {
  readonly name: string;
  readonly reason: string;
}

/** One after another, in their order. @returns those that were not taken */
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
