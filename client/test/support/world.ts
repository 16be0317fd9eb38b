/** A device, a server and a clock, with short methods for what happens to them. */
import type { SyncClient } from '../../src/client.ts';
import type { SyncClientOptions } from '../../src/options.ts';
import type { Recording } from '../../src/recording.ts';
import { Device } from './device.ts';
import { FakeServer } from './fakeServer.ts';
import { VirtualClock } from './virtualClock.ts';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

export class World {
  readonly clock = new VirtualClock();
  readonly server = new FakeServer(this.clock);
  readonly device = new Device(this.server, this.clock);
  #names = 0;

  /** A client that has started. */
  async client(options: Partial<SyncClientOptions> = {}): Promise<SyncClient> {
    const client = this.device.start(Infinity, options);
    await client.start();
    return client;
  }

  /** Adds a recording of so many bytes, with unique content. */
  async add(client: SyncClient, size = 100, name = this.nextName()): Promise<Recording> {
    const data = new Uint8Array(size).map((_, i) => (i < 8 ? (this.#names >> (8 * i)) & 255 : i % 251));
    this.#names += 1;
    return client.add({ name, data });
  }

  nextName(): string {
    return `audio_omi_opus_16000_1_fs160_${1_760_000_000 + this.#names}.bin`;
  }

  /** Number of requests to one endpoint. */
  requests(part: string): number {
    return this.server.requests.filter((request) => request.includes(part)).length;
  }
}

export function states(client: SyncClient): string[] {
  return client.recordings().map(({ state }) => state);
}
