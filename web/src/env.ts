/** Where the console is: deployed, or beside a local Emulator Suite. */
import { DEFAULT_REGION } from 'offline-audio-sync-contract';

/** Of reCAPTCHA Enterprise, set when the console is built: App Check is used where there is one. */
export const appCheckSiteKey: string | null =
  (import.meta.env['VITE_APP_CHECK_SITE_KEY'] as string | undefined) ?? null;

/** Where the functions are called: `web/vite.config.ts` takes it from the settings of the functions when the console is built. */
export const functionsRegion: string =
  (import.meta.env['VITE_FUNCTIONS_REGION'] as string | undefined) ?? DEFAULT_REGION;

/** What `npm start` writes into the page (`dev/emulators/console.ts`): nothing of it is there when deployed. */
export interface LocalSuite {
  readonly auth: string;
  readonly firestore: string;
  readonly functions: string;
  readonly storage: string;
  /** The Emulator UI; null where it is not running. */
  readonly ui: string | null;
  /** What transcribes: `local`, `deepgram`, `openai`, or `stand-in`, which only knows the sample recordings. */
  readonly transcriber: string;
}

export const localSuite: LocalSuite | null = readLocalSuite();

export const isLocal = localSuite !== null;

function readLocalSuite(): LocalSuite | null {
  const content = document.querySelector<HTMLMetaElement>('meta[name="local-suite"]')?.content;
  return content === undefined ? null : (JSON.parse(content) as LocalSuite);
}

/** `http://127.0.0.1:9099` as what the SDKs' `connect…Emulator` take. */
export function hostAndPort(origin: string): [host: string, port: number] {
  const { hostname, port } = new URL(origin);
  return [hostname, Number(port)];
}
