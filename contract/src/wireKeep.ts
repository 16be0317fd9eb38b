/** What goes over HTTP about conversations that users keep: edits, shares, what they take along. As in wire.ts, in snake_case. */
import type { SpeakerScope } from './edit.ts';
import type { IsoTime } from './wire.ts';

/** A stretch of a recording, by what a segment says of itself. */
export interface SpeechPlaceView {
  readonly recording_id: string;
  readonly from: IsoTime;
  readonly to: IsoTime;
  /** The `speaker` of the segment: where several speak at once, what the others say is left as it is. */
  readonly voice?: number | null;
}

/** What `editConversation` changes. */
export type EditChangeView =
  | { readonly kind: 'title'; readonly title: string }
  | { readonly kind: 'star'; readonly starred: boolean }
  | { readonly kind: 'tag'; readonly tag: string; readonly tagged: boolean }
  | ({ readonly kind: 'text'; readonly text: string } & SpeechPlaceView)
  /** Of the voice at the place; without `voice`, of the one that is heard there first. */
  | ({ readonly kind: 'speaker'; readonly name: string; readonly scope: SpeakerScope } & SpeechPlaceView)
  /** The word that begins then is the first of a new conversation. */
  | { readonly kind: 'split'; readonly at: IsoTime }
  /** With another conversation of the same device; what lies between the two is part of it, too. */
  | { readonly kind: 'merge'; readonly with_conversation_id: string };

/** What `editConversation` asks for. */
export interface EditRequest {
  /** One that has become part of another may be named, too. */
  readonly conversation_id: string;
  readonly edit: EditChangeView;
  /** An id of the caller's own choice, 16 to 64 letters, digits, - and _: the same call again with the same id changes nothing more. */
  readonly edit_id?: string | null;
}

/** What `undoEdit` asks for. */
export interface UndoEditRequest {
  readonly edit_id: string;
}

/** The answer to `editConversation` and `undoEdit`. */
export interface EditView {
  readonly edit_id: string;
  /** The conversations that hold now what the edit is about, in order of time. */
  readonly conversation_ids: readonly string[];
}

/** What `shareConversation` asks for. */
export interface ShareRequest {
  readonly conversation_id: string;
  /** For how long; a week where nothing is said, a year at most. */
  readonly hours?: number | null;
  /** Whether its kept audio can be played, too; false where nothing is said. */
  readonly with_audio?: boolean | null;
}

/** The answer to `shareConversation`. */
export interface ShareView {
  /** Names the share to its owner. */
  readonly share_id: string;
  /** Opens it to everybody who has it. It is in this answer alone: only its hash is stored. */
  readonly token: string;
  readonly expires_at: IsoTime;
}

/** What `withdrawShare` asks for. */
export interface WithdrawShareRequest {
  readonly share_id: string;
}

/** The answer to `withdrawShare`: also where there was none. */
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
    /** From 1, in order of appearance; null where speakers were not told apart. */
    readonly speaker: number | null;
    readonly speaker_name: string | null;
    /** Names the audio that it can be heard in to `sharedAudio`; null where its owner shares none, or none is kept. */
    readonly audio_id: string | null;
    /** Where there is audio: its words as they sound, milliseconds from the start of the segment. */
    readonly words: readonly SharedWord[] | null;
  }[];
  /** Whether more was said than is shown: an answer is bounded. */
  readonly is_cut: boolean;
}

export type SharedWord = readonly [text: string, fromMs: number, toMs: number];

/** The answer to `sharedAudio`, which wants the token in the header {@link SHARE_TOKEN_HEADER}, and an `audio_id` in the query. */
export interface SharedAudioView {
  readonly content_type: 'audio/ogg' | 'audio/flac';
  readonly duration_ms: number;
  /** Which moments sound in it, in the order of the audio: what lies between them is left out. */
  readonly spans: readonly {
    /** From `started_at` of the shared conversation. */
    readonly from_ms: number;
    /** From the start of the audio. */
    readonly audio_ms: number;
    readonly duration_ms: number;
  }[];
  /** Base64. In one answer with its time map: each is made of the conversation as it is at this moment. */
  readonly audio: string;
}

