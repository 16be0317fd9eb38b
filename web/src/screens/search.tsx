import { useEffect, useRef, useState } from 'preact/hooks';
import type { SearchFacets, SearchFilter, SearchHit, SearchResult } from 'offline-audio-sync-client/search';
import { userPath } from 'offline-audio-sync-contract';
import { counted, grouped } from '../domain/counted.ts';
import { markWords } from '../domain/search.ts';
import { isUnreached } from '../domain/sentence.ts';
import { addDays, clock, dayOfYear, startOfDay } from '../domain/time.ts';
import { contentDeletedAtOf } from '../firebase/documents.ts';
import { liveDocument } from '../firebase/store.ts';
import { hrefs, navigate, search as address } from '../router.ts';
import type { Finder } from '../sync/finder.ts';
import { useApp } from '../ui/app.ts';
import { Check } from '../ui/choices.tsx';
import { DayRange, type Days } from '../ui/dayRange.tsx';
import { Glyph } from '../ui/icons.tsx';
import { useLive, valueOf } from '../ui/live.ts';
import { Marked } from '../ui/marked.tsx';
import { More } from '../ui/more.tsx';
import { useOnline } from '../ui/now.ts';
import { Problem, Screen, Waiting } from '../ui/screen.tsx';
import { tellProblem } from '../ui/toast.tsx';

/** Number of results that are shown at first. A button shows more. */
const PAGE = 50;

/** Searches all conversations. */
export function SearchScreen() {
  const { finder: load } = useApp();
  const [finder, setFinder] = useState<Finder | null>(null);
  useEffect(() => {
    load().then(setFinder, tellProblem);
  }, []);
  return (
    <Screen title="Search">{finder === null ? <Waiting what="the search" /> : <Everything finder={finder} />}</Screen>
  );
}

/** The search as the address has it, so that Back leads to it. */
interface Wanted extends Days {
  readonly query: string;
  readonly device: string;
  readonly person: string;
  readonly tag: string;
  readonly starred: boolean;
}

function wantedIn(search: string): Wanted {
  const parameters = new URLSearchParams(search);
  const of = (name: string): string => parameters.get(name) ?? '';
  const words = { query: of('q'), device: of('device'), person: of('person'), tag: of('tag') };
  return { ...words, starred: parameters.has('starred'), from: of('from'), to: of('to') };
}

function show({ query, starred, ...filters }: Wanted): void {
  const parameters = new URLSearchParams({ q: query, ...filters, starred: starred ? 'yes' : '' });
  for (const [name, value] of [...parameters]) if (value === '') parameters.delete(name);
  const text = parameters.toString();
  navigate(text === '' ? hrefs.search : `${hrefs.search}?${text}`, { replace: true });
}

function filterOf({ device, person, tag, starred, from, to }: Wanted): SearchFilter {
  const first = startOfDay(from);
  const end = startOfDay(to) === null ? null : startOfDay(addDays(to, 1));
  return {
    ...(device === '' ? {} : { deviceId: device }),
    ...(person === '' ? {} : { speaker: person }),
    ...(tag === '' ? {} : { tag }),
    ...(starred ? { isStarred: true } : {}),
    ...(first === null ? {} : { from: first }),
    ...(end === null ? {} : { to: end }),
  };
}

function Everything({ finder }: { finder: Finder }) {
  const { uid, newest } = useApp();
  const deleted = useLive(`deleted/${uid}`, () => liveDocument(userPath(uid), contentDeletedAtOf));
  const wanted = wantedIn(address.value);
  const [limit, setLimit] = useState(PAGE);
  const state = finder.state.value;
  const [last] = newest.kind === 'ready' ? newest.value : [];
  useEffect(() => {
    void finder.refresh();
  }, [finder, last?.id, last?.revision, valueOf(deleted)]);
  const result = useResult(finder, wanted, limit);
  const isAsked = wanted.query.trim() !== '' || Object.keys(filterOf(wanted)).length > 0;
  return (
    <>
      <Form wanted={wanted} finder={finder} />
      {state.kind === 'failed' && <NotRead error={state.error} />}
      {!isAsked && <p class="hint">Type words, or choose a person, a device, a tag, days or the star.</p>}
      {isAsked && result !== null && <Hits result={result} query={wanted.query} isWhole={state.kind === 'ready'} />}
      {result !== null && result.hits.length < result.total && (
        <More
          label={`Show ${Math.min(PAGE, result.total - result.hits.length)} more`}
          onMore={() => {
            setLimit(limit + PAGE);
          }}
        />
      )}
      {state.kind === 'reading' && (
        // Below the results, which would move when this disappears.
        <p class="hint" role="status">
          Reading what was said, once for this device: {grouped(state.count)} conversations so far. What is read can
          already be found.
        </p>
      )}
    </>
  );
}

/** Says that the newest conversations may be missing from the search. Reading them is retried automatically. */
function NotRead({ error }: { error: Error }) {
  const online = useOnline();
  if (online && !isUnreached(error)) return <Problem error={error} />;
  return (
    <p class="notice" role="status">
      {online ? 'The service does not answer' : 'There is no connection'}, so only what this device has read before is
      searched. The rest is read by itself as soon as that works.
    </p>
  );
}

