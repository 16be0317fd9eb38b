/** What all screens share: the user, what is live from the server, what is on this device. */
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
  /** The newest one alone, or none. */
  readonly newest: Loaded<Conversation[]>;
  /** The newest jobs, in that order, without their recordings: see `useJobFiles`. */
  readonly jobs: Loaded<Job[]>;
  /** All that have not ended. */
  readonly underWay: Loaded<Job[]>;
  readonly jobFiles: JobFiles;
  readonly outbox: Outbox;
  /** Loaded at the first search. */
  readonly finder: () => Promise<Finder>;
  readonly recorder: Recorder;
  /** This browser, as recordings name it. */
  readonly deviceId: string;
}

export const AppContext = createContext<AppData | null>(null);

export function useApp(): AppData {
  const app = useContext(AppContext);
  if (app === null) throw new Error('Only screens of a signed-in user ask for this.');
  return app;
}
