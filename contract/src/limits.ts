/** Limits that are fixed by the platform or by good sense. They are no settings of a project. */
import { FRAMING } from './format.ts';

export const LIMITS = {
  /**
   * The body of one request, bytes. The platform's own limit is 32 MiB: a larger request never reaches a function. Between the two, a
   * client that sends too much gets an answer in our own shape.
   */
  maxRequestBytes: 30 * 1024 * 1024,
  /** Recordings of one multipart request. */
  maxFilesPerRequest: 200,
  /** Recordings of one job. Keeps the job's document far below Firestore's 1 MiB. */
  maxFilesPerJob: 1000,
  /** Bytes of one recording. */
  maxRecordingBytes: 512 * 1024 * 1024,
  /** UTF-8 bytes of a recording's name, which is part of object paths and of file names on disk. */
  maxNameBytes: 200,
  /** Audio one recording may claim, seconds: a day, and an hour for daylight saving. */
  maxRecordingSeconds: 25 * 3600,
  /** Bytes of one frame of a `.bin` recording. A larger length counts as damage. */
  maxFrameBytes: FRAMING.maxFrameBytes,
  /** Oldest capture time that is accepted: 2024-01-01T00:00:00Z, Unix milliseconds. */
  minCaptureMs: Date.UTC(2024, 0, 1),
  /** How far a device's clock may run ahead, milliseconds. */
  maxClockAheadMs: 5 * 60 * 1000,
  /**
   * How far a capture time may lie ahead, milliseconds. Beyond `maxClockAheadMs` the recording waits until that time. More than this is
   * refused: it is another time zone, or a wrong clock.
   */
  maxCaptureAheadMs: 30 * 60 * 1000,
  /** Gap up to which neighbouring recordings of one device are one run, milliseconds. */
  runGapMs: 2000,
  /** Jobs on one page of `GET /v2/sync/jobs`. */
  maxJobsPerPage: 100,
  /** Jobs that one call of `acknowledgeSyncJobs` may name. */
  maxAcknowledgedJobs: 100,
} as const;
