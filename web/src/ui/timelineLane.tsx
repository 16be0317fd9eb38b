/** What one device recorded, on the axis of a day. */
import { memo } from 'preact/compat';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Conversation } from '../data/model.ts';
import type { DayRecording, Lane } from '../domain/day.ts';
import { FILE_STATES } from '../domain/recordingText.ts';
import { clockRange, clockSeconds, duration } from '../domain/time.ts';
import { merge, place, type Span } from '../domain/timeline.ts';
import { hrefs } from '../router.ts';
import type { SpeechSpan } from './speech.ts';

/** Width that one label of the axis needs, pixels. */
export const LABEL_WIDTH = 72;

interface LaneProps {
  readonly lane: Lane;
  /** Speech of all devices. */
  readonly speech: readonly SpeechSpan[];
  readonly window: Span;
  readonly width: number;
}

export function LaneView({ lane, speech, window, width }: LaneProps) {
  const { deviceId, conversations, recordings } = lane;
  const shown = useGrowing(conversations.length);
  const own = useMemo(() => speech.filter((span) => span.deviceId === deviceId), [speech, deviceId]);
  // A lane is one stop of the Tab key, however many conversations it has: the first visible one.
  const stop = conversations.findIndex(({ startedAt, finishedAt }) =>
    place({ from: startedAt, to: finishedAt }, window),
  );
  return (
    <div class="lane">
      <p class="lane-name">
        <bdi>{deviceId}</bdi>
      </p>
      <div class="lane-conversations" onKeyDown={moveAmongBlocks}>
        {conversations.slice(0, shown).map((conversation, index) => (
          <Block
            key={conversation.id}
            isStop={index === stop}
            conversation={conversation}
            next={conversations[index + 1]?.startedAt ?? window.to}
            window={window}
            width={width}
          />
        ))}
      </div>
      <Speech speech={own} window={window} width={width} />
      <div class="lane-recordings">
        {recordings.map((recording) => (
          <RecordingBar key={recording.name} recording={recording} window={window} />
        ))}
      </div>
    </div>
  );
}

/** Number of blocks that are added in one task: more would delay answers to clicks. */
const STEP = 60;

/**
 * How many of the blocks are in the page. It begins with none, so that the list of the day is painted first, and grows task by task to all.
 */
function useGrowing(total: number): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    if (count >= total) return undefined;
    const timer = setTimeout(setCount, 0, count + STEP);
    return () => {
      clearTimeout(timer);
    };
  }, [count, total]);
  return count;
}

/** The arrow keys move between the conversations of a lane; Home and End go to its ends. */
function moveAmongBlocks(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const blocks = [...event.currentTarget.querySelectorAll<HTMLElement>('.block')];
  const at = blocks.findIndex((block) => block === document.activeElement);
  const targets: Readonly<Record<string, number>> = {
    ArrowLeft: Math.max(0, at - 1),
    ArrowRight: Math.min(blocks.length - 1, at + 1),
    Home: 0,
    End: blocks.length - 1,
  };
  const target = targets[event.key];
  if (target === undefined || at === -1) return;
  event.preventDefault();
  event.stopPropagation();
  blocks[target]?.focus();
}

interface BlockProps {
  readonly conversation: Conversation;
  /** Whether the Tab key stops here. */
  readonly isStop: boolean;
  /** When the next block begins: the title has room up to there. */
  readonly next: number;
  readonly window: Span;
  readonly width: number;
}

/** Rendered again only if one of its values changes: a day may have hundreds of blocks. */
const Block = memo(function Block({ conversation, isStop, next, window, width }: BlockProps) {
  const { id, title, startedAt, finishedAt } = conversation;
  const placed = place({ from: startedAt, to: finishedAt }, window);
  if (placed === null) return null;
  const name = title ?? 'Conversation';
  const label = `${name}, ${clockRange(startedAt, finishedAt)}`;
  const inside = placed.width * width;
  const room = ((next - Math.max(startedAt, window.from)) / (window.to - window.from)) * width;
  const beside = inside < LABEL_WIDTH;
  const space = (beside ? room - inside : inside) - 10;
  return (
    <a
      class="block"
      href={hrefs.conversation(id)}
      style={box(placed)}
      title={label}
      aria-label={label}
      tabIndex={isStop ? 0 : -1}
    >
      {space > 40 && (
        <span dir="auto" class={beside ? 'beside' : ''} style={{ maxWidth: `${Math.floor(space)}px` }}>
          {name}
        </span>
      )}
    </a>
  );
});

/** Draws all speech as one path, so that the number of elements does not grow with it. */
function Speech({ speech, window, width }: { speech: readonly Span[]; window: Span; width: number }) {
  const strokes = useMemo(() => {
    const resolution = (window.to - window.from) / Math.max(1, width);
    return merge(
      speech.filter((span) => place(span, window) !== null),
      resolution,
    );
  }, [speech, window.from, window.to, width]);
  const path = strokes
    .map((span) => {
      const { left, width: share } = place(span, window) ?? { left: 0, width: 0 };
      return `M${round(left * 1000)} 0h${round(Math.max(share * 1000, 1000 / Math.max(1, width)))}v10h${round(-Math.max(share * 1000, 1000 / Math.max(1, width)))}z`;
    })
    .join('');
  return (
    <svg class="lane-speech" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

function RecordingBar({ recording, window }: { recording: DayRecording; window: Span }) {
  const placed = place(recording, window);
  if (placed === null) return null;
  const { state, from, to } = recording;
  const title = `Recording ${clockSeconds(from)}, ${duration((to - from) / 1000)}: ${FILE_STATES[state]}`;
  return <span class={`recording ${state}`} style={box(placed)} title={title} />;
}

const round = (value: number): number => Math.round(value * 100) / 100;
export const percent = (share: number): string => `${round(share * 100)}%`;
export const box = ({ left, width }: { left: number; width: number }) => ({
  left: percent(left),
  width: percent(width),
});
