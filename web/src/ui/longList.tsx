/**
 * A list of any length: its rows are in the page only where they are near the window. It is cut into chunks; a chunk that is out of
 * sight is an empty box of the height that it had, so rows may be of any height.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

const CHUNK_ROWS = 50;
/** Chunks that are so near to the window have their rows, pixels. */
const NEAR = '800px';

/** What each box does when it comes near to the window, or goes. One observer for all of them: there may be hundreds. */
const whenSeen = new WeakMap<Element, (entry: IntersectionObserverEntry) => void>();
const observer = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) whenSeen.get(entry.target)?.(entry);
  },
  { rootMargin: NEAR },
);

export interface LongListProps<T> {
  readonly class: string;
  /** The newest first. */
  readonly items: readonly T[];
  /** The list item of one of them, with its key. */
  readonly row: (item: T) => ComponentChildren;
  /** Of a row that was never in the page, pixels. */
  readonly rowHeight: number;
}

export function LongList<T>({ items, ...props }: LongListProps<T>) {
  const chunks = Math.ceil(items.length / CHUNK_ROWS);
  // Counted from the oldest: an item that is added moves none of the others to another chunk.
  const chunkOf = (index: number): readonly T[] =>
    items.slice(Math.max(0, items.length - (index + 1) * CHUNK_ROWS), items.length - index * CHUNK_ROWS);
  return (
    <>
      {Array.from({ length: chunks }, (_, i) => chunks - 1 - i).map((index) => (
        <Chunk key={index} isFirst={index === chunks - 1} items={chunkOf(index)} {...props} />
      ))}
    </>
  );
}

function Chunk<T>({ class: name, items, row, rowHeight, isFirst }: LongListProps<T> & { readonly isFirst: boolean }) {
  const element = useRef<HTMLUListElement>(null);
  const height = useRef<number | null>(null);
  const [isNear, setIsNear] = useState(isFirst);
  useEffect(() => {
    const { current } = element;
    if (current === null) return undefined;
    whenSeen.set(current, (entry) => {
      // Who is at one of its buttons stays there.
      const isInUse = current.contains(document.activeElement);
      if (!entry.isIntersecting && !isInUse && current.childElementCount > 0)
        height.current = entry.boundingClientRect.height / current.childElementCount;
      setIsNear(entry.isIntersecting || isInUse);
    });
    observer.observe(current);
    return () => {
      observer.unobserve(current);
    };
  }, []);
  return isNear ? (
    <ul class={name} ref={element}>
      {items.map(row)}
    </ul>
  ) : (
    <ul
      class={name}
      ref={element}
      style={{ height: `${items.length * (height.current ?? rowHeight)}px` }}
      aria-hidden
    />
  );
}
