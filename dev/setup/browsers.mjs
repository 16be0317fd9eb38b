/** Where a Chromium or Chrome usually is. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** @returns {string | null} the program that CHROME_PATH names, else the one of this machine, else null */
export function findBrowser() {
  const onPath = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .flatMap((directory) => NAMES.map((name) => path.join(directory, name)));
  const places = [process.env['CHROME_PATH'], ...onPath, ...PLACES];
  return places.find((place) => place !== undefined && existsSync(place)) ?? null;
}
