/** Links to conversations, with their titles and times. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { conversationsPath } from 'offline-audio-sync-contract';
import type { Conversation, EditedConversation } from '../data/model.ts';
import { withEdits } from '../domain/edited.ts';
import { clock, dayOfYear } from '../domain/time.ts';
import { conversationOf } from '../firebase/documents.ts';
import { liveDocument } from '../firebase/store.ts';
import { hrefs } from '../router.ts';
import { useApp } from './app.ts';
import { useEdits } from './edits.ts';

/**
 * Links to conversations in order of time. Until all are read, they are in any order and have no titles. The rows already have
 * their final height and place, so that nothing moves.
 */
export function ConversationLinks({ ids }: { ids: readonly string[] }) {
  const { known, isWhole } = useConversations(ids);
  const startOf = (id: string): number => known.get(id)?.startedAt ?? Number.MAX_SAFE_INTEGER;
  const placed = isWhole ? ids.toSorted((a, b) => startOf(a) - startOf(b)) : ids;
  return (
    <ul class="links" aria-busy={!isWhole}>
      {placed.map((id, place) => {
        const conversation = isWhole ? known.get(id) : undefined;
        return (
          <li key={place} class={isWhole ? '' : 'pending'}>
            <a href={hrefs.conversation(id)} dir="auto">
              {conversation?.title ?? 'Conversation'}
            </a>
            {conversation !== undefined && (
              <span class="hint">
                {dayOfYear(conversation.startedAt)}, {clock(conversation.startedAt)}
              </span>
            )}
          </li>
        );
      })}
    </ul>
  );
}

interface KnownConversations {
  readonly known: ReadonlyMap<string, EditedConversation>;
  /** Whether all are read, from the service or from this device's cache. */
  readonly isWhole: boolean;
}

/** Reads these conversations and follows their changes: titles arrive a moment after the job has ended. */
function useConversations(ids: readonly string[]): KnownConversations {
  const { uid } = useApp();
  /** By id; null for a conversation that was deleted or cannot be read. */
  const [read, setRead] = useState<ReadonlyMap<string, Conversation | null>>(new Map());
  useEffect(() => {
    const stops = ids.map((id) =>
      liveDocument(`${conversationsPath(uid)}/${id}`, conversationOf)(
        ({ value }) => {
          setRead((before) => new Map(before).set(id, value));
        },
        () => {
          // The conversation keeps the title that it has.
          setRead((before) => (before.has(id) ? before : new Map(before).set(id, null)));
        },
      ),
    );
    return () => {
      for (const stop of stops) stop();
    };
  }, [ids.join()]);
  const all = useMemo(() => [...read.values()].filter((one) => one !== null), [read]);
  const isWhole = ids.every((id) => read.has(id));
  // The edits are read once, when the times of all conversations are known.
  const isKnown = isWhole && all.length > 0;
  const { edits } = useEdits(
    isKnown ? Math.min(...all.map(({ startedAt }) => startedAt)) : 0,
    isKnown ? Math.max(...all.map(({ finishedAt }) => finishedAt)) : 0,
  );
  const known = useMemo(() => new Map(all.map((one) => [one.id, withEdits(one, edits)])), [all, edits]);
  return { known, isWhole };
}
