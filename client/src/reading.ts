/** What an app makes of what it reads: changes of conversations, links to them. */
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

/** A conversation, as far as these functions look at it. */
export type ConversationChange = Pick<ConversationDoc, 'revision'>;

/**
 * The live conversations after these changes, in whatever order and however often they come.
 * @param known by id; tombstones stay in it, or an older change that comes again would bring a conversation back.
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
 * Where a link to a conversation leads now: late audio may have merged it into another.
 * @param get reads one document; null where there is none.
 * @returns null when it was deleted, or never was.
 */
export async function followConversation<T extends Pick<ConversationDoc, 'state' | 'mergedInto'>>(
  uid: string,
  id: string,
  get: (path: string) => Promise<T | null>,
): Promise<{ readonly id: string; readonly conversation: T } | null> {
  const conversation = await get(`${conversationsPath(uid)}/${id}`);
  if (conversation?.state === 'live') return { id, conversation };
  // It was live when the other was merged into it, and a tombstone never comes back: so this ends.
  const next = conversation?.state === 'merged' ? conversation.mergedInto : null;
  return next === null ? null : followConversation(uid, next, get);
}

/**
 * The kept audio of segments, by the chunk that each names: `audioOffset` gives the place of a word in it. Its `path` is in Cloud Storage.
 * @param get reads one document; null where there is none, because nothing was kept or its time is over.
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
