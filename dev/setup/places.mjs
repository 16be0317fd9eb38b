/** The directories that the set-up works in. */
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '../..');
export const FUNCTIONS = path.join(ROOT, 'functions');

/** Everything that the tools make and can make again; git-ignored. */
export const CACHE = path.join(ROOT, '.cache');
