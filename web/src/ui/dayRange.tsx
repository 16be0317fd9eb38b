/** The first and the last day of what is wished for: both, one of them, or neither. */
import { dayOf, type DayKey } from '../domain/time.ts';

/** Nothing where it has no end. */
export interface Days {
  readonly from: DayKey;
  readonly to: DayKey;
}

/** No day is in it. */
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
