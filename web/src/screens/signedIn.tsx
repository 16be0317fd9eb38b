/** Everything after signing in. It is loaded separately, and loads Firebase when the first screen is painted. */
import { useEffect, useMemo } from 'preact/hooks';
import { NO_LIMIT, newestConversations, newestJobs, unfinishedJobs } from 'offline-audio-sync-contract';
import { AppContext, type AppData } from '../ui/app.ts';
import { prepareFormats } from '../domain/time.ts';
import { conversationOf, jobOf } from '../firebase/documents.ts';
import { JobFiles } from '../firebase/jobFiles.ts';
import { forget, liveQuery } from '../firebase/store.ts';
import { keepAwake } from '../record/awake.ts';
import { later } from '../nextTask.ts';
import { holdPage } from '../heldPage.ts';
import { once } from '../once.ts';
import { browserAudio, pageEvents } from '../record/browserAudio.ts';
import { Journal } from '../record/journal.ts';
import { checkKeeping } from '../record/keeping.ts';
import { openMicrophone } from '../record/microphone.ts';
import { Recorder } from '../record/recorder.ts';
import { route, type Route } from '../router.ts';
import { beforeLeaving, isEndedByFirebase, startSession, type SignedInUser } from '../session.ts';
import { deviceId } from '../sync/device.ts';
import { deletePlayed } from '../sync/playedAudio.ts';
import { openOutbox, type Outbox } from '../sync/outbox.ts';
import { Guard } from '../ui/guard.tsx';
import { useLive } from '../ui/live.ts';
import { Shell } from '../ui/shell.tsx';
import { tell, tellProblem, Toasts } from '../ui/toast.tsx';
import { ConversationScreen } from './conversation.tsx';
import { DayScreen, HomeScreen } from './day.tsx';
import { MonthScreen } from './month.tsx';
import { JobScreen } from './job.tsx';
import { JobsScreen } from './jobs.tsx';
import { BrokenScreen, NothingScreen } from './nothing.tsx';
import { RecordScreen } from './record.tsx';
import { SearchScreen } from './search.tsx';
import { SettingsScreen } from './settings.tsx';
import { UsageScreen } from './usage.tsx';

export default function SignedIn({ user }: { user: SignedInUser }) {
  const { uid } = user;
  const outbox = useMemo(() => openOutbox(uid, deviceId(), tellProblem), [uid]);
  const recorder = useMemo(() => openRecorder(uid, outbox), [outbox]);
  const finder = useMemo(() => once(async () => new (await import('../sync/finder.ts')).Finder(uid)), [uid]);
  const forgetOnce = useMemo(() => once(() => forgetRead({ uid, outbox, finder })), [outbox]);
  const jobFiles = useMemo(() => new JobFiles(uid), [uid]);
  const newest = useLive(`newest/${uid}`, () => liveQuery(newestConversations(uid, 1), conversationOf));
  const jobs = useLive(`jobs/${uid}`, () => liveQuery(newestJobs(uid), jobOf));
  const underWay = useLive(`under-way/${uid}`, () => liveQuery(unfinishedJobs(uid, NO_LIMIT), jobOf));
  useEffect(() => void prepareFormats(), []);
  useEffect(startSession, []);
  useEffect(() => {
    recover(recorder, outbox).catch(tellProblem);
    const forgetRetries = retryWhenItMayHelp(recorder, outbox);
    const removeTask = beforeLeaving(async () => {
      await recorder.stop();
      if (isEndedByFirebase()) await forgetOnce();
    });
    return () => {
      forgetRetries();
      removeTask();
      void recorder.stop().then(() => outbox.close());
    };
  }, [recorder, outbox]);
  const data: AppData = { uid, newest, jobs, underWay, jobFiles, outbox, finder, recorder, deviceId: deviceId() };

  const leaveNow = (): Promise<void> => signOut(recorder, forgetOnce).catch(tellProblem);

  return (
    <AppContext.Provider value={data}>
      <Shell user={user} onSignOut={leaveNow}>
        {/* Each screen has its own guard: if one fails, the others still work, and a recording continues. */}
        <Guard key={JSON.stringify(route.value)} instead={(problem) => <BrokenScreen problem={problem} />}>
          <Screen route={route.value} user={user} onSignOut={leaveNow} />
        </Guard>
      </Shell>
      <Toasts />
    </AppContext.Provider>
  );
}

