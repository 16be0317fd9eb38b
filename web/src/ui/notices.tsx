/** Being told when recordings are transcribed, while the console is open in a tab. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from './app.ts';
import { Check } from './choices.tsx';
import { tellProblem } from './toast.tsx';

const KEY = 'notices';

/** Not every browser, nor every page, has them. */
const canNotify = 'Notification' in globalThis;

const isWanted = (): boolean =>
  canNotify && localStorage.getItem(KEY) !== null && Notification.permission === 'granted';

/** When the last job under way has ended while nobody looks at the page. */
export function useNotices(): void {
  const { underWay } = useApp();
  const count = underWay.kind === 'ready' && !underWay.fromCache ? underWay.value.length : null;
  const before = useRef<number | null>(null);
  useEffect(() => {
    const isDone = count === 0 && (before.current ?? 0) > 0;
    if (count !== null) before.current = count;
    if (!isDone || !document.hidden || !isWanted()) return;
    new Notification('Your recordings are ready', { body: 'All that was sent is transcribed.', tag: 'ready' });
  }, [count]);
}

export function NoticeSettings() {
  const [wanted, setWanted] = useState(isWanted);
  const change = async (on: boolean): Promise<void> => {
    if (!on) {
      localStorage.removeItem(KEY);
      setWanted(false);
      return;
    }
    if ((await Notification.requestPermission()) !== 'granted')
      throw new Error('The browser does not let this site notify you: allow it in the settings of the browser.');
    localStorage.setItem(KEY, '1');
    setWanted(true);
  };
  return (
    <section class="card stack" aria-labelledby="notices">
      <h2 id="notices">Notices</h2>
      {canNotify ? (
        <Check
          checked={wanted}
          onChange={(on) => {
            change(on).catch(tellProblem);
          }}
        >
          Tell me on this device when all that was sent is transcribed
        </Check>
      ) : (
        <p class="hint">This browser has no notices for sites.</p>
      )}
      <p class="hint">The console has to be open in a tab for it. Apps on a phone are told by a push.</p>
    </section>
  );
}
