/** The files of what a person drops or chooses, folders and what is in them included. */

/** Hidden files of operating systems, which no person means to add. */
const isHidden = (name: string): boolean => name.startsWith('.') || name === 'Thumbs.db' || name === 'desktop.ini';

/** Call it while the event is handled: what was dropped is gone afterwards. */
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
    // One by one: `push(...)` takes fewer arguments than some folders have files.
    for (const file of more) found.push(file);
  }
  return found;
}

/** A browser gives a hundred at a time, and none when there are no more. */
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

/** Of a folder that was chosen. */
export function shownFiles(files: Iterable<File>): File[] {
  return [...files].filter(({ name }) => !isHidden(name));
}
