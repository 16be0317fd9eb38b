/** The models that can run in the function itself. To add a language, add a row here and where its weights come from. */

import type { LocalModelSize } from '../../config.ts';

export interface LocalModel {
  /** The only language that it recognises: the first subtag of a BCP-47 tag. */
  readonly language: string;
  readonly size: LocalModelSize;
  /** Folder in `functions/models`, and the name that is stored with the words. */
  readonly name: string;
  /**
   * The most tokens of a second of speech. The makers of Moonshine give 6.5 for English; more are made up.
   * https://arxiv.org/abs/2410.15608
   */
  readonly maxTokensPerSecond: number;
}

export const LOCAL_MODELS = [
  { language: 'en', size: 'tiny', name: 'moonshine-tiny-en', maxTokensPerSecond: 6.5 },
  { language: 'en', size: 'base', name: 'moonshine-base-en', maxTokensPerSecond: 6.5 },
] as const satisfies readonly LocalModel[];

export type LocalModelName = (typeof LOCAL_MODELS)[number]['name'];

/** The file of each model in `functions/models`. */
export const MODEL_FILE = 'recogniser.onnx';
export const TOKENS_FILE = 'tokens.json';

/** The language that is assumed for `multi`. */
const DEFAULT_LANGUAGE = 'en';

/** @param language BCP-47 tag, or `multi`. @returns null if no model of this size recognises it. */
export function localModel(language: string, size: LocalModelSize): LocalModel | null {
  const wanted = language === 'multi' ? DEFAULT_LANGUAGE : language.split('-')[0]?.toLowerCase();
  return LOCAL_MODELS.find((model) => model.language === wanted && model.size === size) ?? null;
}
