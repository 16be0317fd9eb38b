/** Client of the stand-in's own addresses, for tests and tools. */
import type { Sidecar } from '../samples/samples.ts';
import type { Behaviour, Log, Registration } from './protocol.ts';

export class StandInControl {
  readonly #url: string;

  /** @param url as {@link startDeepgramStandIn} returns it */
  constructor(url: string) {
    this.#url = url;
  }

  /** Requests since the last reset, oldest first. */
  async log(): Promise<Log> {
    const response = await this.#call('GET', 'log');
    return (await response.json()) as Log;
  }

  /** Deletes the log and all behaviours; registered samples stay. */
  async reset(): Promise<void> {
    await this.#call('DELETE', 'log');
    await this.#call('DELETE', 'behaviour');
  }

  /** Replaces the rules. */
  async behave(...rules: Behaviour[]): Promise<void> {
    await this.#call('POST', 'behaviour', rules);
  }

  /** Registers a scenario. Registering the same content again changes nothing. */
  async register(sidecar: Sidecar, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
    const base64 = Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]);
    const registration: Registration = { sidecar, files: Object.fromEntries(base64) as Record<string, string> };
    await this.#call('POST', 'samples', registration);
  }

  async #call(method: string, path: string, body?: unknown): Promise<Response> {
    const response = await fetch(`${this.#url}/_standin/${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }
}
