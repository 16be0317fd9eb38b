/** Browsers that this machine may have, by their engines. */
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { localBrowser } from '../../../dev/browser.ts';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Engine {
  readonly name: 'Chromium' | 'Firefox' | 'WebKit';
  /** @param profile an empty directory @returns the command that opens a page with it, or why that is not possible here */
  readonly open: (url: string, profile: string) => Command | { readonly missing: string };
}

export const onPath = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .map((directory) => path.join(directory, name))
    .find((file) => existsSync(file));

export const ENGINES: readonly Engine[] = [
  {
    name: 'Chromium',
    open: (url, profile) => {
      const { executablePath, env } = localBrowser();
      const args = ['--headless', '--no-first-run', '--disable-gpu', `--user-data-dir=${profile}`];
      const media = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'];
      const autoplay = '--autoplay-policy=no-user-gesture-required';
      const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
      return { program: executablePath, env, args: [...args, ...media, autoplay, ...sandbox, url] };
    },
  },
  {
    name: 'Firefox',
    open: (url, profile) => {
      const program = onPath('firefox-esr') ?? onPath('firefox');
      if (program === undefined)
        return { missing: 'there is no firefox-esr or firefox (Debian: apt-get install firefox-esr)' };
      writeFileSync(path.join(profile, 'user.js'), FIREFOX_PREFERENCES);
      return { program, args: ['--headless', '--no-remote', '--profile', profile, url] };
    },
  },
  {
    name: 'WebKit',
    open: (url) => {
      const program = onPath('cog');
      if (program === undefined) return { missing: 'there is no cog (Debian: apt-get install cog)' };
      const media = ['--enable-media-stream=true', '--enable-mock-capture-devices=true'];
      return { program, args: ['--platform=headless', ...media, url] };
    },
  },
];

/** A fake microphone with a tone, and no questions to the user. */
const FIREFOX_PREFERENCES = `
user_pref('media.navigator.streams.fake', true);
user_pref('media.navigator.permission.disabled', true);
user_pref('media.autoplay.default', 0);
user_pref('media.autoplay.blocking_policy', 0);
user_pref('browser.shell.checkDefaultBrowser', false);
user_pref('datareporting.policy.dataSubmissionEnabled', false);
user_pref('app.update.auto', false);
`;
