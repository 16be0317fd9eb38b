/** The options of `onRecordingStaged`. */
export const { options: recordingStaged } = await knowingABucket(() => import('../src/endpoints/onRecordingStaged.ts'));

/** A trigger of Storage is declared for the project's bucket: it needs one to be named while it is loaded. */
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
