/** The directories of the repository; they do not depend on where a tool is started. */
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '..');
export const FUNCTIONS = path.join(ROOT, 'functions');
export const CLIENT = path.join(ROOT, 'client');
export const WEB = path.join(ROOT, 'web');

/** What the tools make and can make again; git-ignored. */
export const CACHE = path.join(ROOT, '.cache');

/** firebase-tools never calls a real project for an id with the prefix `demo-`. */
export const PROJECT_ID = 'demo-offline-audio-sync';
