/** What all screens share: the user, what is live from the server, what is on this device. */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Recorder } from '../record/recorder.ts';
import type { Outbox } from '../sync/outbox.ts';
import type { Loaded } from './live.ts';
import type { Conversation, Job } from '../data/model.ts';

export interface AppData {
  readonly uid: string;
  /** The newest, in that order. */
  readonly conversations: Loaded<Conversation[]>;
  readonly jobs: Loaded<Job[]>;
  readonly outbox: Outbox;
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
