/** The few lines that the tools print while they work. */

/** Marks: `•` under way, `✓` done, `✗` failed, `!` worth knowing. */
export const say = {
  doing: (text: string): void => {
    console.log(`• ${text}`);
  },
  done: (text: string): void => {
    console.log(`✓ ${text}`);
  },
  note: (text: string): void => {
    console.log(`! ${text}`);
  },
  failed: (text: string): void => {
    console.error(`✗ ${text}`);
  },
};

/** `4.2 s` since a `Date.now()`. */
export function since(startedMs: number): string {
  return `${((Date.now() - startedMs) / 1000).toFixed(1)} s`;
}
