/** The builds of libav.js that a recording needs. Each is loaded once. */
import { loadLibav } from './libav.ts';
import type { CompiledBuilds, Libav, LibavVariant } from './libav.ts';

export class Builds {
  readonly #loaded = new Map<LibavVariant, Promise<Libav>>();
  readonly #compiled: CompiledBuilds;

  /** @param compiled the builds compiled for earlier recordings; those compiled for this one are added */
  constructor(compiled: CompiledBuilds) {
    this.#compiled = compiled;
  }

  get(variant: LibavVariant): Promise<Libav> {
    const loaded = this.#loaded.get(variant) ?? loadLibav(variant, this.#compiled);
    this.#loaded.set(variant, loaded);
    return loaded;
  }
}