function openRecorder(uid: string, outbox: Outbox): Recorder {
  const { wakeLock, storage } = navigator as Partial<Navigator>;
  const journal = new Journal(uid);
  return new Recorder({
    uid,
    deviceId: deviceId(),
    journal,
    checkKeeping: () => checkKeeping({ journal, storage }),
    openMicrophone: (events) => openMicrophone(browserAudio, events),
    pageEvents,
    keepAwake: (onChange) => {
      const letSleep = keepAwake({ wakeLock, page: document, onChange });
      const release = holdPage(() => {
        tell('There is a new version of the console: it is loaded when the recording ends.');
      });
      return () => {
        letSleep();
        release();
      };
    },
    deliver: async (name, audio) => {
      const [refusal] = await outbox.add([{ name, audio }]);
      if (refusal !== undefined) throw new Error(`A recording cannot be sent yet: ${refusal.reason} It is kept here.`);
    },
    isDelivered: (name) => outbox.recordings.value.some((recording) => recording.name === name),
    onProblem: tellProblem,
  });
}

async function recover(recorder: Recorder, outbox: Outbox): Promise<void> {
  await outbox.ready;
  const found = await recorder.recover();
  if (found > 0) tell('A recording that was interrupted is safe: it is sent with the others.');
}

/** Retries when the network is back, or when a recording was sent or removed, which frees storage. @returns a function that ends it */
function retryWhenItMayHelp(recorder: Recorder, outbox: Outbox): () => void {
  const retry = (): void => void recorder.retry();
  addEventListener('online', retry);
  const unwatch = outbox.recordings.subscribe(retry);
  return () => {
    removeEventListener('online', retry);
    unwatch();
  };
}

interface ScreenProps {
  readonly route: Route;
  readonly user: SignedInUser;
  readonly onSignOut: () => Promise<void>;
}

function Screen({ route: shown, user, onSignOut }: ScreenProps) {
  switch (shown.screen) {
    case 'home':
      return <HomeScreen />;
    case 'day':
      return <DayScreen key={shown.day} day={shown.day} />;
    case 'month':
      return <MonthScreen key={shown.month} month={shown.month} />;
    case 'conversation':
      return <ConversationScreen key={shown.id} id={shown.id} />;
    case 'record':
      return <RecordScreen />;
    case 'jobs':
      return <JobsScreen />;
    case 'job':
      return <JobScreen key={shown.id} id={shown.id} />;
    case 'usage':
      return <UsageScreen />;
    case 'search':
      return <SearchScreen />;
    case 'settings':
      return <SettingsScreen user={user} onSignOut={onSignOut} />;
    case 'shared': // app.tsx renders this screen, with or without a user.
    case 'nothing':
      return <NothingScreen />;
  }
}

/** Deletes from this browser what was read. Recordings that are not sent yet stay, and only this user can send them. */
async function forgetRead({ uid, outbox, finder }: Pick<AppData, 'uid' | 'outbox' | 'finder'>): Promise<void> {
  const forgetSearch = async (): Promise<void> => {
    await (await finder()).close();
    await (await import('../sync/finder.ts')).forgetIndex(uid);
  };
  const forgetting = [forget(outbox.close()), forgetSearch(), deletePlayed()];
  await Promise.race([Promise.allSettled(forgetting), later(FORGETTING_MS)]);
}

async function signOut(recorder: Recorder, forgetOnce: () => Promise<void>): Promise<void> {
  try {
    await recorder.stop();
    await forgetOnce();
  } finally {
    await (await import('../firebase/auth.ts')).leave(); // The session reacts to signing out, in this tab and in the others.
  }
}

/**
 * How long signing out waits for the deletion, milliseconds. The user is signed out even if a frozen tab or a hanging network delays it.
 */
const FORGETTING_MS = 5000;
