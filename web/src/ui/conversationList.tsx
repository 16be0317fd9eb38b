import { memo } from 'preact/compat';
import type { EditedConversation } from '../data/model.ts';
import { clock, duration, shortDay } from '../domain/time.ts';
import { hrefs } from '../router.ts';
import { Glyph } from './icons.tsx';
import { grouped } from '../domain/counted.ts';
import { LongList } from './longList.tsx';

/** Height of a row, pixels. */
const ROW_HEIGHT = 76;

interface ListProps {
  /** Midnight at which the day begins, Unix milliseconds. */
  readonly from: number;
  readonly conversations: readonly EditedConversation[];
}

/** The conversations of a day in order of time. Rendered again only if they change, because sums and jobs arrive one after another. */
export const ConversationList = memo(function ConversationList({ from, conversations }: ListProps) {
  if (conversations.length === 0) return <p class="empty">Nothing was said in these recordings.</p>;
  return (
    <section aria-labelledby="conversations">
      <h2 id="conversations">Conversations</h2>
      <div>
        <LongList
          class="conversations"
          items={conversations}
          rowHeight={ROW_HEIGHT}
          row={(conversation) => <Row key={conversation.id} conversation={conversation} from={from} />}
        />
      </div>
    </section>
  );
});

function Row({ conversation, from }: { conversation: EditedConversation; from: number }) {
  const { id, title, overview, startedAt, finishedAt, deviceId, wordCount, onlyFillers, starred, tags } = conversation;
  return (
    <li class={onlyFillers ? 'faint' : undefined}>
      <a href={hrefs.conversation(id)}>
        <span class="when">
          {clock(startedAt)}
          <small>
            {startedAt < from && `${shortDay(startedAt)} · `}
            {duration((finishedAt - startedAt) / 1000)}
          </small>
        </span>
        <span class="what">
          <b dir="auto">{title ?? 'Conversation'}</b>
          {starred && <Glyph name="starred" size={16} />}
          {starred && <span class="visually-hidden">starred</span>}
          {tags.map((tag) => (
            <span key={tag} class="tag small">
              <bdi>{tag}</bdi>
            </span>
          ))}
          {overview !== null && (
            <span class="overview-text" dir="auto">
              {overview}
            </span>
          )}
        </span>
        <span class="who">
          <bdi>{deviceId}</bdi>
          <small>{grouped(wordCount)} words</small>
        </span>
      </a>
    </li>
  );
}
