/** The options of `onRecordingStaged`. */
export const { options: recordingStaged } = await knowingABucket(() => import('../src/endpoints/onRecordingStaged.ts'));

/** Loads a module with a bucket named: a trigger of Storage needs the project's bucket while it is loaded. */
async function knowingABucket<Module>(load: () => Promise<Module>): Promise<Module> {
  const config = process.env['FIREBASE_CONFIG'];
  process.env['FIREBASE_CONFIG'] = '{"storageBucket":"bench"}';
  try {
    return await load();
  } finally {
    if (config === undefined) delete process.env['FIREBASE_CONFIG'];
    else process.env['FIREBASE_CONFIG'] = config;
  }
}
