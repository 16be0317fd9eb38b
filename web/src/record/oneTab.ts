/** Acquires a lock that one tab at a time can have. @returns a function that releases it; null if another tab has it */
export async function holdAlone(name: string): Promise<(() => void) | null> {
  const { locks } = navigator as Partial<Navigator>;
  if (locks === undefined) return () => undefined;
  return new Promise((resolve, reject) => {
    locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (lock === null) {
          resolve(null);
          return undefined;
        }
        return new Promise<void>((release) => {
          resolve(release);
        });
      })
      .catch(reject);
  });
}
