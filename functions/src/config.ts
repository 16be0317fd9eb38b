/** The only reader of configuration: parameters, secrets and limits. Set them in `functions/.env.<project>`. */
import { defineBoolean, defineInt, defineSecret, defineString, select } from 'firebase-functions/params';

export const deepgramApiKey = defineSecret('DEEPGRAM_API_KEY');

export const params = {
  deepgramBaseUrl: defineString('DEEPGRAM_BASE_URL', {
    default: 'https://api.deepgram.com',
    description: 'Where Deepgram answers; the local stand-in while developing.',
  }),
  deepgramConcurrency: defineInt('DEEPGRAM_CONCURRENCY', {
    default: 4,
    description: 'Deepgram requests one task has in flight at most.',
  }),
  conversationGapSeconds: defineInt('CONVERSATION_GAP_SECONDS', {
    default: 120,
    description: 'Speech separated by less than this is one conversation.',
  }),
  maxChunkMinutes: defineInt('MAX_CHUNK_MINUTES', {
    default: 10,
    description: 'Longest audio of one Deepgram request.',
  }),
  taskWorkSeconds: defineInt('TASK_WORK_SECONDS', {
    default: 780,
    description: 'After this long a task takes no new work and continues in a new one; two minutes below its timeout.',
  }),
  taskLeaseSeconds: defineInt('TASK_LEASE_SECONDS', {
    default: 60,
    description: 'How long a worker that died keeps its job from others; it renews three times in that.',
  }),
  defaultLanguage: defineString('DEFAULT_LANGUAGE', {
    default: 'multi',
    description: 'Language of speech where the user prefers none: a BCP-47 tag, or multi.',
  }),
  summaries: defineString('SUMMARIES', {
    default: 'extractive',
    description:
      'Titles and overviews of conversations: deepgram (its text intelligence for English, which it bills; everything else as extractive), extractive (a title in the speakers\u2019 own words, no overview, no cost), or off.',
    input: select(['extractive', 'deepgram', 'off']),
  }),
  jobRetentionDays: defineInt('JOB_RETENTION_DAYS', {
    default: 7,
    description: 'Days a finished job stays readable.',
  }),
  audioRetentionDays: defineInt('AUDIO_RETENTION_DAYS', {
    default: 30,
    description: 'Days after which a job that could not be finished is given up and its audio deleted.',
  }),
  uploadExpiryHours: defineInt('UPLOAD_EXPIRY_HOURS', {
    default: 24,
    description: 'Hours within which all recordings of a job must have arrived.',
  }),
  ffmpegPath: defineString('FFMPEG_PATH', {
    default: '',
    description: 'The ffmpeg binary for ordinary audio files; empty to use ffmpeg-static, or else the one on the PATH.',
  }),
  maxActiveJobs: defineInt('MAX_ACTIVE_JOBS', {
    default: 0,
    description: 'Jobs of one user that may be under way at once; 0 for any number.',
  }),
  dailySpeechMinutes: defineInt('DAILY_SPEECH_MINUTES', {
    default: 0,
    description:
      'Speech of one user that is transcribed in a day (UTC); the rest waits for the next. 0 for any amount.',
  }),
  throttledSpeechMinutes: defineInt('THROTTLED_SPEECH_MINUTES', {
    default: 0,
    description: 'The same for users whose fairUse stage is throttled; 0 for as much as anybody.',
  }),
  enforceAppCheck: defineBoolean('ENFORCE_APP_CHECK', {
    default: false,
    description: 'Refuse requests without a valid App Check token.',
  }),
};

/** Whether this runs in the Emulator Suite, where there is no FCM to send to. */
export const IS_EMULATOR = process.env['FUNCTIONS_EMULATOR'] === 'true';

/** Where every function runs. The other places that name it: docs/operations.md, "Another region". */
export const REGION = 'us-central1';

/** `timeoutSeconds` of the task function, and the dispatch deadline of its tasks: Cloud Tasks allows 30 minutes at most. */
export const TASK_TIMEOUT_SECONDS = 900;

/** Fixed by the platform or by good sense, not by the project that deploys this. */
export const LIMITS = {
  /**
   * The body of one request, bytes. The platform's own limit is 32 MiB, and what passes that never reaches a function: the
   * margin is where a client that sends a little too much still gets an answer in our own shape.
   */
  maxRequestBytes: 30 * 1024 * 1024,
  /** Recordings of one multipart request. */
  maxFilesPerRequest: 200,
  /** Recordings of one job: keeps the job document far below Firestore's 1 MiB. */
  maxFilesPerJob: 1000,
  /** Bytes of one recording. */
  maxRecordingBytes: 512 * 1024 * 1024,
  /** UTF-8 bytes of a recording's name: it is part of an object's path and of file names on disk. */
  maxNameBytes: 200,
  /** Audio one recording may claim, seconds: a day and an hour for daylight saving. */
  maxRecordingSeconds: 25 * 3600,
  /** Bytes of one frame of a `.bin` recording; a longer length prefix is corruption. */
  maxFrameBytes: 65_536,
  /** Oldest capture time taken: 2024-01-01T00:00:00Z, Unix milliseconds. */
  minCaptureMs: Date.UTC(2024, 0, 1),
  /** How far a device's clock may run ahead, milliseconds. */
  maxClockAheadMs: 5 * 60 * 1000,
  /** Gap up to which neighbouring recordings of one device are one run, milliseconds. */
  runGapMs: 2000,
} as const;
