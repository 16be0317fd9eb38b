import path from 'node:path';
import { defineConfig } from 'vite';

const PAGE = path.join(import.meta.dirname, 'page');

/** Builds the page with the tests that run inside a browser. */
export default defineConfig({
  root: PAGE,
  resolve: {
    dedupe: ['firebase'],
    alias: { 'node:assert/strict': path.join(PAGE, 'assert.ts') },
  },
  build: { target: 'es2022', minify: false, modulePreload: { polyfill: false } },
});
