/** Searching everything that a user ever said, on the device. */
export { findIn, fold, foldQuery, foldText } from './fold.ts';
export type { Folded, TextRange } from './fold.ts';
