/** Where things are, whatever directory a tool is started from. */
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '..');
export const FUNCTIONS = path.join(ROOT, 'functions');
export const CLIENT = path.join(ROOT, 'client');
export const WEB = path.join(ROOT, 'web');

/** Everything that the tools make and could make again; git-ignored. */
export const CACHE = path.join(ROOT, '.cache');

/** Prefix `demo-`: firebase-tools never reaches for a real project with such an id. */
export const PROJECT_ID = 'demo-offline-audio-sync';
