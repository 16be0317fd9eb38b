import type { Refusal } from '../sync/addEach.ts';

/** Shows each reason once, with the files that it is about. */
export function Refusals({ refused }: { refused: readonly Refusal[] }) {
  return (
    <>
      {[...new Set(refused.map(({ reason }) => reason))].map((reason) => {
        const names = refused.filter((one) => one.reason === reason).map(({ name }) => name);
        return (
          <div key={reason} class="notice bad" role="alert">
            <p>
              <b dir="auto">{listOf(names)}</b>: {reason}
            </p>
            {names.length > NAMED && (
              <details>
                <summary>All {names.length} names</summary>
                <ul>
                  {names.map((name, index) => (
                    <li key={index} dir="auto">
                      {name}
                    </li>
                  ))}
                </ul>
              </details>
            )}
          </div>
        );
      })}
    </>
  );
}

/** Names the first few files, and counts the others. */
function listOf(names: readonly string[]): string {
  const shown = names.slice(0, NAMED);
  return new Intl.ListFormat('en').format(names.length > NAMED ? [...shown, `${names.length - NAMED} more`] : shown);
}

const NAMED = 10;
