/** What the console shows: the contract's documents as plain values. Times are Unix milliseconds, durations seconds. */
import type {
  AudioLedger,
  ConversationDoc,
  FairUseEntry,
  JobDoc,
  JobFile as JobFileDoc,
  SegmentDoc,
  SegmentWord,
  ShareDoc,
  UsageCounters,
} from 'offline-audio-sync-contract';

export interface JobFile extends Pick<
  JobFileDoc<number>,
  | 'name'
  | 'deviceId'
  | 'startedAt'
  | 'state'
  | 'durationSeconds'
  | 'speechSeconds'
  | 'duplicateSeconds'
  | 'failedSeconds'
  | 'error'
> {
  readonly sizeBytes: number;
  /** Name of the recording that it is a duplicate of. */
  readonly duplicateOf: string | null;
}

export interface Job extends Pick<
  JobDoc<number>,
  'deviceId' | 'status' | 'ledger' | 'waitingFor' | 'failures' | 'createdAt' | 'finishedAt' | 'expiresAt'
> {
  readonly id: string;
  readonly stage: JobDoc['progress']['stage'];
  /** 0 to 100. */
  readonly percent: number;
  readonly fileCount: number;
  /** The job's recordings, as far as they were read. */
  readonly files: readonly JobFile[];
  readonly billedSeconds: number;
  /** Conversations that the job created or changed. */
  readonly conversationIds: readonly string[];
}

export interface Conversation extends Pick<
  ConversationDoc<number>,
  | 'deviceId'
  | 'startedAt'
  | 'finishedAt'
  | 'title'
  | 'overview'
  | 'language'
  | 'wordCount'
  | 'speechSeconds'
  | 'revision'
> {
  readonly id: string;
  /** Whether it contains only filler words such as "um", or a cough. */
  readonly onlyFillers: boolean;
}

export type Segment = Pick<
  SegmentDoc<number>,
  'deviceId' | 'startedAt' | 'endedAt' | 'text' | 'language' | 'confidence' | 'chunkId' | 'speaker'
> & {
  /** Service or model, such as `deepgram/nova-3`; null if it was not stored. */
  readonly transcriber: string | null;
};

/** A segment with its user's corrections. */
export interface Sentence extends Pick<
  SegmentDoc<number>,
  'startedAt' | 'endedAt' | 'text' | 'language' | 'confidence'
> {
  /** Unique within its transcript: two voices may begin to speak at the same moment. */
  readonly id: string;
  /** The transcribed text if `text` is a correction; null otherwise. */
  readonly heard: string | null;
  /** Counts from 1 in order of appearance; null if speakers were not told apart. */
  readonly speaker: number | null;
  /** The number of the voice in the stored documents. */
  readonly voice: number | null;
  /** The name that the user gave the speaker. */
  readonly name: string | null;
  readonly recordingId: string;
  readonly recordingStartedAt: number;
  readonly chunkId: string;
  readonly transcriber: string | null;
  readonly words: readonly SegmentWord[];
}

/** A conversation with its user's corrections: the title is the user's, if they gave one. */
export interface EditedConversation extends Conversation {
  readonly starred: boolean;
  readonly tags: readonly string[];
}

/** A share of a conversation. The link itself is not stored. */
export interface Share extends Pick<
  ShareDoc<number>,
  'conversationId' | 'startedAt' | 'finishedAt' | 'createdAt' | 'expiresAt' | 'withAudio'
> {
  readonly id: string;
}

export type FairUse = FairUseEntry<number>;

/** The sum of some conversations. */
export interface ConversationTotal {
  readonly conversations: number;
  readonly speechSeconds: number;
}

/** What was recorded on a day. */
export interface DayFigures {
  readonly ledger: AudioLedger;
  /** What transcription billed for this day's recordings; shared out by speech where a job is of several days. */
  readonly billedSeconds: number;
}

export interface UsageDay extends UsageCounters {
  /** `yyyy-mm-dd`, UTC. */
  readonly day: string;
}
