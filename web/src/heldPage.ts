/** Delays reloading the page while it records. */

const held = new Set<() => void>();
let isDue = false;

/** Reloads the page now, or as soon as nothing holds it any more. */
export function reloadPage(): void {
  if (held.size === 0) {
    location.reload();
    return;
  }
  isDue = true;
  for (const onDue of held) onDue();
}

/** @param onDue Called when the page would have been reloaded. @returns a function that ends the hold */
export function holdPage(onDue: () => void): () => void {
  // A new function for each call, so that each call can be ended separately.
  const hold = (): void => {
    onDue();
  };
  held.add(hold);
  return () => {
    held.delete(hold);
    if (isDue && held.size === 0) location.reload();
  };
}
