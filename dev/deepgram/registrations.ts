/** The samples that tests register while the stand-in runs. */
import { createHash } from 'node:crypto';
import type { SampleLibrary } from './library.ts';
import type { Registration } from './protocol.ts';

export class Registrations {
  readonly #library: SampleLibrary;
  /** Hash of what was registered, by scenario. */
  readonly #known = new Map<string, string>();

  constructor(library: SampleLibrary) {
    this.#library = library;
  }

  /**
   * Registers a scenario. Registering the same content again changes nothing.
   * @throws Error if the content of a known scenario differs, or contradicts the sidecar
   */
  add(registration: Registration): void {
    const { sidecar, files } = registration;
    const content = createHash('sha256').update(JSON.stringify(registration)).digest('hex');
    const known = this.#known.get(sidecar.scenario);
    if (known === content) return;
    if (known !== undefined) throw new Error(`"${sidecar.scenario}" is registered with other content`);
    this.#library.add(sidecar, ({ name }) => {
      const file = files[name];
      if (file === undefined) throw new Error(`"${name}" is not among the files`);
      return Buffer.from(file, 'base64');
    });
    this.#known.set(sidecar.scenario, content);
  }
}
