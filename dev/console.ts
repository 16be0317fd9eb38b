/** Prints the progress of tools. */

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

/** The time since a `Date.now()`: `4.2 s`. */
export function since(startedMs: number): string {
  return `${((Date.now() - startedMs) / 1000).toFixed(1)} s`;
}
