/** Settings that are whole numbers. */
import { defineInt } from 'firebase-functions/params';
import { cloudLogger } from './logger.ts';
import type { Logger } from './logger.ts';

interface IntOptions {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly description: string;
}

/** The part of a parameter of firebase-functions that is used. */
interface IntSetting {
  readonly name: string;
  readonly options: { readonly default: number; readonly description: string };
  value(): number;
}

/** No upper bound. */
const ANY = Number.MAX_SAFE_INTEGER;

/**
 * Declares a setting that works whatever its text is: it takes the nearest value in range, or the default if the text is no whole
 * number, and logs an error once. `firebase deploy` checks only values that it asks for itself, and a typo must not cost audio.
 */
export function boundedInt(name: string, options: IntOptions, logger: Logger = cloudLogger): IntSetting {
  const { min, max, default: fallback } = options;
  const range = max === ANY ? '' : ` From ${min} to ${max}.`;
  const declared = { default: fallback, description: options.description + range };
  // Only declares it. Its own value() is 0 for every text that it does not understand.
  defineInt(name, declared);
  let isTold = false;
  return {
    name,
    options: declared,
    value() {
      const text = process.env[name] ?? '';
      const isNumber = /^\s*-?\d+\s*$/.test(text);
      const taken = isNumber ? Math.min(Math.max(Number(text), min), max) : fallback;
      if (!isTold && text !== '' && !(isNumber && Number(text) === taken)) {
        isTold = true;
        logger.error('setting.out_of_range', { stage: 'configure', setting: name, given: text, taken, min, max });
      }
      return taken;
    },
  };
}

/** Declares a limit that the operator may set as high as they like; 0 means no limit. */
export function amount(name: string, fallback: number, description: string): IntSetting {
  return boundedInt(name, { default: fallback, min: 0, max: ANY, description });
}
