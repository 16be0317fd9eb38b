/** The API report: everything that apps can see of this library, by API Extractor. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const CLIENT = path.resolve(import.meta.dirname, '..');
const WORK = path.join(CLIENT, '../.cache/client-api');
const TYPES = path.join(WORK, 'types');

export const API_REPORT = path.join(CLIENT, 'api/client.api.md');

/** All of them in one report: analysing each by itself takes five times as long. */
const ENTRIES = ['index', 'firebase', 'indexeddb', 'md5', 'node'];

/** Declarations of all entry points, as they are published. */
function emitTypes(): void {
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(TYPES, { recursive: true });
  for (const project of ['tsconfig.build.json', 'tsconfig.build.node.json']) {
    const compiler = path.join(CLIENT, 'node_modules/typescript/bin/tsc');
    const args = [compiler, '-p', project, '--outDir', TYPES, '--emitDeclarationOnly', '--noCheck'];
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: CLIENT, encoding: 'utf8' });
    if (status !== 0) throw new Error(stdout);
  }
}

/** Markdown. */
export function makeReport(): string {
  emitTypes();
  const all = path.join(TYPES, 'all.d.ts');
  writeFileSync(all, ENTRIES.map((entry) => `export * from './${entry}.ts';\n`).join(''));
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: CLIENT,
      mainEntryPointFilePath: all,
      compiler: { tsconfigFilePath: path.join(CLIENT, 'tsconfig.build.node.json') },
      apiReport: { enabled: true, reportFileName: 'client.api.md', reportFolder: WORK, reportTempFolder: WORK },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: {
        // Everything that is exported is public here.
        extractorMessageReporting: { 'ae-missing-release-tag': { logLevel: 'none' as never } },
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
