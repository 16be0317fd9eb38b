/** A device whose process can die at any point, and whose store survives. */
import { createSyncClient } from '../../src/client.ts';
import type { SyncClient } from '../../src/client.ts';
import type { Completion } from '../../src/completions.ts';
import { createMd5 } from '../../src/md5.ts';
import { memoryStore } from '../../src/memory.ts';
import type { SyncClientOptions } from '../../src/options.ts';
import type { RecordingStore } from '../../src/store.ts';
import type { Clock } from '../../src/time.ts';
import type { FakeServer } from './fakeServer.ts';
import type { VirtualClock } from './virtualClock.ts';

/** One life of the process. Promises that it awaits when it dies never settle. */
interface Life {
  /** Number of operations of the store and the network until it dies. */
  left: number;
  isDead: boolean;
  /** Completions that its handler has received and that are not stored as handed over yet. */
  readonly open: Set<string>;
}

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/** A function, because the value changes during awaits. */
const isDead = (life: Life): boolean => life.isDead;

export class Device {
  readonly disk = memoryStore();
  readonly #server: FakeServer;
  readonly #clock: VirtualClock;
  #life: Life = { left: 0, isDead: true, open: new Set() };
  /** How often each end of a job was handed over. */
  readonly handedOver = new Map<string, number>();
  /** How often a process died while it handed this over. */
  readonly diedHandingOver = new Map<string, number>();
  /** Recordings whose audio was deleted. */
  readonly deleted: string[] = [];
  readonly errors: unknown[] = [];
  lives = 0;

  constructor(server: FakeServer, clock: VirtualClock) {
    this.#server = server;
    this.#clock = clock;
  }

  get isDead(): boolean {
    return this.#life.isDead;
  }

  /** @param operations after which the process dies */
  start(operations = Infinity, options: Partial<SyncClientOptions> = {}): SyncClient {
    this.#life = { left: operations, isDead: false, open: new Set() };
    this.lives += 1;
    const life = this.#life;
    const client = createSyncClient({
      store: this.#mortal(life),
      backend: this.#server.backend,
      clock: this.#mortalClock(life),
      random: () => 0.5,
      gatherMs: 0,
      createMd5,
      fetch: (input, init) => this.#act(life, () => this.#server.fetch(input, init)),
      onCompletion: (completion) => {
        this.#got(life, completion);
      },
      ...options,
    });
    client.on('error', (error) => this.errors.push(error));
    return client;
  }

  kill(): void {
    const life = this.#life;
    if (life.isDead) return;
    life.isDead = true;
    for (const key of life.open) this.diedHandingOver.set(key, (this.diedHandingOver.get(key) ?? 0) + 1);
  }

  #got(life: Life, { jobId, finishedAt }: Completion): void {
    const key = `${jobId}@${finishedAt}`;
    this.handedOver.set(key, (this.handedOver.get(key) ?? 0) + 1);
    life.open.add(key);
  }

  /** The process may die before the operation, or after it but before it gets the result. */
  async #act<T>(life: Life, work: () => Promise<T>): Promise<T> {
    if (isDead(life)) return never();
    life.left -= 1;
    if (life.left < 0) {
      this.kill();
      return never();
    }
    const result = await work();
    return isDead(life) ? never() : result;
  }

  /** Checks that audio is deleted only if its recording is stored as synced, because the server said so. */
  async #watchDeletion(id: string): Promise<void> {
    const recording = (await this.disk.entries()).get(`recording/${id}`);
    if (recording === undefined) return;
    const isRight = recording['state'] === 'synced' && this.#server.isDoneWith(String(recording['name']));
    if (!isRight)
      this.errors.push(new Error(`Audio was deleted of a recording that is ${String(recording['state'])}.`));
  }

  /** A clock whose waits never end after the process has died. */
  #mortalClock(life: Life): Clock {
    const clock = this.#clock;
    return {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      sleep: async (ms, signal) => {
        await clock.sleep(ms, signal);
        if (isDead(life)) await never();
      },
    };
  }

  #mortal(life: Life): RecordingStore {
    const { disk } = this;
    const act = <T>(work: () => Promise<T>): Promise<T> => this.#act(life, () => this.#clock.during(work));
    return {
      entries: () => act(() => disk.entries()),
      // Written one by one, as the interface allows: the process may die between any two.
      put: async (entries) => {
        for (const entry of entries) await act(() => disk.put(new Map([entry])));
        for (const [key] of entries) life.open.delete(key.replace('completion/', ''));
      },
      remove: async (keys) => {
        for (const key of keys) await act(() => disk.remove([key]));
      },
      audioIds: () => act(() => disk.audioIds()),
      putAudio: (id, audio, entries) => act(() => disk.putAudio(id, audio, entries)),
      readAudio: (id, start, end) => act(() => disk.readAudio(id, start, end)),
      removeAudio: (id, keys) =>
        act(async () => {
          this.deleted.push(id);
          if (keys.length === 0) await this.#watchDeletion(id);
          await disk.removeAudio(id, keys);
        }),
    };
  }
}
