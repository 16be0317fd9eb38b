/**
 * The table of contents: every function that is deployed. Each has a file in `endpoints/` with its options, its dependencies and its
 * handler. Handlers load their dependencies with the first request, so that importing this file is cheap.
 */

// Declares roles and APIs for the deployment.
import './declareRequirements.ts';
// Must run before the framework that calls the functions.
import './http/plainBodies.ts';

/** `POST /v2/sync/upload` */
export { syncUpload } from './endpoints/syncUpload.ts';

/** `GET /v2/sync/status` */
export { syncStatus } from './endpoints/syncStatus.ts';

/** `GET /v2/sync/jobs` */
export { syncJobs } from './endpoints/syncJobs.ts';

/** Omi's API under `/v1` and `/v2`, if the operator has switched it on. Answers 404 to every other path there. */
export { omiApi } from './endpoints/omiApi.ts';

/** `GET /v2/sync/shared` */
export { sharedConversation } from './endpoints/sharedConversation.ts';

/** `GET /v2/sync/shared/audio` */
export { sharedAudio } from './endpoints/sharedAudio.ts';

/** `{files: [{name, size_bytes, md5?}], …}`: creates a job, and answers where in Storage the app uploads each recording to. */
export { createSyncJob } from './endpoints/createSyncJob.ts';

/** `{job_id}`: tries the failed recordings of a job again. */
export { retrySyncJob } from './endpoints/retrySyncJob.ts';

/** `{job_id}`: ends a job and deletes its audio. */
export { cancelSyncJob } from './endpoints/cancelSyncJob.ts';

/** `{job_ids}`: marks jobs as known to the app, so that it is not told of their end again. */
export { acknowledgeSyncJobs } from './endpoints/acknowledgeSyncJobs.ts';

/** `{conversation_id}`: deletes a conversation. No later upload of the same audio restores it. */
export { deleteConversation } from './endpoints/deleteConversation.ts';

/** `{conversation_id, edit}`: stores the user's correction beside the transcript, which does not change. */
export { editConversation } from './endpoints/editConversation.ts';

/** `{edit_id}`: undoes a correction. */
export { undoEdit } from './endpoints/undoEdit.ts';

/**
 * `{conversation_id, hours?, with_audio?}`: makes a link that shows a conversation without an account, until it expires or is
 * withdrawn.
 */
export { shareConversation } from './endpoints/shareConversation.ts';

/** `{share_id}`: ends a link. */
export { withdrawShare } from './endpoints/withdrawShare.ts';

/** `{conversations}`: imports conversations that were exported, from this project or another one. */
export { importConversations } from './endpoints/importConversations.ts';

/** `{what}`: deletes everything of the user, or only kept audio. The account stays. */
export { deleteEverything } from './endpoints/deleteEverything.ts';

/** `{job_id or names or conversation_id, offset_ms}`: moves recordings with a wrong date to the time at which they were made. */
export { redateRecordings } from './endpoints/redateRecordings.ts';

/** Checks an object that has arrived in Storage against its job's manifest. The last expected one starts the job. */
export { onRecordingStaged } from './endpoints/onRecordingStaged.ts';

/** Processes one job: the target of its Cloud Tasks. */
export { processSyncJob } from './endpoints/processSyncJob.ts';

/** Every 5 minutes: re-enqueues stuck jobs, ends expired ones, deletes orphaned objects. */
export { sweepSyncJobs } from './endpoints/sweepSyncJobs.ts';

/** Deletes the chunks and audio of a job whose document was deleted: by the sweeper, a TTL policy or in the Firebase console. */
export { onSyncJobDeleted } from './endpoints/onSyncJobDeleted.ts';

/** Cancels the unfinished uploads of an app that signed out or was removed. */
export { onDeviceDeleted } from './endpoints/onDeviceDeleted.ts';

/** Deletes everything of a user whose account was deleted. */
export { onUserDeleted } from './endpoints/onUserDeleted.ts';
