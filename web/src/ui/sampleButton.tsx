import { useState } from 'preact/hooks';
import { useApp } from './app.ts';
import { loadSampleDay } from '../sync/samples.ts';
import { addDays, dayOf, startOfDay } from '../domain/time.ts';
import { hrefs, navigate } from '../router.ts';
import { Glyph } from './icons.tsx';
import { tellProblem } from './toast.tsx';

/** Adds a sample day with one click. */
export function SampleButton({ primary = false }: { primary?: boolean }) {
  const { outbox } = useApp();
  const [busy, setBusy] = useState(false);
  const send = async (): Promise<void> => {
    const yesterday = startOfDay(addDays(dayOf(Date.now()), -1)) ?? 0;
    const [refusal] = await outbox.add(await loadSampleDay(yesterday));
    if (refusal !== undefined) throw new Error(`${refusal.name}: ${refusal.reason}`);
    navigate(hrefs.jobs);
  };
  return (
    <button
      class={primary ? 'button primary' : 'button'}
      aria-disabled={busy}
      onClick={() => {
        setBusy(true);
        send()
          .catch(tellProblem)
          .finally(() => {
            setBusy(false);
          });
      }}
    >
      <Glyph name="day" size={18} /> Send a sample day
    </button>
  );
}
