/**
 * Corrections by users, below `users/{uid}`. A correction (an edit) is a document of its own: it overwrites nothing, and without it
 * everything reads as before. Edits are applied when a conversation is read ({@link editedConversation}, {@link editedSegments}). When
 * speech is assigned to conversations, the server reads only `split` and `merge`. `Time`: see job.ts.
 */
import type { Instant } from './time.ts';

/**
 * A stretch of a recording, and where it lies on the time axis. An edit names a place, never the id of a conversation or the number of
 * a segment, because those change when more audio arrives. A correction of dates moves the place with its recording.
 */
export interface EditPlace<Time = Instant> {
  /** The recording, by content, and where it lies. */
  readonly recordingId: string;
  readonly recordingStartedAt: Time;
  /** Start of the first word. */
  readonly startedAt: Time;
  /** End of the last word. */
  readonly endedAt: Time;
}

/** The conversation at the place has this title. */
export interface TitleEdit {
  readonly kind: 'title';
  readonly title: string;
}

export interface StarEdit {
  readonly kind: 'star';
  readonly starred: boolean;
}

/** One tag, given or removed. Tags are single edits so that two conversations that become one have the tags of both. */
export interface TagEdit {
  readonly kind: 'tag';
  readonly tag: string;
  readonly tagged: boolean;
}

/** The corrected text of the place. */
export interface TextEdit {
  readonly kind: 'text';
  readonly text: string;
  /** The text as it was transcribed. */
  readonly heard: string;
  /** The number of the voice that said it: others may speak at the same time. Null, or absent, for everything that was said there. */
  readonly speaker?: number | null;
}

/**
 * - `sentence`: what is said at the place, nothing else.
 * - `conversation`: everything that this voice says in the conversation at the place.
 * - `everywhere`: everything that this voice says.
 *
 * The narrower scope counts; of two edits with the same scope the later one.
 */
export type SpeakerScope = 'sentence' | 'conversation' | 'everywhere';

/** The name of a speaker. */
export interface SpeakerEdit {
  readonly kind: 'speaker';
  readonly name: string;
  readonly scope: SpeakerScope;
  /** The number of the voice; null where speakers were not told apart. */
  readonly speaker: number | null;
}

/** A conversation begins at the place, however short the pause before it is. */
export interface SplitEdit {
  readonly kind: 'split';
}

/** All speech from the place to `until` is one conversation, however long the pauses are. Earlier splits there have no effect. */
export interface MergeEdit<Time = Instant> {
  readonly kind: 'merge';
  readonly until: EditPlace<Time>;
}

export type EditChange<Time = Instant> =
  | TitleEdit
  | StarEdit
  | TagEdit
  | TextEdit
  | SpeakerEdit
  | SplitEdit
  | MergeEdit<Time>;

export type EditKind = EditChange['kind'];

/** `users/{uid}/edits/{editId}` */
export type EditDoc<Time = Instant> = EditChange<Time> &
  EditPlace<Time> & {
    readonly deviceId: string;
    /** If two edits disagree, the one with the later `editedAt` counts. */
    readonly editedAt: Time;
    /** Null while it is in effect. */
    readonly undoneAt: Time | null;
    readonly updatedAt: Time;
  };

/** The most characters that users may write. */
export const EDIT_LIMITS = {
  maxTitleLength: 200,
  maxTagLength: 50,
  maxNameLength: 100,
  maxTextLength: 5000,
  /** The longest stretch that a merge may bridge, milliseconds. */
  maxMergeMs: 24 * 3600_000,
} as const;
