/** Every setting, and what is derived from settings. Set them in `functions/.env.<project>`; keys are in secrets.ts. */
import { defineBoolean, defineString, select, storageBucket } from 'firebase-functions/params';
import { DEFAULT_REGION } from 'offline-audio-sync-contract';
import { boundedInt } from './intSetting.ts';
import type { Logger } from './logger.ts';
import { usageLimits } from './usageLimits.ts';

/** The values of TRANSCRIBER. `auto`: Deepgram if it has a key, otherwise the local recogniser. */
export const TRANSCRIBERS = ['auto', 'deepgram', 'local', 'openai'] as const;

/** Sizes of the local recogniser's models. */
export const LOCAL_MODEL_SIZES = ['tiny', 'base'] as const;
export type LocalModelSize = (typeof LOCAL_MODEL_SIZES)[number];

/**
 * `timeoutSeconds` of the task function, and the dispatch deadline of its tasks; Cloud Tasks allows 1800. Each attempt reads a
 * recording from its beginning, so a recording must be read within one task: 14 hours of stereo WebM, which decodes slowest; 68 hours
 * in one channel.
 */
export const TASK_TIMEOUT_SECONDS = 900;

export const params = {
  region: defineString('FUNCTION_DEFAULT_REGION', {
    default: DEFAULT_REGION,
    description: 'Where all functions and their task queue run. The bucket of Storage must be in reach of it.',
  }),
  database: defineString('FIRESTORE_DATABASE', {
    default: '(default)',
    description:
      'The Firestore database in which everything is kept. A second installation in one project needs its own.',
  }),
  recordingsBucket: defineString('RECORDINGS_BUCKET', {
    default: '',
    description:
      'The bucket that apps upload recordings to; empty for the default bucket of the project. A second installation in one project needs its own.',
  }),
  transcriber: defineString('TRANSCRIBER', {
    default: 'auto',
    description:
      'What turns speech into words: deepgram, local (in the functions themselves, English; no key, and no audio leaves the project), openai (any service with OpenAI\u2019s /audio/transcriptions), or auto (deepgram if it has a key, local if not). A deployment asks for the key of deepgram or openai only where that is named here.',
    input: select([...TRANSCRIBERS]),
  }),
  localModel: defineString('LOCAL_MODEL', {
    default: 'tiny',
    description:
      'Model of the local transcriber: tiny, or base, which makes a third fewer errors and takes twice the time.',
    input: select([...LOCAL_MODEL_SIZES]),
  }),
  deepgramModel: defineString('DEEPGRAM_MODEL', {
    default: 'nova-3',
    description: 'Deepgram\u2019s model. Languages and prices depend on it.',
  }),
  diarize: defineBoolean('DIARIZE', {
    default: true,
    description: 'Whether Deepgram tells speakers apart, which it may bill as an extra.',
  }),
  speakerContextSeconds: boundedInt('SPEAKER_CONTEXT_SECONDS', {
    default: 30,
    min: 0,
    max: 60,
    description:
      'Speech before each Deepgram request that is sent with it again, so that a voice keeps its number from one request to the next. At most 5 % of the speech, which Deepgram bills; 0 for none.',
  }),
  multichannel: defineBoolean('MULTICHANNEL', {
    default: false,
    description:
      'For recordings of calls with a channel for each side: Deepgram transcribes both channels separately, and each is a speaker. It bills both, so such speech costs twice and counts twice in the project\u2019s budget of speech. Two channels with the same sound, and other transcribers, get a mix.',
  }),
  deepgramOptions: defineString('DEEPGRAM_OPTIONS', {
    default: '',
    description:
      'More of Deepgram\u2019s options, as a query string of mip_opt_out, redact, numerals, profanity_filter, filler_words, measurements, dictation, replace and version: mip_opt_out=true&redact=pci. Empty, audio is under Deepgram\u2019s default terms, which allow training on it; mip_opt_out changes the price, and redact is billed as an extra.',
  }),
  openaiBaseUrl: defineString('OPENAI_BASE_URL', {
    default: 'https://api.openai.com/v1',
    description: 'Where the openai transcriber sends audio: the address before /audio/transcriptions.',
  }),
  openaiModel: defineString('OPENAI_MODEL', {
    default: 'whisper-1',
    description: 'Its model, one that gives times of words.',
  }),
  deepgramBaseUrl: defineString('DEEPGRAM_BASE_URL', {
    default: 'https://api.deepgram.com',
    description: 'Where Deepgram answers; the local stand-in while developing.',
  }),
  deepgramConcurrency: boundedInt('DEEPGRAM_CONCURRENCY', {
    default: 4,
    min: 1,
    // Chunks in flight are in memory.
    max: 32,
    description: 'Deepgram requests one task has in flight at most.',
  }),
  projectRequests: boundedInt('PROJECT_TRANSCRIPTION_REQUESTS', {
    default: 100,
    min: 0,
    max: 10_000,
    description:
      'Requests that all tasks together have in flight at the transcription service: its limit for your project, 100 at Deepgram. 0 for any number.',
  }),
  conversationGapSeconds: boundedInt('CONVERSATION_GAP_SECONDS', {
    default: 120,
    min: 1,
    max: 24 * 3600,
    description: 'Speech separated by less than this is one conversation.',
  }),
  maxChunkMinutes: boundedInt('MAX_CHUNK_MINUTES', {
    default: 10,
    min: 1,
    // The words of a request are one document of at most 1 MiB, about 11,000: speech does not have 550 words in a minute.
    max: 20,
    description: 'Longest audio of one Deepgram request.',
  }),
  taskWorkSeconds: boundedInt('TASK_WORK_SECONDS', {
    default: 780,
    min: 1,
    max: TASK_TIMEOUT_SECONDS - 120,
    description: 'After this long a task takes no new work and continues in a new one; two minutes below its timeout.',
  }),
  taskLeaseSeconds: boundedInt('TASK_LEASE_SECONDS', {
    default: 60,
    min: 3,
    max: 600,
    description: 'How long a worker that died keeps its job from others; it renews three times in that.',
  }),
  defaultLanguage: defineString('DEFAULT_LANGUAGE', {
    default: 'multi',
    description: 'Language of speech where the user prefers none: a BCP-47 tag, or multi.',
  }),
  languageHints: defineBoolean('LANGUAGE_HINTS', {
    default: true,
    description:
      'Where multi is asked for, tell it the language that the user prefers (language_hint); it recognises others as well.',
  }),
  summaries: defineString('SUMMARIES', {
    default: 'extractive',
    description:
      'Titles and overviews of conversations: deepgram (its text intelligence for English, which it bills; everything else as extractive), extractive (a title in the speakers\u2019 own words, no overview, no cost), or off.',
    input: select(['extractive', 'deepgram', 'off']),
  }),
  jobRetentionDays: boundedInt('JOB_RETENTION_DAYS', {
    default: 7,
    min: 1,
    max: 365,
    description: 'Days a finished job stays readable.',
  }),
  audioRetentionDays: boundedInt('AUDIO_RETENTION_DAYS', {
    default: 30,
    min: 1,
    max: 365,
    description: 'Days after which a job that could not be finished is given up and its audio deleted.',
  }),
  keepAudioDays: boundedInt('KEEP_AUDIO_DAYS', {
    default: 0,
    min: 0,
    max: 3650,
    description:
      'Days that the speech of conversations is kept, so that its owner can listen to it: about 12 MB an hour of Opus. 0 to keep none.',
  }),
  uploadExpiryHours: boundedInt('UPLOAD_EXPIRY_HOURS', {
    default: 24,
    min: 1,
    max: 30 * 24,
    description:
      'Hours without an arrival after which an upload has ended: what has arrived is processed, the rest fails.',
  }),
  decoder: defineString('DECODER', {
    default: 'auto',
    description:
      'What decodes ordinary audio files: sandbox (WebAssembly), ffmpeg (the native program), or auto: the sandbox, and ffmpeg for what the sandbox does not know.',
    input: select(['auto', 'sandbox', 'ffmpeg']),
  }),
  ffmpegPath: defineString('FFMPEG_PATH', {
    default: '',
    description: 'The ffmpeg binary for ordinary audio files; empty to use ffmpeg-static, or else the one on the PATH.',
  }),
  ...usageLimits,
  signUp: defineString('SIGN_UP', {
    default: 'open',
    description:
      'Who may use the service: open (everybody with an account), verified (a verified e-mail address or telephone number), domains (a verified address of SIGN_UP_DOMAINS), claim (the custom claim offlineSync), or closed (nobody).',
    input: select(['open', 'verified', 'domains', 'claim', 'closed']),
  }),
  signUpDomains: defineString('SIGN_UP_DOMAINS', {
    default: '',
    description: 'Domains of e-mail addresses that SIGN_UP=domains admits, separated by commas.',
  }),
  omiApi: defineBoolean('OMI_API', {
    default: false,
    description:
      'Serve the part of Omi\u2019s API that uploads recordings and reads what became of them (docs/omi.md), for apps that speak it.',
  }),
  sharing: defineBoolean('SHARING', {
    default: false,
    description: 'Whether users may share a conversation by a link, which is read without an account.',
  }),
  enforceAppCheck: defineBoolean('ENFORCE_APP_CHECK', {
    default: false,
    description: 'Refuse requests without a valid App Check token.',
  }),
};

