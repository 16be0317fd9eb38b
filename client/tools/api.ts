/** The API report: everything that apps can see of this library, by API Extractor. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const CLIENT = path.resolve(import.meta.dirname, '..');
const ROOT = path.join(CLIENT, '..');
const WORK = path.join(ROOT, '.cache/client-api');

export const API_REPORT = path.join(CLIENT, 'api/client.api.md');

/** All of them in one report: analysing each by itself takes five times as long. */
const ENTRIES = ['index', 'firebase', 'indexeddb', 'md5', 'node', 'react-native', 'testing', 'search/index'];

/** Declarations of all entry points, as they are published. */
function emitTypes(): void {
  const compiler = path.join(ROOT, 'node_modules/typescript-native/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-b', 'tsconfig.build.node.json'], {
    cwd: CLIENT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stdout);
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(WORK, { recursive: true });
}

/** Markdown. */
export function makeReport(): string {
  emitTypes();
  const all = path.join(WORK, 'all.d.ts');
  writeFileSync(all, ENTRIES.map((entry) => `export * from '../../client/dist/${entry}.js';\n`).join(''));
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: CLIENT,
      mainEntryPointFilePath: all,
      compiler: {
        overrideTsconfig: {
          extends: path.join(CLIENT, 'tsconfig.build.node.json'),
          compilerOptions: { paths: { 'offline-audio-sync-contract': [path.join(ROOT, 'contract/dist/index.d.ts')] } },
          include: [all],
        },
      },
      // What the library exports of the contract is the library's own to an app.
      bundledPackages: ['offline-audio-sync-contract'],
      apiReport: { enabled: true, reportFileName: 'client.api.md', reportFolder: WORK, reportTempFolder: WORK },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        // Everything that is exported is public here.
        extractorMessageReporting: {
          'ae-missing-release-tag': { logLevel: 'none' as never },
          'ae-forgotten-export': { logLevel: 'warning' as never, addToApiReportFile: true },
        },
        tsdocMessageReporting: { default: { logLevel: 'none' as never } },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: path.join(CLIENT, 'package.json'),
  });
  Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = true;
    },
  });
  return readFileSync(path.join(WORK, 'client.api.md'), 'utf8');
}