/** The latest result. It stays until a newer one is found. */
function useResult(finder: Finder, wanted: Wanted, limit: number): SearchResult | null {
  const [result, setResult] = useState<SearchResult | null>(null);
  const asked = useRef(0);
  // The state is a new object after each change of the index, also after a removal, so the search runs again.
  const state = finder.state.value;
  useEffect(() => {
    const mine = ++asked.current;
    finder.search(wanted.query, filterOf(wanted), limit).then((found) => {
      if (mine === asked.current) setResult(found);
    }, tellProblem);
  }, [finder, JSON.stringify(wanted), limit, state]);
  return result;
}

function Form({ wanted, finder }: { wanted: Wanted; finder: Finder }) {
  const input = useRef<HTMLInputElement>(null);
  const [facets, setFacets] = useState<SearchFacets | null>(null);
  const { kind } = finder.state.value;
  useEffect(() => {
    finder.facets().then(setFacets, tellProblem);
  }, [finder, kind]);
  useEffect(() => input.current?.focus(), []);
  return (
    <search class="stack">
      <div class="search wide">
        <Glyph name="search" size={18} />
        <input
          ref={input}
          type="search"
          dir="auto"
          placeholder="Search everything that was said"
          aria-label="Search everything that was said"
          value={wanted.query}
          onInput={({ currentTarget }) => {
            show({ ...wanted, query: currentTarget.value });
          }}
        />
      </div>
      <div class="filters">
        <Choice
          label="Person"
          every="Everybody"
          value={wanted.person}
          values={facets?.speakers ?? []}
          onChange={(person) => {
            show({ ...wanted, person });
          }}
        />
        <Choice
          label="Device"
          every="All devices"
          value={wanted.device}
          values={facets?.devices ?? []}
          onChange={(device) => {
            show({ ...wanted, device });
          }}
        />
        <Choice
          label="Tag"
          every="Any or none"
          value={wanted.tag}
          values={facets?.tags ?? []}
          onChange={(tag) => {
            show({ ...wanted, tag });
          }}
        />
        <DayRange
          days={wanted}
          onChange={({ from, to }) => {
            show({ ...wanted, from, to });
          }}
        />
      </div>
      <Check
        checked={wanted.starred}
        onChange={(starred) => {
          show({ ...wanted, starred });
        }}
      >
        Only conversations with a star
      </Check>
    </search>
  );
}

interface ChoiceProps {
  readonly label: string;
  /** The label for "no choice". */
  readonly every: string;
  readonly value: string;
  readonly values: readonly string[];
  readonly onChange: (value: string) => void;
}

/** Is disabled while there is nothing to choose; if it appeared later, the results below would move. */
function Choice({ label, every, value, values, onChange }: ChoiceProps) {
  const known = value === '' || values.includes(value) ? values : [value, ...values];
  return (
    <label class="field">
      <span>{label}</span>
      <select
        value={value}
        disabled={known.length === 0}
        onChange={({ currentTarget }) => {
          onChange(currentTarget.value);
        }}
      >
        <option value="">{every}</option>
        {known.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
}

function Hits({ result, query, isWhole }: { result: SearchResult; query: string; isWhole: boolean }) {
  const { hits, total } = result;
  const nothing = isWhole ? 'No results.' : 'No results so far.';
  // Without words, the filters alone choose conversations, and each is shown by its first matching sentence.
  const count = counted(total, query.trim() === '' ? 'conversation' : 'sentence');
  return (
    <section aria-label="Results">
      <p role="status">{total === 0 ? nothing : `${count}, the newest first`}</p>
      <ol class="conversations hits">
        {hits.map((hit) => (
          <Hit key={`${hit.conversation.id}/${hit.sentence.startedAt}/${hit.sentence.text}`} hit={hit} query={query} />
        ))}
      </ol>
    </section>
  );
}

function Hit({ hit: { conversation, sentence }, query }: { hit: SearchHit; query: string }) {
  const { id, title, deviceId, starred, tags } = conversation;
  const { startedAt, text, speaker } = sentence;
  return (
    <li>
      <a href={`${hrefs.conversation(id)}?at=${startedAt}`}>
        <span class="when">
          {clock(startedAt)}
          <small>{dayOfYear(startedAt)}</small>
        </span>
        <span class="what">
          <span class="said" dir="auto">
            <Marked text={text} marks={markWords(text, query)} />
          </span>
          <span class="overview-text" dir="auto">
            {title === null ? 'Conversation' : <Marked text={title} marks={markWords(title, query)} />}
            {starred && (
              <>
                <Glyph name="starred" size={16} />
                <span class="visually-hidden">starred</span>
              </>
            )}
            {tags.map((tag) => (
              <span key={tag} class="tag small">
                <bdi>{tag}</bdi>
              </span>
            ))}
          </span>
        </span>
        <span class="who">
          {speaker !== null && <bdi>{speaker}</bdi>}
          <small>
            <bdi>{deviceId}</bdi>
          </small>
        </span>
      </a>
    </li>
  );
}
