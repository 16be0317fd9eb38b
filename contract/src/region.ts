/**
 * Where the functions run where the setting FUNCTION_DEFAULT_REGION of the deployment names no other region, and where clients that are
 * told of no region call them. The local Emulator Suite always uses it.
 */
export const DEFAULT_REGION = 'us-central1';
