/** What all screens share: the user, the live data of the server, and the recordings on this device. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Recorder } from '../record/recorder.ts';
import type { Finder } from '../sync/finder.ts';
import type { Outbox } from '../sync/outbox.ts';
import type { JobFiles } from '../firebase/jobFiles.ts';
import type { Loaded } from './live.ts';
import type { Conversation, Job } from '../data/model.ts';

export interface AppData {
  readonly uid: string;
  /** A list with only the newest conversation; empty if there is none. */
  readonly newest: Loaded<Conversation[]>;
  /** The newest jobs first, without their recordings: `useJobFiles` adds them. */
  readonly jobs: Loaded<Job[]>;
  /** All jobs that have not ended. */
  readonly underWay: Loaded<Job[]>;
  readonly jobFiles: JobFiles;
  readonly outbox: Outbox;
  /** Loads the search when it is used first. */
  readonly finder: () => Promise<Finder>;
  readonly recorder: Recorder;
  /** The device id that recordings of this browser carry in their names. */
  readonly deviceId: string;
}

export const AppContext = createContext<AppData | null>(null);

export function useApp(): AppData {
  const app = useContext(AppContext);
  if (app === null) throw new Error('Only screens of a signed-in user ask for this.');
  return app;
}
