import assert from 'node:assert/strict';
import { keepAwake } from '../../src/record/awake.ts';

/** A page, and a browser that grants wake locks on request of the test. */
class FakeScreen {
  visibilityState: DocumentVisibilityState = 'visible';
  held = 0;
  /** The values that `onChange` was called with. */
  readonly told: boolean[] = [];
  asked = 0;
  readonly page: Document;
  readonly #target = new EventTarget();
  readonly #waiting: (() => void)[] = [];

  constructor() {
    const page = {
      addEventListener: this.#target.addEventListener.bind(this.#target),
      removeEventListener: this.#target.removeEventListener.bind(this.#target),
    };
    Object.defineProperty(page, 'visibilityState', { get: () => this.visibilityState });
    this.page = page as unknown as Document;
  }

  readonly onChange = (isAwake: boolean): void => {
    this.told.push(isAwake);
  };

  /** The system releases the lock because the battery is low. */
  releaseAll: () => void = () => undefined;

  readonly wakeLock = {
    request: () => {
      this.asked++;
      return new Promise<WakeLockSentinel>((resolve) => {
        this.#waiting.push(() => {
          this.held++;
          let released = false;
          const release = () => {
            if (!released) this.held--;
            released = true;
            return Promise.resolve();
          };
          const sentinel = Object.assign(new EventTarget(), { release });
          this.releaseAll = () => {
            void release();
            sentinel.dispatchEvent(new Event('release'));
          };
          resolve(sentinel as unknown as WakeLockSentinel);
        });
      });
    },
  };

  async give(): Promise<void> {
    for (const give of this.#waiting.splice(0)) give();
    await new Promise((resolve) => setImmediate(resolve));
  }

  turn(visibilityState: DocumentVisibilityState): void {
    this.visibilityState = visibilityState;
    this.#target.dispatchEvent(new Event('visibilitychange'));
  }
}

describe('Keeping the screen on', () => {
  let screen: FakeScreen;
  let letSleep: () => void;
  beforeEach(() => {
    screen = new FakeScreen();
    letSleep = keepAwake(screen);
  });

  it('begins with the recording and ends on request', async () => {
    await screen.give();
    assert.equal(screen.held, 1);
    letSleep();
    assert.equal(screen.held, 0);
  });

  it('is requested again when the page is shown again, and not while it is hidden', async () => {
    await screen.give();
    screen.turn('hidden');
    assert.deepEqual([screen.held, screen.asked], [0, 1]);
    screen.turn('visible');
    await screen.give();
    assert.deepEqual([screen.held, screen.asked], [1, 2]);
    letSleep();
    assert.equal(screen.held, 0);
  });

  it('releases a lock that arrives too late', async () => {
    letSleep();
    await screen.give();
    assert.equal(screen.held, 0);
    screen.turn('visible');
    assert.equal(screen.asked, 1);
  });

  it('reports if the browser cannot do it, or refuses', async () => {
    const { page, onChange } = screen;
    keepAwake({ wakeLock: undefined, page, onChange })();
    const refusing = { request: () => Promise.reject(new DOMException('low battery', 'NotAllowedError')) };
    keepAwake({ wakeLock: refusing, page, onChange });
    await screen.give();
    assert.equal(screen.held, 1);
    assert.deepEqual(screen.told, [false, false, true], 'and says so');
  });

  it('reports when the system ends it because the battery is low', async () => {
    await screen.give();
    screen.releaseAll();
    assert.deepEqual(screen.told, [true, false]);
  });
});
