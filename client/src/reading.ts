/** Functions for apps that read conversations: changes, links and kept audio. */
import type { ConversationDoc, KeptAudioDoc, SegmentDoc } from 'offline-audio-sync-contract';
import { conversationsPath, keptAudioPath } from 'offline-audio-sync-contract';

export {
  audioOffset,
  conversationBefore,
  conversationChanges,
  conversationFrom,
  conversationsDuring,
  conversationsOfDay,
  editChanges,
  editedConversation,
  editedSegments,
  editsBetween,
  exportedConversation,
  filesOfJobs,
  jobsSince,
  namedVoices,
  newestConversations,
  newestJobs,
  MAX_JOBS_OF_A_QUERY,
  NO_LIMIT,
  segmentsIn,
  sharesOf,
  speakerNumbers,
  speechOfDay,
  totalOfDay,
  transcriptOf,
  unacknowledgedJobs,
  unfinishedJobs,
  usageSince,
} from 'offline-audio-sync-contract';
export type {
  ConversationDoc,
  ConversationEdits,
  EditDoc,
  EditedSegment,
  ExportableConversation,
  Instant,
  KeptAudioDoc,
  PageSegment,
  ReadQuery,
  SegmentDoc,
  SegmentPageDoc,
  SegmentSource,
  ShareDoc,
  StoredEdit,
} from 'offline-audio-sync-contract';

/** The fields of a conversation that these functions use. */
export type ConversationChange = Pick<ConversationDoc, 'revision'>;

/**
 * Applies changes, in any order and any number of times. @returns the live conversations
 * @param known by id. Tombstones stay in it; otherwise an older change that comes again would bring a conversation back.
 */
export function applyChanges<T extends ConversationChange>(
  known: ReadonlyMap<string, T>,
  changes: Iterable<readonly [id: string, conversation: T]>,
): Map<string, T> {
  const next = new Map(known);
  for (const [id, conversation] of changes) {
    const before = next.get(id);
    if (before === undefined || before.revision < conversation.revision) next.set(id, conversation);
  }
  return next;
}

/**
 * Finds the conversation to which a link leads now: late audio may have merged it into another.
 * @param get reads one document; null if there is none.
 * @returns null if it was deleted, or never existed.
 */
export async function followConversation<T extends Pick<ConversationDoc, 'state' | 'mergedInto'>>(
  uid: string,
  id: string,
  get: (path: string) => Promise<T | null>,
): Promise<{ readonly id: string; readonly conversation: T } | null> {
  const conversation = await get(`${conversationsPath(uid)}/${id}`);
  if (conversation?.state === 'live') return { id, conversation };
  // Ends, because a conversation was live when another was merged into it, and a tombstone never becomes live again.
  const next = conversation?.state === 'merged' ? conversation.mergedInto : null;
  return next === null ? null : followConversation(uid, next, get);
}

/**
 * Reads the kept audio of segments, by the chunk of each: `audioOffset` gives the place of a word in it. Its `path` is in Cloud
 * Storage.
 * @param get reads one document; null if there is none, because no audio was kept or it has expired.
 */
export async function audioOf<Audio extends KeptAudioDoc>(
  uid: string,
  segments: Iterable<Pick<SegmentDoc, 'chunkId'>>,
  get: (path: string) => Promise<Audio | null>,
): Promise<Map<string, Audio>> {
  const chunkIds = [...new Set([...segments].map(({ chunkId }) => chunkId))];
  const found = await Promise.all(
    chunkIds.map(async (chunkId): Promise<[string, Audio][]> => {
      const audio = await get(`${keptAudioPath(uid)}/${chunkId}`);
      return audio === null ? [] : [[chunkId, audio]];
    }),
  );
  return new Map(found.flat());
}
