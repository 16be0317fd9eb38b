/** Exports the conversations of a user as apps do, and imports them by the callable. */
import { exportedConversation, segmentsIn } from 'offline-audio-sync-contract';
import type { ExportedConversation, ImportedView } from 'offline-audio-sync-contract';
import { conversationsOf, segmentPagesOf, transcriptOf } from '../../src/conversations/collections.ts';
import { editsOf, storedEdit } from '../../src/conversations/edits.ts';
import { importConversation } from '../../src/conversations/importing.ts';
import type { ImportDeps } from '../../src/conversations/importing.ts';
import { extractiveSummariser } from '../../src/conversations/summariser.ts';
import { Summaries } from '../../src/conversations/summaries.ts';
import { createImportCallable } from '../../src/endpoints/importConversations.ts';
import type { TestWorld } from './worker.ts';

export function importing({ deps, logger }: TestWorld): ImportDeps {
  const { db, conversations, now } = deps;
  const summaries = new Summaries({
    db,
    conversations,
    summariser: extractiveSummariser,
    spend: () => Promise.resolve(),
    logger,
    now,
  });
  return { ...deps, summaries };
}

/** Every conversation of the world's user, in order of time. */
export async function exportAll({ db, uid }: TestWorld): Promise<ExportedConversation[]> {
  const edits = (await editsOf(db, uid).get()).docs.map(storedEdit);
  const { docs } = await conversationsOf(db, uid).where('state', '==', 'live').orderBy('startedAt').get();
  return Promise.all(
    docs.map(async (doc) => {
      const conversation = { ...doc.data(), id: doc.id };
      const pages = await transcriptOf(segmentPagesOf(db, uid), conversation).get();
      return exportedConversation(conversation, segmentsIn(pages.docs.map((page) => page.data())), edits);
    }),
  );
}

/** Imports conversations as JSON, with the checks of the callable. */
export async function importAll(
  world: TestWorld,
  conversations: readonly ExportedConversation[],
): Promise<ImportedView['conversations']> {
  const call = createImportCallable({
    authenticate: () => Promise.resolve({ uid: world.uid }),
    reserveBytes: () => Promise.resolve(() => Promise.resolve()),
    importOne: (uid, conversation) => importConversation(uid, conversation, importing(world)),
    logger: world.logger,
    now: world.deps.now,
  });
  const data: unknown = JSON.parse(JSON.stringify({ conversations }));
  const request = { data, rawRequest: {}, acceptsStreaming: false } as Parameters<typeof call>[0];
  return (await call(request)).conversations;
}
