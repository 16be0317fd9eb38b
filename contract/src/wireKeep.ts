/** The shapes of HTTP requests and answers about edits, shares, exports and imports. In snake_case, as in wire.ts. */
import type { SpeakerScope } from './edit.ts';
import type { IsoTime } from './wire.ts';

/** A stretch of a recording, in terms of a segment's fields. */
export interface SpeechPlaceView {
  readonly recording_id: string;
  readonly from: IsoTime;
  readonly to: IsoTime;
  /** The `speaker` of the segment: where several speak at once, what the others say is left as it is. */
  readonly voice?: number | null;
}

/** The change of an `editConversation`. */
export type EditChangeView =
  | { readonly kind: 'title'; readonly title: string }
  | { readonly kind: 'star'; readonly starred: boolean }
  | { readonly kind: 'tag'; readonly tag: string; readonly tagged: boolean }
  | ({ readonly kind: 'text'; readonly text: string } & SpeechPlaceView)
  /** Names the voice at the place; without `voice`, the one that speaks there first. */
  | ({ readonly kind: 'speaker'; readonly name: string; readonly scope: SpeakerScope } & SpeechPlaceView)
  /** The word that begins then is the first of a new conversation. */
  | { readonly kind: 'split'; readonly at: IsoTime }
  /** With another conversation of the same device. Speech between the two becomes part of it too. */
  | { readonly kind: 'merge'; readonly with_conversation_id: string };

/** The request of `editConversation`. */
export interface EditRequest {
  /** It may be one that was merged into another. */
  readonly conversation_id: string;
  readonly edit: EditChangeView;
  /** An id of the caller's own choice, 16 to 64 letters, digits, - and _: the same call again with the same id changes nothing more. */
  readonly edit_id?: string | null;
}

/** The request of `undoEdit`. */
export interface UndoEditRequest {
  readonly edit_id: string;
}

/** The answer to `editConversation` and `undoEdit`. */
export interface EditView {
  readonly edit_id: string;
  /** The conversations in which the edit's place lies now, in order of time. */
  readonly conversation_ids: readonly string[];
}

/** The request of `shareConversation`. */
export interface ShareRequest {
  readonly conversation_id: string;
  /** How long the link works; a week by default, a year at most. */
  readonly hours?: number | null;
  /** Whether its kept audio can also be played; false by default. */
  readonly with_audio?: boolean | null;
}

/** The answer to `shareConversation`. */
export interface ShareView {
  /** The id of the share, for its owner. */
  readonly share_id: string;
  /** Opens the share to everyone who has the token. Only this answer has it: only its hash is stored. */
  readonly token: string;
  readonly expires_at: IsoTime;
}

/** The request of `withdrawShare`. */
export interface WithdrawShareRequest {
  readonly share_id: string;
}

/** The answer to `withdrawShare`, even if there was no such share. */
export interface WithdrawnShareView {
  readonly withdrawn_share_id: string;
}

/** The answer to `sharedConversation`, which wants the token in the header {@link SHARE_TOKEN_HEADER}. */
export interface SharedConversationView {
  readonly title: string | null;
  readonly language: string | null;
  readonly started_at: IsoTime;
  readonly finished_at: IsoTime;
  readonly expires_at: IsoTime;
  readonly segments: readonly {
    readonly started_at: IsoTime;
    readonly ended_at: IsoTime;
    readonly text: string;
    /** From 1, in order of appearance; null if speakers were not told apart. */
    readonly speaker: number | null;
    readonly speaker_name: string | null;
    /** The audio of the segment, for `sharedAudio`; null if its owner does not share it, or none is kept. */
    readonly audio_id: string | null;
    /** If there is audio, the words as they were transcribed, milliseconds from the start of the segment. */
    readonly words: readonly SharedWord[] | null;
  }[];
  /** Whether the conversation has more than this answer, whose size is limited. */
  readonly is_cut: boolean;
}

export type SharedWord = readonly [text: string, fromMs: number, toMs: number];

/** The answer to `sharedAudio`, which wants the token in the header {@link SHARE_TOKEN_HEADER}, and an `audio_id` in the query. */
export interface SharedAudioView {
  readonly content_type: 'audio/ogg' | 'audio/flac';
  readonly duration_ms: number;
  /** The stretches that the audio has, in its order. Everything between them was cut out. */
  readonly spans: readonly {
    /** From `started_at` of the shared conversation. */
    readonly from_ms: number;
    /** From the start of the audio. */
    readonly audio_ms: number;
    readonly duration_ms: number;
  }[];
  /** Base64. Sent together with its time map, because both depend on the conversation at this moment. */
  readonly audio: string;
}

