/** Builds that go into a directory of each suite, but are the same for all suites of a process. */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

type Build = (target: string, signal: AbortSignal) => Promise<void>;

/** Contents by path, relative to the target. */
type Files = ReadonlyMap<string, Buffer>;

/**
 * Builds for the first target. Every later target of this process gets the same files, even if the sources have changed
 * meanwhile. A build that failed is repeated for the next target.
 * @throws what `build` throws; the signal's reason
 */
export function builtOnce(build: Build): Build {
  let built: Promise<Files> | null = null;
  return async (target, signal) => {
    if (built !== null) {
      const files = await built;
      signal.throwIfAborted();
      write(target, files);
      return;
    }
    built = build(target, signal).then(() => read(target));
    try {
      await built;
    } catch (error) {
      built = null;
      throw error;
    }
  };
}

function read(directory: string): Files {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  return new Map(files.map((file) => [path.relative(directory, file), readFileSync(file)]));
}

function write(directory: string, files: Files): void {
  for (const [name, contents] of files) {
    const file = path.join(directory, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, contents);
  }
}
