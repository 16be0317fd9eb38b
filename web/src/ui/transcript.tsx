/** Shows the transcript by turns, and searches in it. */
import { memo } from 'preact/compat';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TextRange } from 'offline-audio-sync-client/search';
import { speakerName, turnsOf, type Line, type Turn } from '../domain/export.ts';
import { countOf, type Matches } from '../domain/search.ts';
import { clockSeconds } from '../domain/time.ts';
import { Glyph } from './icons.tsx';
import { Marked } from './marked.tsx';

interface SearchProps {
  readonly query: string;
  readonly matches: Matches;
  readonly onQuery: (query: string) => void;
}

/** A search field with buttons that go from one match to the next. */
export function Search({ query, matches, onQuery }: SearchProps) {
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const count = useMemo(() => countOf(matches), [matches]);
  const show = (index: number): void => {
    const wrapped = count === 0 ? 0 : (index + count) % count;
    setAt(wrapped);
    const marks = document.querySelectorAll('.transcript mark');
    marks.forEach((mark, i) => mark.toggleAttribute('data-current', i === wrapped));
    marks[wrapped]?.scrollIntoView({ block: 'center' });
  };
  useEffect(() => {
    if (query !== '') show(0);
  }, [query]);
  useEffect(() => {
    const find = (event: KeyboardEvent): void => {
      const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
      if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', find);
    return () => {
      removeEventListener('keydown', find);
    };
  }, []);
  return (
    <search class="search">
      <Glyph name="search" size={18} />
      <input
        ref={input}
        type="search"
        dir="auto"
        placeholder="Search the transcript"
        aria-label="Search the transcript"
        value={query}
        onInput={({ currentTarget }) => {
          onQuery(currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') show(at + (event.shiftKey ? -1 : 1));
          if (event.key === 'Escape') onQuery('');
        }}
      />
      <span class="search-count" role="status">
        {query.trim() === '' ? '' : count === 0 ? 'no match' : `${at + 1} of ${count}`}
      </span>
    </search>
  );
}

/** The element of a sentence on the page. */
export function sentenceElement(id: string | null): HTMLElement | null {
  return id === null ? null : document.querySelector(`.sentence[data-id="${CSS.escape(id)}"]`);
}

interface TranscriptProps {
  readonly lines: readonly Line[];
  readonly matches: Matches;
  readonly language: string | null;
  /** Id of the sentence that is chosen. */
  readonly chosenId?: string | null;
  /** Left out if sentences cannot be chosen. */
  readonly onChoose?: (id: string | null) => void;
}

const HOW_TO = 'Transcript. The arrow keys choose a sentence; what can be done with it follows the transcript.';

/** The whole transcript is one stop of the Tab key. Within it, the arrow keys choose a sentence, as a click does. */
export function Transcript({ lines, matches, language, chosenId = null, onChoose }: TranscriptProps) {
  const turns = useMemo(() => turnsOf(lines), [lines]);
  /** The index of each turn's first line. */
  const firstLines = useMemo(() => {
    let next = 0;
    return turns.map((turn) => (next += turn.lines.length) - turn.lines.length);
  }, [turns]);
  const choose = (index: number): void => {
    const id = lines[Math.min(Math.max(index, 0), lines.length - 1)]?.id ?? null;
    onChoose?.(id);
    sentenceElement(id)?.scrollIntoView({ block: 'nearest' });
  };
  return (
    <ol
      class="transcript"
      lang={language ?? undefined}
      tabIndex={onChoose === undefined ? undefined : 0}
      aria-label={onChoose === undefined ? 'Transcript' : HOW_TO}
      onKeyDown={(event) => {
        if (onChoose === undefined) return;
        const at = lines.findIndex(({ id }) => id === chosenId);
        const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: lines.length - 1 }[event.key];
        if (event.key === 'Escape') onChoose(null);
        if (to === undefined || event.target !== event.currentTarget) return;
        event.preventDefault();
        choose(to);
      }}
      onClick={({ target }) => {
        const id = (target as Element).closest('.sentence')?.getAttribute('data-id') ?? null;
        // Selecting text to copy it does not choose a sentence.
        if (onChoose !== undefined && id !== null && getSelection()?.isCollapsed !== false) onChoose(id);
      }}
    >
      {turns.map((turn, index) => (
        <TurnView
          key={turn.lines[0]?.id}
          turn={turn}
          marks={turn.lines.map((_, line) => matches.get((firstLines[index] ?? 0) + line) ?? NO_MARKS)}
          chosenId={turn.lines.some(({ id }) => id === chosenId) ? chosenId : null}
        />
      ))}
    </ol>
  );
}

const NO_MARKS: readonly TextRange[] = [];

interface TurnProps {
  readonly turn: Turn;
  /** The ranges to highlight in each of its lines. */
  readonly marks: readonly (readonly TextRange[])[];
  readonly chosenId: string | null;
}

/** Rendered again only if its marks change: a transcript may have thousands of lines. */
const TurnView = memo(
  function TurnView({ turn: { speaker, name, lines }, marks, chosenId }: TurnProps) {
    const startedAt = lines[0]?.startedAt ?? 0;
    return (
      <li class={`turn speaker-${((speaker ?? 1) - 1) % 6}`}>
        <p class="turn-head" lang="en">
          <b dir="auto">{speakerName({ speaker, name })}</b>
          <time dateTime={new Date(startedAt).toISOString()}>{clockSeconds(startedAt)}</time>
        </p>
        <p dir="auto">
          {lines.map((line, index) => (
            <span
              key={line.id}
              class="sentence"
              data-id={line.id}
              aria-current={line.id === chosenId ? 'true' : undefined}
              title={clockSeconds(line.startedAt)}
            >
              <Marked text={line.text} marks={marks[index] ?? NO_MARKS} />{' '}
            </span>
          ))}
        </p>
      </li>
    );
  },
  (before, after) =>
    before.turn === after.turn && before.chosenId === after.chosenId && sameMarks(before.marks, after.marks),
);

function sameMarks(before: TurnProps['marks'], after: TurnProps['marks']): boolean {
  return before.every((marks, index) => marks === after[index] || marks.length + (after[index]?.length ?? 0) === 0);
}
