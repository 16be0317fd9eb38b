/** The emulators that are separate programs: firebase-tools downloads them when it first starts them. */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ROOT } from '../paths.ts';

const DOWNLOADED = ['firestore', 'storage'] as const;
export type DownloadedEmulator = (typeof DOWNLOADED)[number];

/** The part of firebase-tools' description of a download that says where the file will be. */
interface Download {
  readonly downloadPathRelativeToCacheDir: string;
  readonly binaryPathRelativeToCacheDir?: string;
}

export interface Downloads {
  /** The emulators that have not been downloaded yet. */
  readonly missing: readonly DownloadedEmulator[];
  /** Whether the Emulator UI has been downloaded. */
  readonly ui: boolean;
}

/** What firebase-tools would have to download. An emulator that `*_EMULATOR_BINARY_PATH` names counts as downloaded. */
export function findDownloads(env: NodeJS.ProcessEnv = process.env): Downloads {
  const cache = env['FIREBASE_EMULATORS_PATH'] ?? path.join(os.homedir(), '.cache', 'firebase', 'emulators');
  const wanted = JSON.parse(
    readFileSync(path.join(ROOT, 'node_modules/firebase-tools/lib/emulator/downloadableEmulatorInfo.json'), 'utf8'),
  ) as Record<DownloadedEmulator, Download> & { ui: { main: Download } };
  const isThere = ({ binaryPathRelativeToCacheDir, downloadPathRelativeToCacheDir }: Download): boolean =>
    existsSync(path.join(cache, binaryPathRelativeToCacheDir ?? downloadPathRelativeToCacheDir));
  const isNamed = (emulator: DownloadedEmulator): boolean =>
    env[`${emulator.toUpperCase()}_EMULATOR_BINARY_PATH`] !== undefined;
  return {
    missing: DOWNLOADED.filter((emulator) => !isNamed(emulator) && !isThere(wanted[emulator])),
    ui: isThere(wanted.ui.main),
  };
}

export interface EmulatorPrograms {
  /** Environment variables for firebase-tools. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether firebase-tools will download some. */
  readonly downloads: boolean;
}

/**
 * The emulators of the Google Cloud CLI if firebase-tools has not downloaded its own and the CLI is installed; else those of
 * firebase-tools.
 */
export async function chooseEmulatorPrograms(
  { missing }: Downloads,
  env: NodeJS.ProcessEnv = process.env,
): Promise<EmulatorPrograms> {
  const cli = missing.length === 0 ? null : findCloudCli(env);
  if (cli === null) return { env: {}, downloads: missing.length > 0 };
  const { findCloudCliEmulators, prepareOfflineBinaries } = await import('../offline/binaries.ts');
  const emulators = findCloudCliEmulators(cli);
  if (emulators === null) return { env: {}, downloads: true };
  return { env: prepareOfflineBinaries(missing, emulators), downloads: false };
}

/** The directory of the Google Cloud CLI: `gcloud` on the PATH is a link into its `bin`. */
function findCloudCli(env: NodeJS.ProcessEnv): string | null {
  for (const directory of (env['PATH'] ?? '').split(path.delimiter)) {
    const gcloud = path.join(directory, 'gcloud');
    if (existsSync(gcloud)) return path.resolve(realpathSync(gcloud), '..', '..');
  }
  return null;
}
