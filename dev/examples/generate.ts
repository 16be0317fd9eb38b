/**
 * Generates clients from `docs/openapi.yaml`. The generator is OpenAPI Generator 5, because later versions are not npm
 * packages: these download their program from elsewhere. A document that version 5 understands also suits later versions, which
 * support more of OpenAPI.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../paths.ts';
import { fetchPackage } from './packages.ts';

const GENERATOR = '@openapitools/openapi-generator-cli@1.0.18-5.0.0-beta2';
const TYPESCRIPT_GENERATOR = 'openapi-typescript@7.13.0';
const DOCUMENT = path.join(ROOT, 'docs/openapi.yaml');

/** The generator's program, which includes Jackson. */
export function generatorJar(): string {
  return path.join(fetchPackage(GENERATOR), 'bin/openapi-generator.jar');
}

/** Generates the models for one language. */
export function generateModels(java: string, language: string, target: string, properties = ''): void {
  const args = ['-jar', generatorJar(), 'generate', '-i', DOCUMENT, '-g', language, '-o', target];
  const models = '--global-property=models,modelDocs=false,modelTests=false';
  // Version 5 has no type for any value.
  const anything = ['--type-mappings=AnyType=kotlin.Any', '--import-mappings=AnyType=kotlin.Any'];
  const more = [...(language === 'kotlin' ? anything : []), ...(properties === '' ? [] : ['-p', properties])];
  execFileSync(java, [...args, models, ...more], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** The code of a model. */
function modelIn(target: string, name: RegExp): string {
  const files = readdirSync(target, { recursive: true, encoding: 'utf8' }).filter((file) =>
    name.test(path.basename(file)),
  );
  assert.equal(files.length, 1, `${String(name)}: ${files.join(', ')}`);
  return readFileSync(path.join(target, files[0] ?? ''), 'utf8');
}

/** Checks enums and nullable fields in the generated Swift and Dart code, for which there is no compiler here. */
export function checkModels(java: string, folder: string): void {
  const swift = path.join(folder, 'swift-models');
  generateModels(java, 'swift5', swift);
  assert.match(modelIn(swift, /^FileState\.swift$/), /enum FileState: String, Codable, CaseIterable/);
  const job = modelIn(swift, /^Job\.swift$/);
  assert.match(job, /var finishedAt: Date\?/);
  assert.match(job, /var createdAt: Date\n/);
  assert.match(job, /var waitingFor: WaitingFor\?/);
  assert.match(job, /var files: \[JobFile\]/);
  assert.match(modelIn(swift, /^Segment\.swift$/), /var speaker: Int64\?/);
  assert.match(modelIn(swift, /^Conversation\.swift$/), /var relevance: Relevance\?/);

  const dart = path.join(folder, 'dart-models');
  generateModels(java, 'dart', dart);
  assert.match(modelIn(dart, /^file_state\.dart$/), /static const FileState transcribed_ = /);
  assert.match(modelIn(dart, /^job\.dart$/), /List<JobFile> files/);
  assert.match(modelIn(dart, /^conversation\.dart$/), /Map<String, int> languages/);
}

/** Generates a TypeScript client with another generator, and compiles a use of its types that only right types allow. */
export function checkTypeScript(folder: string): void {
  const generator = path.join(fetchPackage(TYPESCRIPT_GENERATOR), 'bin/cli.js');
  execFileSync(process.execPath, [generator, DOCUMENT, '-o', path.join(folder, 'api.ts')], { stdio: 'ignore' });
  writeFileSync(
    path.join(folder, 'use.ts'),
    `import type { components, operations } from './api';
type Schemas = components['schemas'];
export const until = (job: Schemas['Job']): string | null => job.waiting_for?.until ?? null;
export const hasFailed = ({ state }: Schemas['JobFile']): boolean => state === 'failed';
export const edit: Schemas['EditChange'] = { kind: 'star', starred: true };
export const speaker = ({ segments }: Schemas['SegmentPage']): number | null => segments[0]?.speaker ?? null;
// @ts-expect-error it can be null
export const title: string = ({} as Schemas['Conversation']).title;
export type Page = operations['syncJobs']['responses'][200]['content']['application/json'];
export const next = (page: Page): string | null => page.next_page_token;
`,
  );
  const compiler = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '--noEmit', '--strict', '--skipLibCheck', path.join(folder, 'use.ts')], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
