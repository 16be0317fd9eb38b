/** Where documents are in Firestore. */
export const JOBS = 'offline_sync_jobs';

/** Collection group of the pages of jobs' recordings. */
export const JOB_FILES = 'job_files';

export const jobPath = (jobId: string): string => `${JOBS}/${jobId}`;
export const chunksPath = (jobId: string): string => `${JOBS}/${jobId}/chunks`;
export const jobFilesPath = (jobId: string): string => `${JOBS}/${jobId}/${JOB_FILES}`;
export const userPath = (uid: string): string => `users/${uid}`;
export const conversationsPath = (uid: string): string => `users/${uid}/conversations`;
export const segmentsPath = (uid: string): string => `users/${uid}/segments`;
export const usagePath = (uid: string): string => `users/${uid}/usage`;
export const devicesPath = (uid: string): string => `users/${uid}/devices`;
export const editsPath = (uid: string): string => `users/${uid}/edits`;
export const keptAudioPath = (uid: string): string => `users/${uid}/audio`;

/** What users share by a link. */
export const SHARES = 'shared_conversations';
