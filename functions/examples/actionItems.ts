/**
 * A worked example of docs/extend.md: a function of the app's own that adds action items to each conversation, found by a model of
 * your choice. Copy it into your own codebase.
 */
import { FieldValue } from 'firebase-admin/firestore';
import type { DocumentReference, Firestore, Timestamp } from 'firebase-admin/firestore';
import { onDocumentWritten } from 'firebase-functions/v2/firestore';

/** Finds promises in a transcript. Call your model here. */
export type FindActionItems = (transcript: string) => Promise<string[]>;

/** The fields that this example reads of `users/{uid}/conversations/{conversationId}`. */
interface Conversation {
  readonly deviceId: string;
  readonly state: string;
  readonly startedAt: Timestamp;
  readonly finishedAt: Timestamp;
  readonly revision: number;
  readonly summaryRevision: number;
  /** The custom field that this example adds. */
  readonly actionItems?: { readonly items: readonly string[]; readonly ofRevision: number };
}

/** The function to export. */
export function actionItemsFunction(db: () => Firestore, find: FindActionItems) {
  return onDocumentWritten({ document: 'users/{uid}/conversations/{conversationId}', retry: true }, async (event) => {
    const ref = event.data?.after.ref as DocumentReference<Conversation> | undefined;
    if (ref !== undefined) await addActionItems(db(), ref, find);
  });
}

/** An event may come late, twice or out of order, so the function reads the conversation as it is now. */
export async function addActionItems(
  db: Firestore,
  ref: DocumentReference<Conversation>,
  find: FindActionItems,
): Promise<void> {
  const conversation = (await ref.get()).data();
  if (conversation === undefined || !isDue(conversation)) return;
  const items = await find(await transcriptOf(ref, conversation));
  await db.runTransaction(async (tx) => {
    const current = (await tx.get(ref)).data();
    // It was changed or deleted meanwhile. The event of that change runs the function again if needed.
    if (current?.revision !== conversation.revision || current.state !== 'live') return;
    tx.update(ref, {
      actionItems: { items, ofRevision: conversation.revision },
      actionItemsAt: FieldValue.serverTimestamp(),
    });
  });
}

/** Whether the job that changed the transcript has ended (its summary is of the present revision), and this revision has no result yet. */
function isDue({ state, revision, summaryRevision, actionItems }: Conversation): boolean {
  return state === 'live' && summaryRevision === revision && actionItems?.ofRevision !== revision;
}

async function transcriptOf(
  ref: DocumentReference,
  { deviceId, startedAt, finishedAt }: Conversation,
): Promise<string> {
  const user = ref.parent.parent;
  if (user === null) return '';
  const pages = await user
    .collection('segments')
    .where('deviceId', '==', deviceId)
    .where('startedAt', '>=', startedAt)
    .where('startedAt', '<=', finishedAt)
    .orderBy('startedAt')
    .get();
  const segments = pages.docs.flatMap((page) => page.get('segments') as { text: string; startedAt: Timestamp }[]);
  return segments
    .sort((a, b) => a.startedAt.toMillis() - b.startedAt.toMillis())
    .map(({ text }) => text)
    .join('\n');
}
