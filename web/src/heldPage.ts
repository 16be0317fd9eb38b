/** A page that must not be loaded anew now, because it records. */

const held = new Set<() => void>();
let isDue = false;

/** Loads the page anew, or as soon as nothing holds it any more. */
export function reloadPage(): void {
  if (held.size === 0) {
    location.reload();
    return;
  }
  isDue = true;
  for (const onDue of held) onDue();
}

/** @param onDue The page would have been loaded anew. @returns how to end it */
export function holdPage(onDue: () => void): () => void {
  // Of this call alone.
  const hold = (): void => {
    onDue();
  };
  held.add(hold);
  return () => {
    held.delete(hold);
    if (isDue && held.size === 0) location.reload();
  };
}
