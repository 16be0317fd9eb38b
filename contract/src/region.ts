/**
 * Where the functions run where the setting FUNCTION_DEFAULT_REGION of the deployment names no other region, and where clients that are
 * told of no region call them. The local Emulator Suite always uses it.
 */
export const DEFAULT_REGION = 'us-central1';

/** Where the functions of a project answer, without a slash at its end. */
export function functionsOrigin(region: string, projectId: string): string {
  return `https://${region}-${projectId}.cloudfunctions.net`;
}

/** Where Cloud Storage for Firebase answers, without a slash at its end. */
export const STORAGE_ORIGIN = 'https://firebasestorage.googleapis.com';
