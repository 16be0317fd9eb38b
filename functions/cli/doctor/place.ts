/** Where this package is deployed, by the settings. */
import * as z from 'zod';
import type { Google } from './google.ts';
import type { ProjectFiles } from './projectFiles.ts';

export const regionOf = ({ settings }: ProjectFiles): string => settings['FUNCTION_DEFAULT_REGION'] ?? '';
export const databaseOf = ({ settings }: ProjectFiles): string => settings['FIRESTORE_DATABASE'] ?? '(default)';
export const prefixOf = ({ installation }: ProjectFiles): string => installation?.prefix ?? '';

const sdkConfigSchema = z.object({ storageBucket: z.string().optional() });

/** The bucket of recordings: the one that is set, or the project's default one; null where there is none. */
export async function bucketOf(google: Google, { settings }: ProjectFiles): Promise<string | null> {
  const { RECORDINGS_BUCKET: set = '' } = settings;
  if (set !== '') return set;
  const config = await google.get('firebase', `v1beta1/projects/${google.project}/adminSdkConfig`, sdkConfigSchema);
  return config?.storageBucket ?? null;
}
