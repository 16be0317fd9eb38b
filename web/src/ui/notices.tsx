/** Notifies the user when recordings are transcribed, while the console is open in a tab. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { endedJobs } from '../domain/endedJobs.ts';
import { readyText } from '../domain/jobText.ts';
import { useApp } from './app.ts';
import { Check } from './choices.tsx';
import { tellProblem } from './toast.tsx';

const KEY = 'notices';

/** Notifications are missing in some browsers and on some pages. */
const canNotify = 'Notification' in globalThis;

const isWanted = (): boolean =>
  canNotify && localStorage.getItem(KEY) !== null && Notification.permission === 'granted';

/** Shows a notification when the last job in progress has ended while the page is in the background. */
export function useNotices(): void {
  const { underWay, jobs } = useApp();
  /** Jobs that were seen in progress and whose end was not notified yet: when each was created, by id. */
  const watched = useRef(new Map<string, number>());
  useEffect(() => {
    if (underWay.kind !== 'ready' || underWay.fromCache || jobs.kind !== 'ready') return;
    for (const { id, createdAt } of underWay.value) watched.current.set(id, createdAt);
    if (underWay.value.length > 0 || watched.current.size === 0) return;
    const ended = endedJobs(watched.current, jobs.value);
    if (ended === null) return;
    watched.current.clear();
    if (document.hidden && isWanted()) notify(readyText(ended)).catch(tellProblem);
  }, [underWay, jobs]);
}

async function notify(body: string): Promise<void> {
  const title = 'Your recordings are ready';
  const options = { body, tag: 'ready', icon: '/icon-192.png' };
  // Browsers on phones allow only a service worker to show notifications.
  const worker = await (navigator as Partial<Navigator>).serviceWorker?.getRegistration();
  if (worker === undefined) new Notification(title, options);
  else await worker.showNotification(title, options);
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
      <h2 id="notices">Notifications</h2>
      {canNotify ? (
        <Check
          checked={wanted}
          onChange={(on) => {
            change(on).catch(tellProblem);
          }}
        >
          Notify me on this device when all recordings are transcribed
        </Check>
      ) : (
        <p class="hint">This browser does not support notifications.</p>
      )}
      <p class="hint">
        The console has to be open in a tab. You are not notified while you look at it. Apps on a phone get a push.
      </p>
    </section>
  );
}
