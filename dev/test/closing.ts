/** Clean-up of what the hooks of a test suite open. */
import { rm } from 'node:fs/promises';

interface Closing {
  /** Registers what was just opened. @param close how to close it, if that is not its method `close` */
  <T extends { close: () => unknown }>(opened: T): T;
  <T>(opened: T, close: (opened: T) => unknown): T;
}

/** Call it in a `describe`: what its hooks register is closed after each test, the last first. */
export function closeAfterEach(): Closing {
  return closeIn(afterEach);
}

/** Call it in a `describe`: what its hooks register is closed after all tests, the last first. */
export function closeAfterAll(): Closing {
  return closeIn(after);
}

/** If a hook fails, only what it had opened is closed. So no second error, of what was never opened, hides the first. */
function closeIn(hook: (close: () => Promise<void>) => void): Closing {
  const tasks: (() => unknown)[] = [];

  hook(closeLast);

  async function closeLast(): Promise<void> {
    const close = tasks.pop();
    if (close === undefined) return;
    try {
      await close();
    } finally {
      await closeLast();
    }
  }

  return <T>(opened: T, close = (it: T): unknown => (it as { close: () => unknown }).close()): T => {
    tasks.push(() => close(opened));
    return opened;
  };
}

/** How to close a temporary folder. */
export function removeFolder(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true });
}
