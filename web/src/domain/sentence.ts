/** What went wrong, as a sentence for a person. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === 'QuotaExceededError' ? 'There is no room left on this device.' : error.message;
}

/** The same sentence with a full stop where it has none. */
export function sentenceEnd(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
