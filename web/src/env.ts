/** Where the console runs: deployed, or beside a local Emulator Suite. */
import { DEFAULT_REGION } from 'offline-audio-sync-contract';

/** The site key of reCAPTCHA Enterprise. It is set when the console is built; App Check is used only if there is one. */
export const appCheckSiteKey: string | null =
  (import.meta.env['VITE_APP_CHECK_SITE_KEY'] as string | undefined) ?? null;

/** The region of the functions. `web/vite.config.ts` takes it from the settings of the functions when the console is built. */
export const functionsRegion: string =
  (import.meta.env['VITE_FUNCTIONS_REGION'] as string | undefined) ?? DEFAULT_REGION;

/** What `npm start` writes into the page (`dev/emulators/console.ts`). A deployed page has none of it. */
export interface LocalSuite {
  readonly auth: string;
  readonly firestore: string;
  readonly functions: string;
  readonly storage: string;
  /** Address of the Emulator UI; null if it is not running. */
  readonly ui: string | null;
  /** The transcriber: `local`, `deepgram`, `openai`, or `stand-in`, which knows only the sample recordings. */
  readonly transcriber: string;
}

export const localSuite: LocalSuite | null = readLocalSuite();

export const isLocal = localSuite !== null;

function readLocalSuite(): LocalSuite | null {
  const content = document.querySelector<HTMLMetaElement>('meta[name="local-suite"]')?.content;
  return content === undefined ? null : (JSON.parse(content) as LocalSuite);
}

/** Splits an origin such as `http://127.0.0.1:9099` into the arguments that the `connect…Emulator` functions of the SDKs take. */
export function hostAndPort(origin: string): [host: string, port: number] {
  const { hostname, port } = new URL(origin);
  return [hostname, Number(port)];
}
