/**
 * A list of any length. Only rows near the visible part are in the page. The list is cut into chunks; a chunk that is out of sight becomes
 * an empty box of the same height, so rows may have any height.
 */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

const CHUNK_ROWS = 50;
/** The rows of a chunk are rendered if it is at most this far from the visible part, pixels. */
const NEAR = '800px';

/** What each box does when it comes near the visible part or leaves it. All boxes share one observer, because there may be hundreds. */
const whenSeen = new WeakMap<Element, (entry: IntersectionObserverEntry) => void>();
const observer = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) whenSeen.get(entry.target)?.(entry);
  },
  { rootMargin: NEAR },
);

export interface LongListProps<T> {
  readonly class: string;
  /** The newest item first. */
  readonly items: readonly T[];
  /** Renders one item as a list item with a key. */
  readonly row: (item: T) => ComponentChildren;
  /** Assumed height of a row that was never rendered, pixels. */
  readonly rowHeight: number;
}

export function LongList<T>({ items, ...props }: LongListProps<T>) {
  const chunks = Math.ceil(items.length / CHUNK_ROWS);
  // Chunks are counted from the oldest item, so a new item moves no other item to another chunk.
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
      // A chunk that has the focus stays rendered.
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
