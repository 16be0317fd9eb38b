/**
 * The deployed functions: the table of contents. Each is one file of `endpoints/`, which has its options, what it is made of and its
 * way in. What handlers need is loaded with the first request, so that reading this file costs little.
 */

// Roles and APIs, for the deployment.
import './declareRequirements.ts';
// Before the framework that calls the functions.
import './http/plainBodies.ts';

/** `POST /v2/sync/upload` */
export { syncUpload } from './endpoints/syncUpload.ts';

/** `GET /v2/sync/status` */
export { syncStatus } from './endpoints/syncStatus.ts';

/** `GET /v2/sync/jobs` */
export { syncJobs } from './endpoints/syncJobs.ts';

/** `/v1` and `/v2` of Omi's API, where the operator serves it; every other path there is not found. */
export { omiApi } from './endpoints/omiApi.ts';

/** `GET /v2/sync/shared` */
export { sharedConversation } from './endpoints/sharedConversation.ts';

/** `GET /v2/sync/shared/audio` */
export { sharedAudio } from './endpoints/sharedAudio.ts';

/** `{files: [{name, size_bytes, md5?}], …}`: a job, and where in Storage its recordings are to be uploaded to. */
export { createSyncJob } from './endpoints/createSyncJob.ts';

/** `{job_id}`: what failed is tried again. */
export { retrySyncJob } from './endpoints/retrySyncJob.ts';

/** `{job_id}`: the job ends, and its audio is deleted. */
export { cancelSyncJob } from './endpoints/cancelSyncJob.ts';

/** `{job_ids}`: the app knows how these ended. */
export { acknowledgeSyncJobs } from './endpoints/acknowledgeSyncJobs.ts';

/** `{conversation_id}`: what was said is deleted, and stays deleted. */
export { deleteConversation } from './endpoints/deleteConversation.ts';

/** `{conversation_id, edit}`: its user corrects it; what was heard stays. */
export { editConversation } from './endpoints/editConversation.ts';

/** `{edit_id}`: a correction is taken back. */
export { undoEdit } from './endpoints/undoEdit.ts';

/** `{conversation_id, hours?, with_audio?}`: a link that shows it without an account, until it expires or is withdrawn. */
export { shareConversation } from './endpoints/shareConversation.ts';

/** `{share_id}`: the link shows nothing more. */
export { withdrawShare } from './endpoints/withdrawShare.ts';

/** `{conversations}`: what was taken along, here or elsewhere, comes in. */
export { importConversations } from './endpoints/importConversations.ts';

/** `{what}`: everything of the user, or their kept audio, is deleted; the account stays. */
export { deleteEverything } from './endpoints/deleteEverything.ts';

/** `{job_id or names or conversation_id, offset_ms}`: recordings of a wrong clock go to the time at which they were made. */
export { redateRecordings } from './endpoints/redateRecordings.ts';

/** An object arrived in Storage: it is checked against its job; the last expected one starts the job. */
export { onRecordingStaged } from './endpoints/onRecordingStaged.ts';

/** The task of one job. */
export { processSyncJob } from './endpoints/processSyncJob.ts';

/** Every 5 minutes: re-enqueues stuck jobs, ends expired ones, deletes orphaned objects. */
export { sweepSyncJobs } from './endpoints/sweepSyncJobs.ts';

/** A job was deleted, by the sweeper, a TTL policy, the console or an app: its chunks and its audio are deleted. */
export { onSyncJobDeleted } from './endpoints/onSyncJobDeleted.ts';

/** An app signed out or was removed: uploads that it does not continue are cancelled. */
export { onDeviceDeleted } from './endpoints/onDeviceDeleted.ts';

/** An account was deleted: everything of its user is deleted. */
export { onUserDeleted } from './endpoints/onUserDeleted.ts';
