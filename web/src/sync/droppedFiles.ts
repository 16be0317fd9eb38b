/** The files that a user drops or chooses, including those in folders. */

/** Hidden files of operating systems, which users do not mean to add. */
const isHidden = (name: string): boolean => name.startsWith('.') || name === 'Thumbs.db' || name === 'desktop.ini';

/** Call it while the event is handled: the dropped items are not available afterwards. */
export async function filesOf(dropped: DataTransfer | null): Promise<File[]> {
  const items = [...(dropped?.items ?? [])].filter(({ kind }) => kind === 'file');
  const entries = items.map((item) => item.webkitGetAsEntry());
  const files = items.map((item) => item.getAsFile());
  const found = await Promise.all(
    entries.map(async (entry, index) => {
      if (entry?.isDirectory === true) return filesIn(entry as FileSystemDirectoryEntry);
      const file = files[index];
      return file === null || file === undefined ? [] : [file];
    }),
  );
  return found.flat();
}

async function filesIn(directory: FileSystemDirectoryEntry): Promise<File[]> {
  const found: File[] = [];
  for (const entry of await entriesOf(directory)) {
    if (isHidden(entry.name)) continue;
    const more = entry.isDirectory
      ? await filesIn(entry as FileSystemDirectoryEntry)
      : [await fileOf(entry as FileSystemFileEntry)];
    // One by one, because `push(...)` would fail with as many arguments as some folders have files.
    for (const file of more) found.push(file);
  }
  return found;
}

/** Browsers return at most a hundred entries a call, and none when all were returned. */
async function entriesOf(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return all;
    all.push(...some);
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => {
    entry.file(resolve, reject);
  });
}

/** The files of a chosen folder that are not hidden. */
export function shownFiles(files: Iterable<File>): File[] {
  return [...files].filter(({ name }) => !isHidden(name));
}
