/** Starts the Deepgram stand-in inside the launcher. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { say } from '../console.ts';

export interface StandIn {
  readonly url: string;
  close(): Promise<void>;
}

/** @returns null while there is no stand-in in `dev/deepgram`. */
export async function startStandIn(port: number): Promise<StandIn | null> {
  const file = path.join(import.meta.dirname, '../deepgram/server.ts');
  if (!existsSync(file)) {
    say.note('There is no Deepgram stand-in yet: transcription will fail.');
    return null;
  }
  const { startDeepgramStandIn } = (await import(pathToFileURL(file).href)) as {
    startDeepgramStandIn: (options: { port: number }) => Promise<StandIn>;
  };
  return startDeepgramStandIn({ port });
}
