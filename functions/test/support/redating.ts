/** A world in which dates are corrected. */
import assert from 'node:assert/strict';
import { decideRedating } from '../../src/completion/decideRedating.ts';
import type { RedatingRequest } from '../../src/completion/decideRedating.ts';
import { finishRedating } from '../../src/completion/redate.ts';
import { redateRecordings } from '../../src/completion/redateRecordings.ts';
import { CommandWorld } from './commands.ts';

/** A word, and when it was said. */
export class Spoken {
  readonly deviceId: string;
  readonly text: string;
  readonly startMs: number;

  constructor(deviceId: string, text: string, startMs: number) {
    this.deviceId = deviceId;
    this.text = text;
    this.startMs = startMs;
  }

  movedBy(ms: number): Spoken {
    return new Spoken(this.deviceId, this.text, this.startMs + ms);
  }

  isAt({ deviceId, text, startMs }: Spoken): boolean {
    return this.deviceId === deviceId && this.text === text && this.startMs === startMs;
  }
}

type Asked = Partial<RedatingRequest> & Pick<RedatingRequest, 'offsetMs'>;

export class RedatingWorld extends CommandWorld {
  async redate(request: Asked, uid = this.uid) {
    return redateRecordings({ uid, jobId: null, conversationId: null, names: null, key: null, ...request }, this.deps);
  }

  /** Begins a correction of dates, and dies after so many of its transactions. */
  async redateAndDie(request: Asked, transactions: number): Promise<void> {
    const asked = { uid: this.uid, jobId: null, conversationId: null, names: null, key: null, ...request };
    await this.db.runTransaction((tx) => decideRedating(tx, asked, this.deps));
    let left = transactions;
    const db = new Proxy(this.db, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        if (name !== 'runTransaction') return value.bind(target) as unknown;
        return (...args: Parameters<typeof target.runTransaction>) => {
          if (left-- <= 0) throw new Error('It died.');
          return target.runTransaction(...args);
        };
      },
    });
    await finishRedating(this.uid, { ...this.deps, db });
  }

  /** Every word that is stored, in order of time. */
  async spoken(): Promise<Spoken[]> {
    const words = (await this.segments()).flatMap(({ deviceId, startedAt, words: said }) =>
      said.map(({ text, fromMs }) => new Spoken(deviceId, text, startedAt.toMillis() + fromMs)),
    );
    return words.sort((a, b) => a.startMs - b.startMs || (a.text < b.text ? -1 : 1));
  }

  async liveIds(): Promise<string[]> {
    return (await this.conversations()).flatMap(({ id, state }) => (state === 'live' ? id : []));
  }

  /** Checks that earlier links lead to live conversations. */
  async assertLinksLead(ids: readonly string[]): Promise<void> {
    const live = await this.deps.conversations.resolve(this.uid, ids);
    assert.ok(live.size > 0, 'the links lead somewhere');
  }
}
