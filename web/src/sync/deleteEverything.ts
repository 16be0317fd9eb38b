/** Deletes everything of a user except the account, and reports how much is left until it is nothing. */
import { newestConversations, newestJobs } from 'offline-audio-sync-contract';
import { call, countOf, LONG_CALL_LIMIT_MS } from '../firebase/store.ts';
import { later } from '../nextTask.ts';

export interface Left {
  readonly conversations: number;
  readonly jobs: number;
}

/** Time between two counts, milliseconds. */
const COUNT_EVERY_MS = 1500;

/** @throws FirebaseError if the service does not answer or cannot finish. It can be called again. */
export async function deleteEverything(uid: string, onLeft: (left: Left) => void): Promise<void> {
  const deleting = call('deleteEverything', { what: 'everything' }, LONG_CALL_LIMIT_MS);
  const over = deleting.then(
    () => true,
    () => true,
  );
  do onLeft(await countLeft(uid));
  while (!(await Promise.race([over, later(COUNT_EVERY_MS).then(() => false)])));
  await deleting;
  // The answer comes when everything is deleted. Until then, the counts show the progress.
  for (let left = await countLeft(uid); left.conversations + left.jobs > 0; left = await countLeft(uid)) {
    onLeft(left);
    await later(COUNT_EVERY_MS);
  }
}

async function countLeft(uid: string): Promise<Left> {
  const [conversations, jobs] = await Promise.all([countOf(newestConversations(uid)), countOf(newestJobs(uid))]);
  return { conversations, jobs };
}
