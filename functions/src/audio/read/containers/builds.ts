/** The builds of libav.js that a recording needs, each loaded once. */
import { loadLibav } from './libav.ts';
import type { Libav, LibavVariant } from './libav.ts';

export class Builds {
  readonly #loaded = new Map<LibavVariant, Promise<Libav>>();

  get(variant: LibavVariant): Promise<Libav> {
    const loaded = this.#loaded.get(variant) ?? loadLibav(variant);
    this.#loaded.set(variant, loaded);
    return loaded;
  }
}
