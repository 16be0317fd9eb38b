/** Exports conversations as a zip. */
import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { addDays, dayOf, startOfDay } from '../domain/time.ts';
import { search as address } from '../router.ts';
import type { Format } from '../sync/exportZip.ts';
import { useApp } from './app.ts';
import { Check } from './choices.tsx';
import { saveBlob } from './download.ts';
import { DayRange, isReversed, type Days } from './dayRange.tsx';
import { Glyph } from './icons.tsx';
import { counted } from '../domain/counted.ts';
import { tell, tellProblem } from './toast.tsx';

const FORMAT_NAMES: Readonly<Record<Format, string>> = {
  md: 'Markdown, to read',
  json: 'JSON, with everything that is stored',
  srt: 'SRT subtitles',
  vtt: 'WebVTT subtitles',
};
const FORMATS = Object.keys(FORMAT_NAMES) as Format[];

/**
 * Number of conversations in the zip so far; null if no export is running. Belongs to the page, not to the screen: the export continues while
 * another screen is shown.
 */
const underWay = signal<number | null>(null);
let stop: AbortController | null = null;

export function ExportSection() {
  // The screen of a day links here with its date.
  const day = new URLSearchParams(address.value).get('day') ?? '';
  const [days, setDays] = useState<Days>({ from: day, to: day });
  const [formats, setFormats] = useState<readonly Format[]>(['md', 'json']);
  const [withAudio, setWithAudio] = useState(false);
  return (
    <section class="card stack" aria-labelledby="export">
      <h2 id="export">Export</h2>
      <p>
        All conversations, or those of some days, as one zip. It is made on this device. Without dates, everything is
        exported.
      </p>
      <div class="filters">
        <DayRange days={days} onChange={setDays} />
      </div>
      <fieldset class="checks">
        <legend class="visually-hidden">Formats</legend>
        {FORMATS.map((format) => (
          <Check
            key={format}
            checked={formats.includes(format)}
            onChange={(checked) => {
              setFormats(FORMATS.filter((one) => (one === format ? checked : formats.includes(one))));
            }}
          >
            {FORMAT_NAMES[format]}
          </Check>
        ))}
        <Check checked={withAudio} onChange={setWithAudio}>
          The audio that this service has kept. It can be played elsewhere, but not imported.
        </Check>
      </fieldset>
      <SaveRow days={days} formats={formats} withAudio={withAudio} />
    </section>
  );
}

interface Chosen {
  readonly days: Days;
  readonly formats: readonly Format[];
  readonly withAudio: boolean;
}

/** The button that begins the export; while it runs, the count and the button that stops it. */
function SaveRow(chosen: Chosen) {
  const { uid } = useApp();
  const count = underWay.value;
  const save = (): void => {
    underWay.value = 0;
    exportAsZip(uid, chosen)
      .catch((error: unknown) => {
        if (stop?.signal.aborted !== true) tellProblem(error);
      })
      .finally(() => {
        underWay.value = null;
      });
  };
  return (
    <div class="row start wrap">
      <button
        class="button"
        aria-disabled={count !== null}
        disabled={chosen.formats.length === 0 || isReversed(chosen.days)}
        onClick={save}
      >
        <Glyph name="download" size={18} /> Save as a zip
      </button>
      {count !== null && (
        <>
          <span role="status">{counted(count, 'conversation')} …</span>
          <button
            class="button small"
            onClick={() => {
              stop?.abort();
            }}
          >
            Stop
          </button>
        </>
      )}
    </div>
  );
}

/** Makes the zip and saves it, while {@link underWay} counts. */
async function exportAsZip(uid: string, { days: { from, to }, formats, withAudio }: Chosen): Promise<void> {
  const controller = new AbortController();
  stop = controller;
  const { makeZip } = await import('../sync/exportZip.ts');
  let found = 0;
  const zip = await makeZip({
    uid,
    from: startOfDay(from) ?? 0,
    to: startOfDay(addDays(to === '' ? dayOf(Date.now()) : to, 1)) ?? Date.now(),
    formats,
    withAudio,
    onProgress: (soFar) => {
      found = soFar;
      underWay.value = soFar;
    },
    signal: controller.signal,
  });
  const where = from === '' && to === '' ? 'yet' : 'in these days';
  if (found === 0) tell(`There is no conversation ${where}, so nothing was exported.`);
  else saveBlob(`conversations-${[from, to].filter((day) => day !== '').join('-to-') || dayOf(Date.now())}.zip`, zip);
}