/** Not part of the address, so that it is in no log and no Referer. */
export const SHARE_TOKEN_HEADER = 'X-Share-Token';

/** A segment as it is taken along. */
export interface ExportedSegment {
  readonly started_at: IsoTime;
  readonly ended_at: IsoTime;
  /** As it was heard. */
  readonly text: string;
  /** As its user corrected it, for readers of the file: an import goes by the edits. Empty where nothing is left of it. */
  readonly corrected_text?: string | null;
  /** From 1, in order of appearance. */
  readonly speaker?: number | null;
  /** As its user calls the speaker, for readers of the file. */
  readonly speaker_name?: string | null;
  /** The number of the voice, the same in all conversations. */
  readonly voice?: number | null;
  readonly language?: string | null;
  /** 0 to 1. */
  readonly confidence?: number | null;
  readonly recording_id?: string | null;
  readonly recording_started_at?: IsoTime | null;
  /** What transcribed it: `deepgram/nova-3`. */
  readonly transcriber?: string | null;
  /** Without words the time is divided among those of the text. */
  readonly words?: readonly ExportedWord[] | null;
}

/** Milliseconds from the start of the segment; a language only where it is not the segment's. */
export type ExportedWord = readonly [text: string, fromMs: number, toMs: number, language?: string | null];

/** What an edit changes, as it is taken along: its place is said beside it. */
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

/** An edit as it is taken along. */
export interface ExportedEdit extends SpeechPlaceView {
  readonly edit_id: string;
  readonly edited_at: IsoTime;
  readonly change: ExportedChange;
}

/** Where a stretch of a recording lies in audio that is taken along: from the start of each, milliseconds. */
export interface ExportedSpan {
  readonly recording_id: string;
  readonly from_ms: number;
  readonly audio_ms: number;
  readonly duration_ms: number;
}

/** Kept audio that is taken along, in a file beside. An import leaves it out. */
export interface ExportedAudio {
  readonly file: string;
  readonly spans: readonly ExportedSpan[];
}

/** A conversation as it is taken along, and as it can be imported. */
export interface ExportedConversation {
  readonly conversation_id?: string | null;
  readonly device_id: string;
  /** As it reads. An import takes title, star and tags from here only where there are no `edits`. */
  readonly title?: string | null;
  /** As it was derived from the transcript, whatever its user called it. */
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

/** What `importConversations` asks for. */
export interface ImportRequest {
  readonly conversations: readonly ExportedConversation[];
}

export const IMPORT_LIMITS = {
  /** Conversations of one call. */
  maxConversations: 20,
  /** Segments of one call, of all its conversations. */
  maxSegments: 2000,
  /** Edits of one conversation. */
  maxEdits: 2000,
  maxTextLength: 10_000,
} as const;

/** The answer to `importConversations`: in the order in which they were given. */
export interface ImportedView {
  readonly conversations: readonly {
    /** Where it is now; null where nothing of it is stored: it is empty, or was deleted by its user. */
    readonly conversation_id: string | null;
    /** What was not there before: importing the same again adds nothing. */
    readonly new_words: number;
    /** Edits that could not be made, because what they are about is not there. */
    readonly refused_edits: number;
  }[];
}

/** What `deleteEverything` asks for. */
export interface DeleteEverythingRequest {
  /**
   * `audio`: kept audio alone. `everything`: conversations, edits, shares, audio, jobs, and what is known of
   * recordings; not the account.
   */
  readonly what: 'audio' | 'everything';
}

/** The answer to `deleteEverything`. What is under way when it is called is deleted a second time, two hours later. */
export interface DeletedEverythingView {
  readonly deleted: 'audio' | 'everything';
}
