import { duration } from '../domain/time.ts';
import { LEDGER_LABELS, ledgerShares } from '../domain/ledger.ts';
import type { AudioLedger } from 'offline-audio-sync-contract';

/** Shows where every second of some audio went, as a bar and in words. */
export function LedgerBar({ ledger, legend = true }: { ledger: AudioLedger; legend?: boolean }) {
  const shares = ledgerShares(ledger);
  if (shares.length === 0) return null;
  const words = shares.map(({ part, seconds }) => `${duration(seconds)} ${LEDGER_LABELS[part]}`).join(', ');
  return (
    <div class="ledger">
      <div class="ledger-bar" role="img" aria-label={`Of ${duration(ledger.audioSeconds)}: ${words}`}>
        {shares.map(({ part, share }) => (
          <span key={part} class={`part ${part}`} style={{ flexGrow: share }} />
        ))}
      </div>
      {legend && (
        <ul class="ledger-legend" aria-hidden="true">
          {shares.map(({ part, seconds }) => (
            <li key={part}>
              <span class={`swatch ${part}`} />
              <b>{duration(seconds)}</b> {LEDGER_LABELS[part]}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
