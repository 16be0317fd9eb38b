/** Imports conversations that were exported. */
import { signal } from '@preact/signals';
import { counted, grouped } from '../domain/counted.ts';
import { sentenceOf } from '../domain/sentence.ts';
import { hrefs } from '../router.ts';
import type { ImportResult, Progress } from '../sync/importFiles.ts';
import { ProgressBar } from './progressBar.tsx';
import { Refusals } from './refusals.tsx';
import { tell } from './toast.tsx';

type State =
  | { readonly kind: 'idle' }
  | { readonly kind: 'busy'; readonly progress: Progress | null }
  | { readonly kind: 'over'; readonly result: ImportResult | null; readonly problem: string | null };

/** Belongs to the page, not to the screen: the import continues while another screen is shown, and its state is there on return. */
const work = signal<State>({ kind: 'idle' });
let stop: AbortController | null = null;

async function start(files: readonly File[]): Promise<void> {
  const controller = new AbortController();
  stop = controller;
  let progress: Progress | null = null;
  work.value = { kind: 'busy', progress };
  try {
    const { importFiles } = await import('../sync/importFiles.ts');
    const onProgress = (next: Progress): void => {
      progress = next;
      work.value = { kind: 'busy', progress };
    };
    const result = await importFiles(files, { onProgress, signal: controller.signal });
    work.value = { kind: 'over', result, problem: null };
  } catch (error) {
    const why = controller.signal.aborted ? 'It was stopped.' : sentenceOf(error);
    work.value = { kind: 'over', result: progress, problem: `${why} ${AGAIN}` };
  }
  if (location.pathname !== hrefs.settings) tell('The import has ended. Its result is in the settings.');
}

export function ImportSection() {
  const state = work.value;
  return (
    <section class="card stack" aria-labelledby="import">
      <h2 id="import">Import</h2>
      <p>
        An export of this account or of another one: the zip, or single conversations as JSON. What is already here is
        not added twice, and what you deleted stays deleted.
      </p>
      <label class="field">
        <span>Zip or JSON files</span>
        <input
          type="file"
          multiple
          accept=".zip,.json,application/zip,application/json"
          aria-disabled={state.kind === 'busy'}
          onChange={({ currentTarget }) => {
            const files = [...(currentTarget.files ?? [])];
            currentTarget.value = ''; // Lets the user choose the same files again.
            if (files.length > 0) void start(files);
          }}
        />
      </label>
      {state.kind === 'busy' && (
        <UnderWay
          progress={state.progress}
          onStop={() => {
            stop?.abort();
          }}
        />
      )}
      <div role="status" class="stack tight">
        {state.kind === 'over' && state.result !== null && <Result result={state.result} />}
        {state.kind === 'over' && state.problem !== null && <p class="notice bad">{state.problem}</p>}
      </div>
      {state.kind === 'over' && state.result !== null && <Refusals refused={state.result.refused} />}
    </section>
  );
}

const AGAIN = 'What was imported so far is kept. Choose the files again to continue: nothing is added twice.';

function UnderWay({ progress, onStop }: { progress: Progress | null; onStop: () => void }) {
  const { done = 0, total = 1 } = progress ?? {};
  const text = progress === null ? 'Reading …' : `${grouped(progress.done)} of ${counted(progress.total, 'file')}`;
  return (
    <div class="progress">
      <ProgressBar label="Importing" percent={(100 * done) / total} text={text} />
      <div class="row">
        <span>{text}</span>
        <button class="button small" onClick={onStop}>
          Stop
        </button>
      </div>
    </div>
  );
}

/** "12 added, 3 were already here." */
function Result({ result: { added, known, deleted, refused, refusedEdits } }: { result: ImportResult }) {
  const parts = [
    `${grouped(added)} added`,
    ...(known > 0 ? [`${grouped(known)} ${wasOrWere(known)} already here`] : []),
    ...(deleted > 0 ? [`${grouped(deleted)} ${deleted === 1 ? 'stays' : 'stay'} deleted`] : []),
    ...(refused.length > 0 ? [`${grouped(refused.length)} could not be imported`] : []),
  ];
  return (
    <p class={added === 0 && refused.length > 0 ? 'notice bad' : 'notice'}>
      {parts.join(', ')}.
      {refusedEdits > 0 &&
        ` ${counted(refusedEdits, 'correction')} of words that are not here ${wasOrWere(refusedEdits)} left out.`}
    </p>
  );
}

const wasOrWere = (count: number): string => (count === 1 ? 'was' : 'were');
