/** The axis of a day: an overview of the whole day, and below it a part of the day at any zoom. */
import type { RefObject } from 'preact';
import { memo } from 'preact/compat';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../data/model.ts';
import type { Lane } from '../domain/day.ts';
import { FILE_STATES } from '../domain/recordingText.ts';
import { clock, clockRange, clockSeconds } from '../domain/time.ts';
import { fit, merge, pan, place, ticks, within, zoom, type Span } from '../domain/timeline.ts';
import { Glyph, type IconName } from './icons.tsx';
import { useSpeech } from './speech.ts';
import { box, LABEL_WIDTH, LaneView, percent } from './timelineLane.tsx';

interface AxisProps {
  readonly day: Span;
  readonly lanes: readonly Lane[];
}

interface TimelineProps extends AxisProps {
  /** The conversations of all lanes. */
  readonly conversations: readonly Conversation[];
  /** Whether the server has answered. */
  readonly isServed: boolean;
}

/** Rendered again only if one of its values changes. */
export const Timeline = memo(function Timeline({ day, lanes, conversations, isServed }: TimelineProps) {
  const everything = useMemo(() => fit(lanes.flatMap(spansOf), day), [lanes, day]);
  const [chosen, setChosen] = useState<Span | null>(null);
  const track = useRef<HTMLDivElement>(null);
  const width = useWidth(track);
  const { from, to } = chosen ?? everything;
  // The same object as long as it has the same values: everything that is drawn depends on it.
  const shown = useMemo(() => ({ from, to }), [from, to]);
  const speech = useSpeech(shown, conversations, isServed);
  const moves: Readonly<Record<string, () => Span | null>> = {
    ArrowLeft: () => pan(shown, -0.2, day),
    ArrowRight: () => pan(shown, 0.2, day),
    '+': () => zoom(shown, 0.5, day),
    '=': () => zoom(shown, 0.5, day),
    '-': () => zoom(shown, 2, day),
    '0': () => null,
  };
  return (
    <section class="timeline" aria-label="Time axis">
      <Overview day={day} lanes={lanes} shown={shown} onChoose={setChosen} />
      <div class="timeline-tools">
        <p>{clockRange(shown.from, shown.to)}</p>
        <Tool
          icon="minus"
          label="Zoom out"
          onClick={() => {
            setChosen(zoom(shown, 2, day));
          }}
        />
        <Tool
          icon="plus"
          label="Zoom in"
          onClick={() => {
            setChosen(zoom(shown, 0.5, day));
          }}
        />
        <Tool
          icon="fit"
          label="Show everything"
          onClick={() => {
            setChosen(null);
          }}
        />
      </div>
      <div
        ref={track}
        class="timeline-detail"
        role="group"
        tabIndex={0}
        aria-label={`From ${clockSeconds(shown.from)} to ${clockSeconds(shown.to)}. Arrow keys move, plus and minus zoom, 0 shows all.`}
        onKeyDown={(event) => {
          const move = event.ctrlKey || event.metaKey || event.altKey ? undefined : moves[event.key];
          if (move === undefined) return;
          event.preventDefault();
          setChosen(move());
        }}
      >
        <Axis window={shown} day={day} labels={Math.floor(width / LABEL_WIDTH)} />
        {lanes.map((lane) => (
          <LaneView key={lane.deviceId} lane={lane} speech={speech} window={shown} width={width} />
        ))}
      </div>
      <Legend lanes={lanes} hasSpeech={speech.length > 0} />
    </section>
  );
});

function Tool({ icon, label, onClick }: { icon: IconName; label: string; onClick: () => void }) {
  return (
    <button class="icon-button" aria-label={label} title={label} onClick={onClick}>
      <Glyph name={icon} size={18} />
    </button>
  );
}

function Axis({ window, day, labels }: { window: Span; day: Span; labels: number }) {
  const { stepMs, at } = ticks(window, day, labels);
  const label = stepMs < 60_000 ? clockSeconds : clock;
  return (
    <div class="axis" aria-hidden="true">
      {at.map((moment) => {
        const left = place({ from: moment, to: moment }, window)?.left ?? 0;
        return (
          <span key={moment} class="tick" style={{ left: percent(left) }}>
            {left > 0.96 ? '' : label(moment)}
          </span>
        );
      })}
    </div>
  );
}

interface OverviewProps extends AxisProps {
  readonly shown: Span;
  readonly onChoose: (window: Span) => void;
}

/** The whole day. A frame marks the part that is shown below, and the pointer moves it. */
function Overview({ day, lanes, shown, onChoose }: OverviewProps) {
  const strip = useRef<HTMLDivElement>(null);
  const width = useWidth(strip);
  const resolution = (day.to - day.from) / Math.max(1, width);
  const marks = useMemo(() => merge(lanes.flatMap(spansOf), resolution * 2), [lanes, resolution]);
  const follow = (event: PointerEvent): void => {
    const bounds = strip.current?.getBoundingClientRect();
    if (bounds === undefined || (event.buttons & 1) === 0) return;
    const at = day.from + ((event.clientX - bounds.left) / bounds.width) * (day.to - day.from);
    const half = (shown.to - shown.from) / 2;
    onChoose(within({ from: at - half, to: at + half }, day));
  };
  const frame = place(shown, day);
  return (
    <div
      ref={strip}
      class="overview"
      aria-hidden="true"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        follow(event);
      }}
      onPointerMove={follow}
    >
      {Array.from({ length: 25 }, (_, hour) => day.from + hour * 3_600_000)
        .filter((at, hour) => at <= day.to && hour % 3 === 0)
        .map((at) => (
          <span key={at} class="tick" style={{ left: percent(place({ from: at, to: at }, day)?.left ?? 0) }}>
            {at < day.to - 3_600_000 ? clock(at) : ''}
          </span>
        ))}
      {marks.map((mark) => {
        const placed = place(mark, day);
        return placed === null ? null : <span key={mark.from} class="mark" style={box(placed)} />;
      })}
      {frame !== null && <span class="frame" style={box(frame)} />}
    </div>
  );
}

function Legend({ lanes, hasSpeech }: { lanes: readonly Lane[]; hasSpeech: boolean }) {
  const states = new Set(lanes.flatMap(({ recordings }) => recordings.map(({ state }) => state)));
  return (
    <ul class="timeline-legend" aria-hidden="true">
      <li>
        <span class="swatch block" /> conversation
      </li>
      {hasSpeech && (
        <li>
          <span class="swatch speech" /> speech
        </li>
      )}
      {[...states].map((state) => (
        <li key={state}>
          <span class={`swatch recording ${state}`} /> recording
          {state === 'transcribed' ? '' : `, ${FILE_STATES[state]}`}
        </li>
      ))}
    </ul>
  );
}

function spansOf({ recordings, conversations }: Lane): Span[] {
  const held = conversations.map(({ startedAt, finishedAt }) => ({ from: startedAt, to: finishedAt }));
  return [...recordings, ...held];
}

function useWidth(element: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (element.current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      setWidth(entry?.contentRect.width ?? 0);
    });
    observer.observe(element.current);
    return () => {
      observer.disconnect();
    };
  }, []);
  return width;
}
