import type { EditChangeView } from 'offline-audio-sync-contract';
import { call } from '../firebase/store.ts';
import { randomId } from '../randomId.ts';
import { tell, tellProblem, tellWithUndo } from './toast.tsx';

/** Stores a correction in a conversation and offers to undo it. The transcript itself is not overwritten. */
export async function correct(conversationId: string, edit: EditChangeView, done: string): Promise<void> {
  // If the network repeats the call, the id shows that it is the same correction.
  const id = randomId();
  await tellingIfSlow(call('editConversation', { conversation_id: conversationId, edit, edit_id: id }));
  tellWithUndo(done, () => {
    undo(id).catch(tellProblem);
  });
}

export async function undo(editId: string): Promise<void> {
  await tellingIfSlow(call('undoEdit', { edit_id: editId }));
  // The text may still differ from the transcript: another correction of the same sentence may be in effect.
  tell('The correction is undone.');
}

/** If the service has not answered after this time, a message says that the correction is on its way, milliseconds. */
const SLOW_MS = 2000;

/** Shows that message while the work takes longer than {@link SLOW_MS}. */
async function tellingIfSlow(work: Promise<unknown>): Promise<void> {
  let dismiss = (): void => undefined;
  const timer = setTimeout(() => {
    dismiss = tell('The change is being saved: the service is slow to answer.');
  }, SLOW_MS);
  try {
    await work;
  } finally {
    clearTimeout(timer);
    dismiss();
  }
}
