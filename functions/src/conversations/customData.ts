/**
 * Custom data that a team adds to conversations (docs/extend.md): fields that this package does not write, and subcollections. Every
 * write leaves them as they are; the deletion of a conversation deletes them.
 */
import { FieldPath, FieldValue } from 'firebase-admin/firestore';
import type { DocumentReference, Firestore, Transaction } from 'firebase-admin/firestore';
import { mergedInto } from './collections.ts';
import { CONVERSATION_FIELDS } from './conversation.ts';
import type { Conversation } from './conversation.ts';

/** Writes a conversation, whether or not its document exists. Custom fields of the document stay as they are. */
export function writeConversationFields(
  tx: Transaction,
  ref: DocumentReference<Conversation>,
  conversation: Conversation,
): void {
  // Not `merge: true`, which would also join the old and the new map of languages.
  tx.set(ref, conversation, { mergeFields: Object.keys(conversation).filter((name) => CONVERSATION_FIELDS.has(name)) });
}

/** Removes the custom fields of a document as it was read. */
export function deleteCustomFields(
  tx: Transaction,
  ref: DocumentReference<Conversation>,
  conversation: Conversation,
): void {
  const custom = Object.keys(conversation).filter((name) => !CONVERSATION_FIELDS.has(name));
  // As paths, because a custom name may contain a dot.
  for (const name of custom) tx.update(ref, new FieldPath(name), FieldValue.delete());
}

/**
 * Deletes the custom data of a conversation that is being deleted: its subcollections, and all custom data of conversations that were
 * merged into it, because these are about the same speech. May be repeated.
 */
export async function deleteCustomData(db: Firestore, ref: DocumentReference<Conversation>): Promise<void> {
  for (const collection of await ref.listCollections()) await db.recursiveDelete(collection);
  for (const { ref: merged } of (await mergedInto(ref).get()).docs) {
    await db.runTransaction(async (tx) => {
      const conversation = (await tx.get(merged)).data();
      if (conversation !== undefined) deleteCustomFields(tx, merged, conversation);
    });
    await deleteCustomData(db, merged);
  }
}
