import type { TextRange } from 'offline-audio-sync-client/search';

/** A text in which some ranges are highlighted. */
export function Marked({ text, marks }: { text: string; marks: readonly TextRange[] }) {
  if (marks.length === 0) return <>{text}</>;
  return (
    <>
      {marks.map(({ start, end }, index) => (
        <>
          {text.slice(marks[index - 1]?.end ?? 0, start)}
          <mark>{text.slice(start, end)}</mark>
        </>
      ))}
      {text.slice(marks.at(-1)?.end)}
    </>
  );
}
