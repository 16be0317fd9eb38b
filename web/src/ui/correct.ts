import type { EditChangeView } from 'offline-audio-sync-contract';
import { call } from '../firebase/store.ts';
import { randomId } from '../randomId.ts';
import { tell, tellProblem, tellWithUndo } from './toast.tsx';

/** Corrects something in a conversation. What was heard is kept, so that it can be undone. */
export async function correct(conversationId: string, edit: EditChangeView, done: string): Promise<void> {
  // The same call again, as a network may bring it, is the same correction.
  const id = randomId();
  await heeded(call('editConversation', { conversation_id: conversationId, edit, edit_id: id }));
  tellWithUndo(done, () => {
    undo(id).catch(tellProblem);
  });
}

export async function undo(editId: string): Promise<void> {
  await heeded(call('undoEdit', { edit_id: editId }));
  // Not that it reads as before: another correction of the same may still count.
  tell('The correction is undone.');
}

/** After so long somebody wonders whether the button was pressed, milliseconds. */
const WONDER_MS = 2000;

/** Says that it was, where the service does not answer soon. */
async function heeded(work: Promise<unknown>): Promise<void> {
  let putAway = (): void => undefined;
  const timer = setTimeout(() => {
    putAway = tell('It is on its way: the service takes its time to answer.');
  }, WONDER_MS);
  try {
    await work;
  } finally {
    clearTimeout(timer);
    putAway();
  }
}
