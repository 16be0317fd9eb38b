/**
 * Decides which conversation speech belongs to. Pure: the store reads the neighbours and writes what this decides.
 *
 * Conversations are the connected components of one device's speech: two stretches are connected when less than the gap lies between
 * them, unless their user has said otherwise (boundaries.ts). So the live conversations of a device are always at least the gap or a
 * cut apart, and the result does not depend on the order in which speech arrives.
 */
import { connect, NO_BOUNDARIES } from './boundaries.ts';
import type { Boundaries } from './boundaries.ts';
import type { Interval } from './interval.ts';

export interface ExistingConversation extends Interval {
  readonly id: string;
}

/** One conversation as it is after the assignment. */
export interface Assignment<T extends Interval> extends Interval {
  /** The conversation that stays live; null if a new one begins. */
  readonly survivor: string | null;
  /** Conversations that become tombstones pointing at the survivor. */
  readonly absorbed: readonly string[];
  /** The new speech that becomes part of it, in order of time. */
  readonly incoming: readonly T[];
}

interface Item<T> extends Interval {
  readonly conversation: ExistingConversation | null;
  readonly speech: T | null;
}

/**
 * Assigns new speech to conversations. The survivor of a merge is the preferred conversation, if it is among them; else the one that
 * starts earliest; on a tie the one with the smaller id.
 * @param existing every live conversation of the device that lies within the gap of any new speech, or of a bridge that reaches it.
 * @param preferred id of the conversation that the upload named. It decides which conversation survives, never what is connected:
 * otherwise the conversations would depend on which job brought the speech.
 * @param boundaries the cuts and bridges around. No segment of the new speech crosses a cut.
 * @returns only conversations that get new speech, in order of time.
 */
export function assign<T extends Interval>(
  existing: readonly ExistingConversation[],
  incoming: readonly T[],
  gapMs: number,
  preferred: string | null = null,
  boundaries: Boundaries = NO_BOUNDARIES,
): Assignment<T>[] {
  const items: Item<T>[] = [
    ...existing.map((conversation) => ({ ...conversation, conversation, speech: null })),
    ...incoming.map((speech) => ({ startMs: speech.startMs, endMs: speech.endMs, conversation: null, speech })),
  ];
  return connect(items, gapMs, boundaries)
    .map(({ items: component, startMs, endMs }) => {
      const [survivor, ...absorbed] = component
        .flatMap(({ conversation }) => conversation ?? [])
        .sort(
          (a, b) =>
            Number(b.id === preferred) - Number(a.id === preferred) || a.startMs - b.startMs || (a.id < b.id ? -1 : 1),
        );
      return {
        survivor: survivor?.id ?? null,
        absorbed: absorbed.map(({ id }) => id),
        startMs,
        endMs,
        incoming: component.flatMap(({ speech }) => speech ?? []),
      };
    })
    .filter(({ incoming: speech }) => speech.length > 0);
}
