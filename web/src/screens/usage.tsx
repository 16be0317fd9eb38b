import { usageSince, userPath } from 'offline-audio-sync-contract';
import { useApp } from '../ui/app.ts';
import type { UsageDay } from '../data/model.ts';
import { grouped } from '../domain/counted.ts';
import { clock, duration, relativeDay, shortDay } from '../domain/time.ts';
import { daysOfUsage, sumUsage } from '../domain/usage.ts';
import { fairUseOf, usageOf } from '../firebase/documents.ts';
import { liveDocument, liveQuery } from '../firebase/store.ts';
import { useLive } from '../ui/live.ts';
import { useNow } from '../ui/now.ts';
import { Problem, Screen, Unreached, Waiting } from '../ui/screen.tsx';

const SHOWN_DAYS = 30;

export function UsageScreen() {
  const { uid } = useApp();
  const now = useNow(60_000);
  const days = daysOfUsage(now, SHOWN_DAYS);
  const first = days[0] ?? '';
  const usage = useLive(`usage/${uid}/${first}`, () => liveQuery(usageSince(uid, first), usageOf));
  return (
    <Screen title="Usage">
      <p class="lead">
        What was recorded and what transcription billed for it, by the day on which it was processed (UTC).
      </p>
      <FairUse />
      {usage.kind === 'failed' && <Problem error={usage.error} />}
      {usage.kind === 'loading' && <Waiting what="usage" />}
      {usage.kind === 'ready' &&
        (usage.fromCache && usage.value.length === 0 ? (
          <Unreached what="usage" />
        ) : (
          <Usage days={days} counted={usage.value} />
        ))}
    </Screen>
  );
}

/** The limit that the operator has set for this user; nothing if there is none. */
function FairUse() {
  const { uid } = useApp();
  const user = useLive(`user/${uid}`, () => liveDocument(userPath(uid), fairUseOf));
  const now = useNow(60_000);
  const limit = user.kind === 'ready' ? user.value : null;
  if (limit === null || limit.stage === 'none' || (limit.until !== null && limit.until < now)) return null;
  return (
    <div class="notice bad">
      <p>
        <b>
          {limit.stage === 'restricted'
            ? 'New uploads are paused for your account; accepted recordings are still processed.'
            : 'Less speech a day is transcribed for your account than usual; the rest waits for the next day.'}
        </b>
      </p>
      {limit.reason !== null && <p>{limit.reason}</p>}
      <p class="hint">
        {limit.until === null
          ? 'It has no end date: the operator of the service removes it.'
          : `Until ${relativeDay(limit.until, now)}, ${clock(limit.until)}.`}
      </p>
    </div>
  );
}

function Usage({ days, counted }: { days: readonly string[]; counted: readonly UsageDay[] }) {
  const total = sumUsage(counted);
  const byDay = new Map(counted.map((usage) => [usage.day, usage]));
  const most = Math.max(1, ...counted.map(({ audioSeconds }) => audioSeconds));
  return (
    <>
      <dl class="figures-row">
        <div class="figure">
          <dt>recorded, {SHOWN_DAYS} days</dt>
          <dd>{duration(total.audioSeconds)}</dd>
        </div>
        <div class="figure">
          <dt>speech</dt>
          <dd>{duration(total.speechSeconds)}</dd>
        </div>
        <div class="figure">
          <dt>billed</dt>
          <dd>{duration(total.billedSeconds)}</dd>
        </div>
        <div class="figure">
          <dt>requests</dt>
          <dd>{grouped(total.requests)}</dd>
        </div>
      </dl>
      <section aria-labelledby="by-day">
        <h2 id="by-day">By day</h2>
        <div class="usage-chart" aria-hidden="true">
          {days.map((day) => {
            const { audioSeconds = 0, billedSeconds = 0 } = byDay.get(day) ?? {};
            return (
              <div
                key={day}
                class="usage-day"
                title={`${day}: ${duration(audioSeconds)} recorded, ${duration(billedSeconds)} billed`}
              >
                <span class="usage-audio" style={{ height: `${(audioSeconds / most) * 100}%` }} />
                <span class="usage-billed" style={{ height: `${(billedSeconds / most) * 100}%` }} />
              </div>
            );
          })}
        </div>
        <div class="usage-scale" aria-hidden="true">
          <span>{shortDay(Date.parse(days[0] ?? ''))}</span>
          <span>{shortDay(Date.parse(days.at(-1) ?? ''))}</span>
        </div>
        <UsageTable counted={counted} />
      </section>
    </>
  );
}

function UsageTable({ counted }: { counted: readonly UsageDay[] }) {
  if (counted.length === 0) return <p class="empty">Nothing was counted in these days.</p>;
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Usage by day">
      <table>
        <thead>
          <tr>
            <th scope="col">Day</th>
            <th scope="col">Recorded</th>
            <th scope="col">Speech</th>
            <th scope="col">Billed</th>
            <th scope="col">Requests</th>
          </tr>
        </thead>
        <tbody>
          {[...counted].reverse().map(({ day, audioSeconds, speechSeconds, billedSeconds, requests }) => (
            <tr key={day}>
              <th scope="row">{day}</th>
              <td>{duration(audioSeconds)}</td>
              <td>{duration(speechSeconds)}</td>
              <td>{duration(billedSeconds)}</td>
              <td>{requests}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
