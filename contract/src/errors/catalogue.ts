/**
 * Every error of the server: its code, its HTTP status, whether a retry helps, and a sentence for people. Codes are API: clients switch
 * on them, so they are never renamed. Errors of the client library alone are in clientErrors.ts.
 */

/**
 * Whether and how a retry helps.
 * - `never`: the same input gives the same answer; only other input helps.
 * - `later`: the same request may succeed after a wait (Retry-After, back-off).
 * - `operator`: the operator must act first; the audio is kept meanwhile.
 */
export type Remedy = 'never' | 'later' | 'operator';

interface CatalogueEntry {
  readonly status: number;
  readonly remedy: Remedy;
  readonly message: string;
}

export const CATALOGUE = {
  // Requests
  unauthenticated: {
    status: 401,
    remedy: 'never',
    message: 'Send a valid Firebase ID token as "Authorization: Bearer <token>".',
  },
  app_check_failed: { status: 401, remedy: 'never', message: 'Send a valid App Check token in "X-Firebase-AppCheck".' },
  permission_denied: { status: 403, remedy: 'never', message: 'This belongs to another user.' },
  job_not_found: { status: 404, remedy: 'never', message: 'There is no such job, or it is not yours.' },
  path_not_found: {
    status: 404,
    remedy: 'never',
    message: 'There is nothing at this address; docs/api.md lists the paths.',
  },
  method_not_allowed: { status: 405, remedy: 'never', message: 'This address does not accept that method.' },
  conversation_not_found: {
    status: 404,
    remedy: 'never',
    message: 'There is no such conversation, or it was deleted, or it is not yours.',
  },
  recording_not_found: {
    status: 404,
    remedy: 'never',
    message: 'There is no such recording, or it is not yours; see details.',
  },
  conversation_merged: {
    status: 409,
    remedy: 'never',
    message: 'The conversation was merged into another one; read that one first.',
  },
  conversation_of_other_device: {
    status: 400,
    remedy: 'never',
    message: 'The conversation is from another device, so the recordings cannot become part of it.',
  },
  speech_not_found: {
    status: 404,
    remedy: 'never',
    message: 'Nothing was said at that place; read the conversation again.',
  },
  conversations_not_mergeable: {
    status: 400,
    remedy: 'never',
    message: 'Only two conversations of one device, at most a day apart, can become one.',
  },
  sharing_off: {
    status: 403,
    remedy: 'operator',
    message: 'Sharing is switched off here; the operator can switch it on (SHARING).',
  },
  too_many_shares: { status: 409, remedy: 'never', message: 'Too many conversations are shared; withdraw some first.' },
  share_not_found: {
    status: 404,
    remedy: 'never',
    message: 'There is no such share: it was withdrawn, has expired, or its conversation was deleted.',
  },
  audio_not_found: {
    status: 404,
    remedy: 'never',
    message: 'There is no such audio: it is not shared, was not kept, or has been deleted.',
  },
  edit_not_found: { status: 404, remedy: 'never', message: 'There is no such edit, or it is not yours.' },
  invalid_request: { status: 400, remedy: 'never', message: 'The request is malformed; see details.' },
  invalid_multipart: {
    status: 400,
    remedy: 'never',
    message: 'The multipart body is broken or cut off; send it again whole.',
  },
  unsupported_media_type: { status: 415, remedy: 'never', message: 'Send the recordings as multipart/form-data.' },
  no_files: { status: 400, remedy: 'never', message: 'Send at least one recording in the field "files".' },
  too_many_files: { status: 413, remedy: 'never', message: 'Too many recordings in one request; send fewer.' },
  payload_too_large: {
    status: 413,
    remedy: 'never',
    message: 'The request is too large; send fewer recordings, or use createSyncJob and upload to Storage.',
  },
  idempotency_conflict: {
    status: 409,
    remedy: 'never',
    message: 'This Idempotency-Key was used with other content; use a new key for new content.',
  },
  fair_use_restricted: {
    status: 429,
    remedy: 'later',
    message: 'New uploads of this user are not accepted at the moment; wait as long as Retry-After says.',
  },
  too_many_jobs: {
    status: 429,
    remedy: 'later',
    message: 'Too many jobs of this user are under way; wait until one has ended.',
  },
  sign_up_not_allowed: {
    status: 403,
    remedy: 'never',
    message: 'This service does not admit your account; ask its operator, or sign in with another one.',
  },
  unavailable: {
    status: 503,
    remedy: 'later',
    message: 'The service is busy; try again after the time in Retry-After.',
  },
  internal: { status: 500, remedy: 'later', message: 'Something went wrong on our side; try again later.' },

  // Recordings
  invalid_recording: {
    status: 400,
    remedy: 'never',
    message: 'Some recordings are not valid; see details. Nothing was stored.',
  },
  bad_extension: {
    status: 400,
    remedy: 'never',
    message:
      'Only .bin recordings and audio files are accepted: .wav, .m4a, .mp4, .3gp, .mp3, .ogg, .opus, .webm, .mka, .flac, .aac, .amr, .caf, .aiff.',
  },
  bad_name: {
    status: 400,
    remedy: 'never',
    message:
      'Name it audio_{device}_{codec}_{sampleRate}_{channels}_fs{frameSize}_{timestamp}.bin, or end the name in _{timestamp} or a date and time.',
  },
  bad_timestamp: {
    status: 400,
    remedy: 'never',
    message: 'The capture time in the name is before 2024 or in the future; set the device clock or clock_offset_ms.',
  },
  duplicate_name: { status: 400, remedy: 'never', message: 'Two recordings in this request have the same name.' },
  empty_recording: { status: 400, remedy: 'never', message: 'The recording has no bytes.' },
  recording_too_large: {
    status: 413,
    remedy: 'never',
    message: 'The recording has more bytes than one recording may have.',
  },
  recording_too_long: {
    status: 400,
    remedy: 'never',
    message: 'The recording claims more audio than one recording may hold.',
  },
  recording_missing: {
    status: 404,
    remedy: 'never',
    message: 'The staged recording is gone from Storage; upload it again.',
  },
  recording_unprocessable: {
    status: 503,
    remedy: 'later',
    message: 'Reading the recording ended its worker twice; its audio is kept, and the job can be retried by hand.',
  },
  recording_corrupt: { status: 400, remedy: 'never', message: 'No audio could be decoded from the recording.' },
  decoder_unavailable: {
    status: 503,
    remedy: 'operator',
    message: 'No ffmpeg that runs is installed for this kind of audio; install ffmpeg-static or set FFMPEG_PATH.',
  },

  // Transcription
  transcription_rejected: {
    status: 400,
    remedy: 'never',
    message: 'The transcription service refused this audio, and would refuse it again.',
  },
  transcription_unavailable: {
    status: 503,
    remedy: 'later',
    message:
      'The transcription service does not answer properly at the moment; the audio is kept, and the job tries again.',
  },
  transcription_rate_limited: {
    status: 429,
    remedy: 'later',
    message: 'The transcription service limits our requests at the moment; the audio is kept, and the job tries again.',
  },
  transcription_not_configured: {
    status: 503,
    remedy: 'operator',
    message:
      'The transcription service refuses our key or a setting, or its credit is used up; the audio is kept until the operator acts.',
  },
  language_not_supported_locally: {
    status: 503,
    remedy: 'operator',
    message:
      'The recogniser in the functions does not know this language; the audio is kept until the operator sets TRANSCRIBER to a service that does.',
  },

  // Storage
  storage_unavailable: {
    status: 503,
    remedy: 'later',
    message: 'Cloud Storage does not answer properly at the moment; the audio is kept there, and the job tries again.',
  },
  storage_not_permitted: {
    status: 503,
    remedy: 'operator',
    message: 'The service may not read its own recordings in Cloud Storage; they are kept until the operator acts.',
  },

  // Jobs
  capture_ahead: {
    status: 425,
    remedy: 'later',
    message:
      'A capture time lies ahead of our clock; the job waits until it has come. Set the device clock or clock_offset_ms.',
  },
  daily_budget_used: {
    status: 429,
    remedy: 'later',
    message: 'Your daily limit is used up. Accepted audio is kept, and processing continues at midnight UTC.',
  },
  project_budget_used: {
    status: 429,
    remedy: 'later',
    message:
      'The daily limit of this service is used up. Accepted audio is kept, and processing continues at midnight UTC.',
  },
  attempts_exhausted: {
    status: 503,
    remedy: 'later',
    message: 'The job failed too many times in a row. Its audio is kept; retry the job later.',
  },
  duplicate_in_progress: {
    status: 409,
    remedy: 'later',
    message: 'Another job is processing the same recording; this job waits until that one has ended.',
  },
  job_not_finished: {
    status: 409,
    remedy: 'later',
    message: 'The job is still under way; wait until it has ended.',
  },
  job_not_retryable: { status: 409, remedy: 'never', message: 'No recording of this job can be retried.' },
  job_cancelled: { status: 409, remedy: 'never', message: 'The job was cancelled.' },
  upload_mismatch: {
    status: 409,
    remedy: 'later',
    message: 'The object that arrived does not match the manifest and was deleted; upload the recording again.',
  },
  upload_expired: {
    status: 409,
    remedy: 'never',
    message: 'The recording did not arrive in time; send it in a new job.',
  },
  retention_ended: {
    status: 410,
    remedy: 'never',
    message: 'The time for which audio is kept ended before the job could be done; its audio is deleted.',
  },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof CATALOGUE;

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(CATALOGUE, code);
}
