import type { Conversation, DayFigures as Figures } from '../data/model.ts';
import { duration } from '../domain/time.ts';
import type { Span } from '../domain/timeline.ts';
import { grouped } from '../domain/counted.ts';
import { LedgerBar } from './ledger.tsx';
import { useIsLate, useOnline } from './now.ts';

interface FiguresProps {
  /** Null until they are added up. */
  readonly figures: Figures | null;
  readonly span: Span;
  readonly conversations: readonly Conversation[];
}

/** How much was recorded, and how much of that was billed. It takes the same room before the sums are known, so that nothing below it moves. */
export function DayFigures({ figures, span, conversations }: FiguresProps) {
  const words = conversations.reduce((sum, { wordCount }) => sum + wordCount, 0);
  // The calendar counts these conversations on the day on which they began.
  const earlier = conversations.filter(({ startedAt }) => startedAt < span.from).length;
  const isRecorded = figures === null || figures.ledger.audioSeconds > 0;
  return (
    <section class="figures" aria-label="The day in figures" aria-busy={figures === null}>
      <dl>
        {isRecorded && <Figure label="recorded" value={figures && duration(figures.ledger.audioSeconds)} />}
        {isRecorded && (
          <Figure
            label="billed"
            value={figures && duration(figures.billedSeconds)}
            note={
              figures &&
              `${Math.round((figures.billedSeconds / figures.ledger.audioSeconds) * 100)} % of what was recorded`
            }
          />
        )}
        <Figure
          label={`${conversations.length === 1 ? 'conversation' : 'conversations'}${earlier === 0 ? '' : `, ${grouped(earlier)} from the day before`}`}
          value={grouped(conversations.length)}
        />
        <Figure label="words" value={grouped(words)} />
      </dl>
      {figures !== null && <LedgerBar ledger={figures.ledger} />}
      {figures === null && (
        <div class="ledger">
          <div class="ledger-bar">
            <span class="part open" style={{ flexGrow: 1 }} />
          </div>
          <p class="hint">Adding up what was recorded …</p>
        </div>
      )}
      {!isRecorded && (
        <p class="hint">The recordings of this day are no longer listed: a job is kept for some days after its end.</p>
      )}
    </section>
  );
}

/** Says that the day may be incomplete. It stands at the end of the day, and its style keeps it in view, so that nothing moves. */
export function KnownHere({ isServed }: { isServed: boolean }) {
  const isOnline = useOnline();
  const isLate = useIsLate(!isServed);
  if (isServed || (isOnline && !isLate)) return null;
  return (
    <p class="notice in-view" role="status">
      This is what this device knows of the day: it may be a part of it. It is completed as soon as the service answers.
    </p>
  );
}

/** @param value null where it is not known yet */
function Figure({ label, value, note }: { label: string; value: string | null; note?: string | null }) {
  return (
    <div class="figure" title={note ?? undefined}>
      <dt>{label}</dt>
      <dd>{value ?? '…'}</dd>
    </div>
  );
}
