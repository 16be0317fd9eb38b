/**
 * Derives title, overview and relevance of a conversation from its stored transcript alone, so that doing it again gives the same.
 * Every job that changes a transcript derives them again when it ends, so that summaries stay up to date.
 */
import { Timestamp } from 'firebase-admin/firestore';
import type { DocumentReference, Firestore } from 'firebase-admin/firestore';
import pMap from 'p-map';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';
import type { Conversation } from './conversation.ts';
import { relevanceOf } from './fillers.ts';
import type { ConversationStore } from './store.ts';
import { extractiveTitle } from './summariser.ts';
import type { Summariser, Title, TranscriptOpening } from './summariser.ts';
import { readOpening } from './transcript.ts';

/** Conversations at once. */
const CONCURRENCY = 4;

/** Time for all conversations of one job, milliseconds, because the app waits for its job. Later conversations get an extracted title. */
const BUDGET_MS = 30_000;

/** Enough to tell whether anything was said, characters. */
const RELEVANCE_CHARACTERS = 500;

export interface SummariesOptions {
  readonly db: Firestore;
  readonly conversations: ConversationStore;
  /** Null writes neither titles nor overviews. */
  readonly summariser: Summariser | null;
  /** Counts the cost of a summary as seconds of speech. @throws AppError if the daily budget is used up. */
  readonly spend: (uid: string, seconds: number) => Promise<unknown>;
  readonly logger: Logger;
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** Aborts when the time for one job's conversations is over. */
  readonly budget?: () => AbortSignal;
}

type Warn = (error: unknown) => void;

export class Summaries {
  readonly #options: SummariesOptions;

  constructor(options: SummariesOptions) {
    this.#options = options;
  }

  /**
   * Updates the summaries of these conversations. Never throws, because a job must not fail for a summary: a failure is logged, and the
   * old summary stays.
   * @param fields added to every log line.
   * @returns how many summaries were written.
   */
  async refresh(
    uid: string,
    conversationIds: readonly string[],
    fields: Readonly<Record<string, unknown>>,
  ): Promise<number> {
    const { logger, budget = () => AbortSignal.timeout(BUDGET_MS) } = this.#options;
    const signal = budget();
    const refreshOne = async (conversationId: string): Promise<boolean> => {
      const warn = (error: unknown): void => {
        logger.warn('summary.failed', { stage: 'summarise', ...fields, conversationId, ...errorFields(error) });
      };
      try {
        return await this.#refresh(uid, conversationId, signal, warn);
      } catch (error) {
        warn(error);
        return false;
      }
    };
    const written = await pMap(conversationIds, refreshOne, { concurrency: CONCURRENCY });
    return written.filter(Boolean).length;
  }

  /** Writes a summary that was made elsewhere from the same transcript. */
  async adopt(uid: string, conversationId: string, title: Title): Promise<void> {
    const ref = this.#options.conversations.conversations(uid).doc(conversationId);
    const conversation = (await ref.get()).data();
    if (conversation?.state !== 'live') return;
    await this.#write(ref, conversation, { ...title, relevance: conversation.relevance });
  }

  async #refresh(uid: string, conversationId: string, signal: AbortSignal, warn: Warn): Promise<boolean> {
    const { conversations, summariser, spend } = this.#options;
    const ref = conversations.conversations(uid).doc(conversationId);
    const conversation = (await ref.get()).data();
    if (conversation?.state !== 'live' || conversation.summaryRevision === conversation.revision) return false;
    const opening = await readOpening(
      conversations.segmentPages(uid),
      conversation,
      summariser?.maxCharacters(conversation.language) ?? RELEVANCE_CHARACTERS,
    );
    const pay = async (): Promise<void> => {
      const seconds = summariser?.costSeconds(opening) ?? 0;
      if (seconds > 0) await spend(uid, seconds);
    };
    const title = summariser && (await titleOf(opening, conversation, { summariser, pay }, signal, warn));
    const relevance = relevanceOf(opening.text, opening.language);
    return this.#write(ref, conversation, { ...title, relevance });
  }

  /**
   * Writes a summary if the conversation still has the revision that it was made from, so that a late summary never overwrites a newer
   * one.
   */
  async #write(
    ref: DocumentReference<Conversation>,
    { revision }: Conversation,
    summary: Partial<Title> & Pick<Conversation, 'relevance'>,
  ): Promise<boolean> {
    const { db, now = Date.now } = this.#options;
    return db.runTransaction(async (tx) => {
      const current = (await tx.get(ref)).data();
      if (current?.state !== 'live' || current.revision !== revision) return false;
      const next = { title: current.title, overview: current.overview, ...summary };
      const isNews =
        next.title !== current.title || next.overview !== current.overview || next.relevance !== current.relevance;
      // An unchanged summary is not a change that apps must fetch.
      if (!isNews) tx.update(ref, { summaryRevision: revision });
      else {
        const updatedAt = Timestamp.fromMillis(now());
        tx.update(ref, { ...next, revision: revision + 1, summaryRevision: revision + 1, updatedAt });
      }
      return isNews;
    });
  }
}

/** @returns null leaves title and overview as they are. */
async function titleOf(
  opening: TranscriptOpening,
  { title }: Conversation,
  { summariser, pay }: { readonly summariser: Summariser; readonly pay: () => Promise<void> },
  signal: AbortSignal,
  warn: Warn,
): Promise<Title | null> {
  try {
    signal.throwIfAborted();
    await pay();
    return await summariser.summarise(opening, signal);
  } catch (error) {
    warn(error);
    // The old title and overview stay, if there are any: an overview of most of the conversation is better than none.
    return title === null ? extractiveTitle(opening) : null;
  }
}
