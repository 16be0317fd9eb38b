/** Settings that limit what a user, and all users together, may use. */
import { amount } from './intSetting.ts';

export const usageLimits = {
  maxActiveJobs: amount('MAX_ACTIVE_JOBS', 200, 'Jobs of one user that may be under way at once; 0 for any number.'),
  maxRunningJobs: amount(
    'MAX_RUNNING_JOBS',
    4,
    'Jobs of one user that are processed at once; the others wait in the order in which they were created. 0 for any number.',
  ),
  maxUnfinishedUploads: amount(
    'MAX_UNFINISHED_UPLOADS',
    20,
    'Jobs of one user whose recordings have not all arrived; 0 for any number.',
  ),
  dailyAudioMinutes: amount(
    'DAILY_AUDIO_MINUTES',
    2880,
    'Audio of one user, silence included, that is searched for speech in a day (UTC); the rest waits. 0 for any amount.',
  ),
  dailyUploadMegabytes: amount(
    'DAILY_UPLOAD_MEGABYTES',
    20_000,
    'Recordings and imported conversations of one user that are accepted in a day (UTC), in MB; a job counts 1 MiB at least, a recording 128 KiB, an imported segment or edit 16 KiB. 0 for any amount.',
  ),
  dailySharedAudioMegabytes: amount(
    'DAILY_SHARED_AUDIO_MEGABYTES',
    5000,
    'Kept audio of one user that is played by links in a day (UTC), in MB; 0 for any amount.',
  ),
  projectAudioMinutes: amount(
    'PROJECT_DAILY_AUDIO_MINUTES',
    28_800,
    'Audio of all users together that is searched for speech in a day (UTC); 0 for any amount.',
  ),
  projectSpeechMinutes: amount(
    'PROJECT_DAILY_SPEECH_MINUTES',
    6000,
    'Speech of all users together that is sent to transcription in a day (UTC): the ceiling of its bill. 0 for any amount.',
  ),
  projectUploadMegabytes: amount(
    'PROJECT_DAILY_UPLOAD_MEGABYTES',
    200_000,
    'Recordings and imported conversations of all users together that are accepted in a day (UTC), in MB, counted as for one user; 0 for any amount.',
  ),
  projectSharedAudioMegabytes: amount(
    'PROJECT_DAILY_SHARED_AUDIO_MEGABYTES',
    50_000,
    'Kept audio of all users together that is played by links in a day (UTC), in MB; 0 for any amount.',
  ),
  dailySpeechMinutes: amount(
    'DAILY_SPEECH_MINUTES',
    960,
    'Speech of one user that is transcribed in a day (UTC); the rest waits for the next. 0 for any amount.',
  ),
  throttledSpeechMinutes: amount(
    'THROTTLED_SPEECH_MINUTES',
    0,
    'The same for users whose fairUse stage is throttled; 0 for the limit of all users.',
  ),
};