/** A header and not part of the address, so that no log and no Referer has the token. */
export const SHARE_TOKEN_HEADER = 'X-Share-Token';

/** A segment of an exported conversation. */
export interface ExportedSegment {
  readonly started_at: IsoTime;
  readonly ended_at: IsoTime;
  /** The text as it was transcribed. */
  readonly text: string;
  /** The corrected text, for people who read the file; an import uses the edits. Empty if the correction leaves nothing. */
  readonly corrected_text?: string | null;
  /** From 1, in order of appearance. */
  readonly speaker?: number | null;
  /** The user's name for the speaker, for people who read the file. */
  readonly speaker_name?: string | null;
  /** The number of the voice, the same in all conversations. */
  readonly voice?: number | null;
  readonly language?: string | null;
  /** 0 to 1. */
  readonly confidence?: number | null;
  readonly recording_id?: string | null;
  readonly recording_started_at?: IsoTime | null;
  /** The service or model that transcribed it: `deepgram/nova-3`. */
  readonly transcriber?: string | null;
  /** Without words, an import divides the time among the words of the text. */
  readonly words?: readonly ExportedWord[] | null;
}

/** Milliseconds from the start of the segment; a language only if it differs from the segment's. */
export type ExportedWord = readonly [text: string, fromMs: number, toMs: number, language?: string | null];

/** The change of an exported edit. {@link ExportedEdit} has its place. */
export type ExportedChange =
  | { readonly kind: 'title'; readonly title: string }
  | { readonly kind: 'star'; readonly starred: boolean }
  | { readonly kind: 'tag'; readonly tag: string; readonly tagged: boolean }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'speaker'; readonly name: string; readonly scope: SpeakerScope }
  /** A conversation begins at the place. */
  | { readonly kind: 'split' }
  /** One conversation from the place to `until`. */
  | { readonly kind: 'merge'; readonly until: IsoTime };

/** An edit of an exported conversation. */
export interface ExportedEdit extends SpeechPlaceView {
  readonly edit_id: string;
  readonly edited_at: IsoTime;
  readonly change: ExportedChange;
}

/** Where a stretch of a recording lies in exported audio. Times from the start of each, milliseconds. */
export interface ExportedSpan {
  readonly recording_id: string;
  readonly from_ms: number;
  readonly audio_ms: number;
  readonly duration_ms: number;
}

/** Kept audio that is exported in a separate file. An import ignores it. */
export interface ExportedAudio {
  readonly file: string;
  readonly spans: readonly ExportedSpan[];
}

/** A conversation as it is exported, and as it can be imported. */
export interface ExportedConversation {
  readonly conversation_id?: string | null;
  readonly device_id: string;
  /** The title as it reads. An import uses title, star and tags only if there are no `edits`. */
  readonly title?: string | null;
  /** The title that was derived from the transcript, even if the user gave another one. */
  readonly derived_title?: string | null;
  readonly overview?: string | null;
  readonly language?: string | null;
  readonly starred?: boolean | null;
  readonly tags?: readonly string[] | null;
  readonly started_at: IsoTime;
  readonly finished_at: IsoTime;
  readonly segments: readonly ExportedSegment[];
  /** In the order in which they were made. */
  readonly edits?: readonly ExportedEdit[] | null;
  readonly audio?: readonly ExportedAudio[] | null;
}

/** The request of `importConversations`. */
export interface ImportRequest {
  readonly conversations: readonly ExportedConversation[];
}

export const IMPORT_LIMITS = {
  /** Conversations of one call. */
  maxConversations: 20,
  /** Segments of all conversations of one call. */
  maxSegments: 2000,
  /** Edits of one conversation. */
  maxEdits: 2000,
  maxTextLength: 10_000,
} as const;

/** The answer to `importConversations`: in the order in which they were given. */
export interface ImportedView {
  readonly conversations: readonly {
    /** The conversation that has its speech now; null if nothing of it is stored: it is empty, or was deleted by its user. */
    readonly conversation_id: string | null;
    /** Words that were not stored before. Importing the same again adds nothing. */
    readonly new_words: number;
    /** Edits that could not be made, because their speech is not stored. */
    readonly refused_edits: number;
  }[];
}

/** The request of `deleteEverything`. */
export interface DeleteEverythingRequest {
  /**
   * `audio`: only kept audio. `everything`: conversations, edits, shares, audio, jobs, and the registry of recordings; not the account.
   */
  readonly what: 'audio' | 'everything';
}

/** The answer to `deleteEverything`. Data that is written while it runs is deleted two hours later. */
export interface DeletedEverythingView {
  readonly deleted: 'audio' | 'everything';
}
