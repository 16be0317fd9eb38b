/** What was said, by turns, and the search in it. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { speakerName, turnsOf, type Line } from '../domain/export.ts';
import { findAll } from '../domain/search.ts';
import { clockSeconds } from '../domain/time.ts';
import { Glyph } from './icons.tsx';

interface SearchProps {
  readonly query: string;
  readonly lines: readonly Line[];
  readonly onQuery: (query: string) => void;
}

/** Finds, and goes from one place to the next. */
export function Search({ query, lines, onQuery }: SearchProps) {
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const count = useMemo(() => lines.reduce((sum, { text }) => sum + findAll(text, query).length, 0), [lines, query]);
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
      const typing = event.target instanceof HTMLInputElement;
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

interface TranscriptProps {
  readonly lines: readonly Line[];
  readonly query: string;
  readonly language: string | null;
}

export function Transcript({ lines, query, language }: TranscriptProps) {
  const turns = useMemo(() => turnsOf(lines), [lines]);
  return (
    <ol class="transcript" lang={language ?? undefined}>
      {turns.map(({ speaker, lines: said }) => {
        const startedAt = said[0]?.startedAt ?? 0;
        return (
          <li key={startedAt} class={`turn speaker-${((speaker ?? 1) - 1) % 6}`}>
            <p class="turn-head" lang="en">
              <b>{speakerName(speaker)}</b>
              <time dateTime={new Date(startedAt).toISOString()}>{clockSeconds(startedAt)}</time>
            </p>
            <p>
              {said.map((line) => (
                <span key={line.startedAt} title={clockSeconds(line.startedAt)}>
                  <Marked text={line.text} query={query} />{' '}
                </span>
              ))}
            </p>
          </li>
        );
      })}
    </ol>
  );
}

function Marked({ text, query }: { text: string; query: string }) {
  const matches = findAll(text, query);
  if (matches.length === 0) return <>{text}</>;
  return (
    <>
      {matches.map(({ start, end }, index) => (
        <>
          {text.slice(matches[index - 1]?.end ?? 0, start)}
          <mark>{text.slice(start, end)}</mark>
        </>
      ))}
      {text.slice(matches.at(-1)?.end)}
    </>
  );
}
