/** Grants wishes of the user, in the context that works on the store. */
import type { CoolDown } from './coolDown.ts';
import { backToWaiting } from './library.ts';
import type { RecordingChange } from './library.ts';
import { stopUpload } from './stopUpload.ts';
import type { UploadParts } from './stopUpload.ts';
import type { Wish } from './wishes.ts';

/**
 * Grants wishes, as far as they can still be granted. Granting them twice does no harm.
 * @returns whether a wish asks to try now.
 */
export async function grantWishes(
  wishes: readonly Wish[],
  parts: UploadParts & { readonly coolDown: CoolDown },
  signal: AbortSignal,
): Promise<boolean> {
  const changes = new Map<string, RecordingChange>();
  for (const { id, what } of wishes) {
    if (what === 'gone') await parts.library.remove(id);
    else if (what === 'stop') await stopUpload(id, parts, signal);
    else if (what === 'now') {
      parts.uploader.allowCost();
      await parts.coolDown.end();
    } else changes.set(id, what === 'again' ? { ...backToWaiting, mishaps: 0 } : { state: 'processing' });
  }
  await parts.library.update(changes, 'failed');
  return wishes.some(({ what }) => what !== 'gone' && what !== 'stop');
}
