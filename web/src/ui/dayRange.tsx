/** Two date fields, for the first and the last day of a range. Both may be empty. */
import { dayOf, type DayKey } from '../domain/time.ts';

/** An empty string means that the range has no limit on that side. */
export interface Days {
  readonly from: DayKey;
  readonly to: DayKey;
}

/** Whether the first day is after the last one, so that no day is in the range. */
export const isReversed = ({ from, to }: Days): boolean => from !== '' && to !== '' && from > to;

export function DayRange({ days, onChange }: { readonly days: Days; readonly onChange: (days: Days) => void }) {
  const today = dayOf(Date.now());
  return (
    <>
      {(['from', 'to'] as const).map((name) => (
        <label key={name} class="field">
          <span>{name === 'from' ? 'From' : 'To'}</span>
          <input
            type="date"
            value={days[name]}
            min={name === 'to' ? days.from : undefined}
            max={name === 'from' && days.to !== '' ? days.to : today}
            onChange={({ currentTarget }) => {
              onChange({ ...days, [name]: currentTarget.value });
            }}
          />
        </label>
      ))}
      {isReversed(days) && (
        <p class="reason" role="alert">
          The first of these days is later than the last one.
        </p>
      )}
    </>
  );
}
