import type { Conversation, Job } from '../data/model.ts';
import { figuresOf } from '../domain/day.ts';
import { duration } from '../domain/time.ts';
import type { Span } from '../domain/timeline.ts';
import { grouped } from '../domain/counted.ts';
import { LedgerBar } from './ledger.tsx';

interface FiguresProps {
  /** All that may have recordings of the day. */
  readonly jobs: readonly Job[];
  /** Whether all of them were read, with their recordings: before, there is no sum. */
  readonly isWhole: boolean;
  /** Whether the service answers: what is not here may be there. */
  readonly isServed: boolean;
  readonly span: Span;
  readonly conversations: readonly Conversation[];
}

/** What was recorded, and what of it was billed. */
export function DayFigures({ jobs, isWhole, isServed, span, conversations }: FiguresProps) {
  const { ledger, billedSeconds } = figuresOf(jobs, span);
  const words = conversations.reduce((sum, { wordCount }) => sum + wordCount, 0);
  // The month counts them on the day on which they began.
  const earlier = conversations.filter(({ startedAt }) => startedAt < span.from).length;
  const isRecorded = isWhole && ledger.audioSeconds > 0;
  return (
    <section class="figures" aria-label="The day in figures">
      <dl>
        {isRecorded && <Figure label="recorded" value={duration(ledger.audioSeconds)} />}
        {isRecorded && (
          <Figure
            label="billed"
            value={duration(billedSeconds)}
            note={`${Math.round((billedSeconds / ledger.audioSeconds) * 100)} % of what was recorded`}
          />
        )}
        <Figure
          label={`${conversations.length === 1 ? 'conversation' : 'conversations'}${earlier === 0 ? '' : `, ${grouped(earlier)} from the day before`}`}
          value={grouped(conversations.length)}
        />
        <Figure label="words" value={grouped(words)} />
      </dl>
      {isRecorded && <LedgerBar ledger={ledger} />}
      {!isServed && (
        <p class="hint">
          This is what this device knows of the day: it may be a part of it.
          {!isRecorded && ' What was recorded is added up as soon as the service answers.'}
        </p>
      )}
      {!isWhole && isServed && <p class="hint">Adding up what was recorded …</p>}
      {isWhole && isServed && !isRecorded && (
        <p class="hint">The recordings of this day are no longer listed: a job is kept for some days after its end.</p>
      )}
    </section>
  );
}

function Figure({ label, value, note }: { label: string; value: string; note?: string }) {
  return (
    <div class="figure" title={note}>
      <dt>{label}</dt>
      <dd>{value}</dd>
    </div>
  );
}