/** The region of every function, for its options: firebase-tools inserts the setting's value. */
export const region = params.region;

/** The bucket of recordings, for the options of its trigger. */
export const bucketExpression = params.recordingsBucket.equals('').thenElse(storageBucket, params.recordingsBucket);

/** The region in which this instance runs. */
export const ownRegion = (): string => region.value() || DEFAULT_REGION;

/**
 * The prefix of all functions' deployed names; empty in most projects. A kit's has its instance; that of a codebase (`prefix` in
 * firebase.json) follows from the names of the running function.
 * @param env of a running function: `FUNCTION_TARGET` as it is exported, `K_SERVICE` as it is deployed (its letters may be small).
 */
export function functionPrefix(env: Readonly<Record<string, string | undefined>>): string {
  const { FIREBASE_KIT_INSTANCE_ID: instance, K_SERVICE: service = '', FUNCTION_TARGET: target = '' } = env;
  if (instance !== undefined && instance !== '') return `kit-${instance}-`;
  const isPrefixed = target !== '' && service.toLowerCase().endsWith(`-${target.toLowerCase()}`);
  return isPrefixed ? service.slice(0, -target.length) : '';
}

/** Whether this runs in the Emulator Suite, where there is no FCM to send to. */
export const IS_EMULATOR = process.env['FUNCTIONS_EMULATOR'] === 'true';

/** The size of the local model; tiny if the setting is unknown. */
export function localModelSize(logger: Logger): LocalModelSize {
  const setting = params.localModel.value();
  const size = LOCAL_MODEL_SIZES.find((each) => each === setting);
  if (size === undefined) logger.error('setting.unknown_model', { stage: 'configure' });
  return size ?? 'tiny';
}

const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;

/** An upload ends after this long without an arrival, milliseconds. */
export const uploadExpiryMs = (): number => params.uploadExpiryHours.value() * HOUR_MS;

/** How long the audio of an unfinished job is kept, milliseconds. */
export const audioRetentionMs = (): number => params.audioRetentionDays.value() * DAY_MS;

/** How long audio is kept to be played, milliseconds; 0 to keep none. */
export const keepAudioMs = (): number => params.keepAudioDays.value() * DAY_MS;

/** How long an ended job is kept, milliseconds. */
export const jobRetentionMs = (): number => params.jobRetentionDays.value() * DAY_MS;

/** How long an unfinished job is kept, milliseconds: until its audio is deleted, and then as long as any ended job. */
export const unfinishedRetentionMs = (): number => audioRetentionMs() + jobRetentionMs();
