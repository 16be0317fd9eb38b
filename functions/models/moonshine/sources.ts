/** Where each local model's weights come from, and what is made of them. */
import type { LocalModelName } from '../../src/transcription/local/models.ts';
import type { Architecture } from './attention.ts';
import type { Head } from './wordAttention.ts';

/** A package of the npm registry, by version and content. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  /** Of its tarball, as the registry and lock files have it. */
  readonly integrity: string;
}

export interface ModelSource {
  readonly weights: PinnedPackage;
  /** Folder of the two published graphs in the package. */
  readonly folder: string;
  readonly architecture: Architecture;
  /**
   * Heads of the cross-attention that look at what is being written: those of base chosen on half of `dev/samples`, those of tiny on
   * other voices. `npm run measure:local` measures both.
   */
  readonly alignmentHeads: readonly Head[];
  /** Pieces that its language is written with; other characters come as bytes. */
  readonly alphabet: RegExp;
  /** Of the recogniser that is built, hexadecimal. */
  readonly sha256: string;
}

/**
 * English: pieces of letters, digits and everyday punctuation, 24,705 of 32,000. Each token costs a score of every piece, and that
 * was almost half of the decoder's work.
 */
const ENGLISH = /^\u2581*[A-Za-z0-9'.,?!:;\-$%&"()/]*$/;

/** The tokenizer of Llama, which Moonshine uses. */
export const TOKENIZER: PinnedPackage = {
  name: 'llama-tokenizer-js',
  version: '1.2.2',
  integrity: 'sha512-Wmth393dc3odWU3IzARJ3r2oIfWgw9GdJ5Gm+hGhfECNO18UHLRqEFSf511jn4E9KcQGzuuKw4Wl08pHAemLAw==',
};

export const MODEL_SOURCES: Readonly<Record<LocalModelName, ModelSource>> = {
  'moonshine-tiny-en': {
    weights: {
      name: '@moonshine-ai/moonshine-js',
      version: '0.1.29',
      integrity: 'sha512-Gx1B3mJcbM68ihSy/LyJEuEkGq7sYMqTb04zNdcIeidU0URVlSmXP0GyiQOTTAqDZQXlIC7k+bky+FdXk0UPlg==',
    },
    folder: 'dist/model/tiny/quantized',
    architecture: { layers: 6, heads: 8, headSize: 36 },
    alignmentHeads: [
      { layer: 3, head: 7 },
      { layer: 4, head: 3 },
      { layer: 4, head: 5 },
    ],
    alphabet: ENGLISH,
    sha256: 'b3c9a2f657c0b898ec85383af394872be374ae2336f57bb93f20af79f1599dfb',
  },
  'moonshine-base-en': {
    weights: {
      name: '@usefulsensors/moonshine-js',
      version: '0.1.4',
      integrity: 'sha512-FETBCR2/VGuV4y19zfgqqHjxkExnqyvBJ/pDtxvJST1IAEAZ0OgfZ2bu/eE0L0qrl3nuKIlB/pDlNnYQNdXTLg==',
    },
    folder: 'dist/model/base/quantized',
    architecture: { layers: 8, heads: 8, headSize: 52 },
    alignmentHeads: [
      { layer: 5, head: 4 },
      { layer: 6, head: 1 },
      { layer: 5, head: 1 },
    ],
    alphabet: ENGLISH,
    sha256: '4066a3f98c78f2dd81ba237d11d32ccbbaa40655ada834be238a003a93d73c6a',
  },
};
