import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from './app.ts';
import { FILE_EXTENSIONS, RECORDING_EXTENSIONS } from 'offline-audio-sync-contract';
import { datedName, guessedStart, readName } from '../domain/recordingName.ts';
import { localTime } from '../domain/time.ts';
import type { Refusal } from '../sync/addEach.ts';
import { filesOf, shownFiles } from '../sync/droppedFiles.ts';
import { secondsOf } from '../sync/secondsOf.ts';
import { Glyph } from './icons.tsx';
import { Refusals } from './refusals.tsx';
import { tell, tellProblem } from './toast.tsx';

/** An ordinary audio file that does not say when it began, so the user has to. */
interface Undated {
  readonly file: File;
  /** Unix milliseconds: guessed first, then as the user says. */
  readonly startedAt: number;
}

export function DropZone() {
  const { undated, setUndated, refused, addFiles, addDated } = useAdding();
  const isOver = useDrops((files) => {
    files.then(addFiles).catch(tellProblem);
  });
  return (
    <section class="card" aria-labelledby="add">
      <h2 id="add">Add recordings</h2>
      <label class={isOver ? 'drop over' : 'drop'}>
        <Glyph name="up" size={24} />
        <span>
          <b>Choose files</b> or drop them here, folders too
        </span>
        <small>.bin from devices, or {FILE_EXTENSIONS.map((name) => `.${name}`).join(' ')}</small>
        <input
          class="visually-hidden"
          type="file"
          multiple
          accept={RECORDING_EXTENSIONS.map((name) => `.${name}`).join(',')}
          onChange={({ currentTarget }) => {
            addFiles([...(currentTarget.files ?? [])]).catch(tellProblem);
            currentTarget.value = '';
          }}
        />
      </label>
      <FolderButton onFiles={(files) => void addFiles(files).catch(tellProblem)} />
      <Refusals refused={refused} />
      {undated.length > 0 && (
        <AskForTimes undated={undated} onChange={setUndated} onDone={() => void addDated().catch(tellProblem)} />
      )}
    </section>
  );
}

/** Adds files to the outbox, and keeps those that must be dated by the user and those that were refused. */
function useAdding() {
  const { outbox } = useApp();
  const [undated, setUndated] = useState<readonly Undated[]>([]);
  const [refused, setRefused] = useState<readonly Refusal[]>([]);

  const addFiles = async (files: readonly File[]): Promise<void> => {
    const now = Date.now();
    const named = files.map((file) => ({ file, read: readName(file.name, now) }));
    setRefused(
      named.flatMap(({ file, read }) => (read.kind === 'refused' ? { name: file.name, reason: read.reason } : [])),
    );
    const dateless = named.filter(({ read }) => read.kind === 'undated');
    const guessed = await Promise.all(
      dateless.map(async ({ file }) => ({ file, startedAt: guessedStart(file.lastModified, await secondsOf(file)) })),
    );
    setUndated((before) => [...before, ...guessed]);
    await add(named.flatMap(({ file, read }) => (read.kind === 'ready' ? { name: file.name, audio: file } : [])));
  };

  const addDated = (): Promise<void> => {
    setUndated([]);
    setRefused([]);
    return add(undated.map(({ file, startedAt }) => ({ name: datedName(file.name, startedAt), audio: file })));
  };

  const add = async (recordings: readonly { name: string; audio: File }[]): Promise<void> => {
    const notTaken = await outbox.add(recordings);
    setRefused((before) => [...before, ...notTaken]);
    const count = recordings.length - notTaken.length;
    if (count > 0) tell(count === 1 ? 'One recording is added.' : `${count} recordings are added.`);
  };

  return { undated, setUndated, refused, addFiles, addDated };
}

/** Accepts files that are dropped anywhere on this screen. @returns whether files are being dragged over the page */
function useDrops(onFiles: (files: Promise<File[]>) => void): boolean {
  const [isOver, setIsOver] = useState(false);
  const handle = useRef(onFiles);
  handle.current = onFiles;
  useEffect(() => {
    const over = (): void => {
      setIsOver(true);
    };
    const leave = ({ relatedTarget }: DragEvent): void => {
      if (relatedTarget === null) setIsOver(false);
    };
    const drop = ({ dataTransfer }: DragEvent): void => {
      setIsOver(false);
      handle.current(filesOf(dataTransfer));
    };
    addEventListener('dragover', over);
    addEventListener('dragleave', leave);
    addEventListener('drop', drop);
    return () => {
      removeEventListener('dragover', over);
      removeEventListener('dragleave', leave);
      removeEventListener('drop', drop);
    };
  }, []);
  return isOver;
}

function FolderButton({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button
        class="button small"
        onClick={() => {
          input.current?.click();
        }}
      >
        Choose a folder
      </button>
      <input
        ref={(element: (HTMLInputElement & { webkitdirectory: boolean }) | null) => {
          input.current = element;
          if (element !== null) element.webkitdirectory = true;
        }}
        type="file"
        hidden
        onChange={({ currentTarget }) => {
          onFiles(shownFiles(currentTarget.files ?? []));
          currentTarget.value = '';
        }}
      />
    </>
  );
}

interface AskProps {
  readonly undated: readonly Undated[];
  readonly onChange: (undated: readonly Undated[]) => void;
  readonly onDone: () => void;
}

/** Asks the user when each file began: these files do not say so. */
function AskForTimes({ undated, onChange, onDone }: AskProps) {
  return (
    <form
      class="stack ask"
      onSubmit={(event) => {
        event.preventDefault();
        onDone();
      }}
    >
      <p>
        <b>When did {undated.length === 1 ? 'this recording' : 'these recordings'} begin?</b> Guessed from the file.
        Correct it if you know better.
      </p>
      {undated.map(({ file, startedAt }, index) => (
        <label key={`${file.name}/${file.lastModified}`} class="field">
          <span dir="auto">{file.name}</span>
          <input
            type="datetime-local"
            step={1}
            required
            value={localTime(startedAt)}
            onChange={({ currentTarget }) => {
              const at = new Date(currentTarget.value).getTime();
              if (!Number.isNaN(at)) onChange(undated.map((one, i) => (i === index ? { ...one, startedAt: at } : one)));
            }}
          />
        </label>
      ))}
      <div class="row end">
        <button
          class="button"
          type="button"
          onClick={() => {
            onChange([]);
          }}
        >
          Leave out
        </button>
        <button class="button primary" type="submit">
          Add
        </button>
      </div>
    </form>
  );
}
