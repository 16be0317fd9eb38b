/** Notices that an emulator has died. */
import { answers } from './ports.ts';

export interface WatchOptions {
  /** Milliseconds. */
  readonly everyMs?: number;
}

/** So many refusals in a row mean that the program is dead: the Functions emulator may reload in between. */
const REFUSALS = 3;

/**
 * Checks repeatedly whether a program still listens on each port. A busy machine answers late, but it does not refuse the
 * connection.
 * @param ports by the name of the program that listens
 * @param onDead called once, with the name of the first dead program
 * @returns a function that ends the checks
 */
export function watchListeners(
  ports: ReadonlyMap<string, number>,
  onDead: (name: string) => void,
  { everyMs = 1000 }: WatchOptions = {},
): () => void {
  const refusals = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const look = async (): Promise<void> => {
    for (const [name, port] of ports) {
      const count = (await answers(port)) ? 0 : (refusals.get(name) ?? 0) + 1;
      refusals.set(name, count);
      if (isOver) return;
      if (count === REFUSALS) {
        onDead(name);
        return;
      }
    }
    timer = setTimeout(() => void look(), everyMs);
  };
  timer = setTimeout(() => void look(), everyMs);
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
