import path from 'node:path';
import { defineConfig } from 'vite';

const PAGE = path.join(import.meta.dirname, 'page');

/** Builds the page with the tests that run inside a browser, and the walk through the console that is added to its page. */
export default defineConfig({
  root: PAGE,
  resolve: {
    dedupe: ['firebase'],
    alias: { 'node:assert/strict': path.join(PAGE, 'assert.ts') },
  },
  build: {
    target: 'es2022',
    minify: false,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: path.join(PAGE, 'index.html'), walk: path.join(PAGE, 'walk.ts') },
      output: { entryFileNames: '[name].js' },
    },
  },
});
