/**
 * The region of the functions, unless the setting FUNCTION_DEFAULT_REGION names another one. Clients call it unless the app names
 * another one. The local Emulator Suite always uses it.
 */
export const DEFAULT_REGION = 'us-central1';

/** The address of a project's functions, without a slash at its end. */
export function functionsOrigin(region: string, projectId: string): string {
  return `https://${region}-${projectId}.cloudfunctions.net`;
}

/** The address of Cloud Storage for Firebase, without a slash at its end. */
export const STORAGE_ORIGIN = 'https://firebasestorage.googleapis.com';
