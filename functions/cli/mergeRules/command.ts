/** `merge-rules`: finds the app's rules by its firebase.json, merges, shows the difference, and writes if told to. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createPatch } from 'diff';
import * as z from 'zod';
import { optionsIn } from '../arguments.ts';
import { indexFileSchema, mergeIndexes } from './indexes.ts';
import { MergeError, mergeRules, withoutOurs } from './rulesText.ts';
import { codeOf } from './scan.ts';

const firestoreSchema = z.looseObject({
  database: z.string().optional(),
  rules: z.string().optional(),
  indexes: z.string().optional(),
});
const storageSchema = z.looseObject({ rules: z.string().optional() });
/** What firebase.json may have once, or once for each database or bucket. */
const listOf = <T extends z.ZodType>(schema: T) =>
  z.preprocess(
    (value): unknown => (value === undefined ? [] : Array.isArray(value) ? value : [value]),
    z.array(schema),
  );
const configSchema = z.looseObject({ firestore: listOf(firestoreSchema), storage: listOf(storageSchema) });
type Files = z.infer<typeof firestoreSchema>;

const DEFAULT_DATABASE = '(default)';

/** A file before and after. */
export interface Change {
  /** From the project's folder. */
  readonly file: string;
  readonly before: string | null;
  readonly after: string;
}

export interface Plan {
  readonly changes: readonly Change[];
  /** What a person should look at. */
  readonly warnings: readonly string[];
}

/** @returns the exit code: 0, or 1 where something cannot be merged. @throws UsageError */
export function mergeRulesCommand(
  args: string[],
  { own, print }: { readonly own: OwnRules; readonly print: (text: string) => void },
): number {
  const values = optionsIn(args, {
    write: { type: 'boolean', default: false },
    'project-dir': { type: 'string', default: '.' },
  });
  const folder = path.resolve(values['project-dir']);
  try {
    const { changes, warnings } = planMerge(folder, own);
    for (const { file, before, after } of changes) print(createPatch(file, before ?? '', after, '', 'merged'));
    for (const warning of warnings) print(`! ${warning}\n`);
    if (changes.length === 0) print('✓ Rules and indexes are merged already.\n');
    else if (!values.write) print('Nothing was written. With --write the changes above are.\n');
    else {
      for (const { file, after } of changes) writeFileSync(path.join(folder, file), after);
      print(
        `✓ Written: ${changes.map(({ file }) => file).join(', ')}. Deploy: firebase deploy --only firestore,storage\n`,
      );
    }
    return 0;
  } catch (error) {
    if (!(error instanceof MergeError)) throw error;
    print(`✗ ${error.message}\n`);
    return 1;
  }
}

export interface OwnRules {
  readonly firestore: string;
  readonly storage: string;
  /** JSON. */
  readonly indexes: string;
}

/** @throws MergeError */
export function planMerge(folder: string, ours: OwnRules): Plan {
  const configText = readIfThere(folder, 'firebase.json');
  if (configText === null)
    throw new MergeError('There is no firebase.json here: give the folder of your app with --project-dir.');
  const config = configSchema.safeParse(parseJson('firebase.json', stripComments(configText)));
  if (!config.success)
    throw new MergeError('firebase.json is not as Firebase documents it: its firestore or storage cannot be read.');
  const { firestore: databases, storage: buckets } = config.data;
  if (buckets.length > 1) {
    throw new MergeError(
      'firebase.json has rules for several buckets: merge storage.rules of the package into those of the default bucket by hand.',
    );
  }
  const firestore: Files = databases.find(({ database = DEFAULT_DATABASE }) => database === DEFAULT_DATABASE) ?? {};
  const storage: Files = buckets[0] ?? {};
  const files = {
    firestore: firestore.rules ?? 'firestore.rules',
    indexes: firestore.indexes ?? 'firestore.indexes.json',
    storage: storage.rules ?? 'storage.rules',
  };
  const before = {
    firestore: readIfThere(folder, files.firestore),
    indexes: readIfThere(folder, files.indexes),
    storage: readIfThere(folder, files.storage),
  };
  const appRules = codeOf(withoutOurs(before.firestore ?? '', ours.firestore, 'cloud.firestore'));
  const { text: indexes, shared } = mergedIndexText(before.indexes, files.indexes, ours.indexes, appRules);
  const merged = {
    firestore: named(files.firestore, () => mergeRules(before.firestore, ours.firestore, 'cloud.firestore')),
    indexes,
    storage: named(files.storage, () => mergeRules(before.storage, ours.storage, 'firebase.storage')),
  };
  const changes: Change[] = (['firestore', 'indexes', 'storage'] as const).map((each) => ({
    file: files[each],
    before: before[each],
    after: merged[each],
  }));
  const isNamed = firestore.rules !== undefined && firestore.indexes !== undefined && storage.rules !== undefined;
  if (!isNamed) {
    if (stripComments(configText) !== configText)
      throw new MergeError(
        `Name the files in firebase.json first, because this program would lose its comments: firestore.rules "${files.firestore}", firestore.indexes "${files.indexes}", storage.rules "${files.storage}".`,
      );
    const next = {
      ...config.data,
      firestore: withFiles(databases, firestore, { rules: files.firestore, indexes: files.indexes }),
      storage: withFiles(buckets, storage, { rules: files.storage }),
    };
    changes.push({
      file: 'firebase.json',
      before: configText,
      after: `${JSON.stringify(next, null, indentOf(configText))}\n`,
    });
  }
  return {
    changes: changes.filter((change) => change.before !== change.after),
    warnings: [...shared.map(sharedWarning), ...wideWrites(appRules)],
  };
}

function sharedWarning(id: string): string {
  return `Your app has a collection "${id}", too. It gets no exemptions from indexing; but a TTL policy holds for every collection of that name: documents with a time in "expiresAt" are deleted.`;
}

/** Rules of the app that also allow writes to what only the functions may write: rules add up. */
function wideWrites(appRules: string): string[] {
  const blocks = appRules.matchAll(/\bmatch\s+(\/\S*\{\w+=\*\*\}\S*)\s*\{([^}]*)\}/g);
  return [...blocks].flatMap(([, where = '', body = '']) =>
    /\ballow\s+[\w\s,]*\b(write|create|update|delete)\b(?!\s*:\s*if\s+false)/.test(body)
      ? [
          `Your rule "match ${where}" allows writes to everything below it. Rules add up: make sure that it does not let users write transcripts, usage or "fairUse".`,
        ]
      : [],
  );
}

/** The section of firebase.json with the files named in one of its entries. */
function withFiles(entries: readonly object[], entry: object, files: Readonly<Record<string, string>>): unknown {
  const added = entries.length === 0 ? files : { database: DEFAULT_DATABASE, ...files };
  const next = entries.includes(entry)
    ? entries.map((each) => (each === entry ? { ...each, ...files } : each))
    : [...entries, added];
  return next.length === 1 ? next[0] : next;
}

function mergedIndexText(before: string | null, file: string, ours: string, appRules: string) {
  const parse = (name: string, text: string) => {
    const parsed = indexFileSchema.safeParse(parseJson(name, text));
    if (!parsed.success) throw new MergeError(`${name} is not as Firebase documents it.`);
    return parsed.data;
  };
  const app = parse(file, before === null || before.trim() === '' ? '{}' : before);
  const { file: merged, shared } = mergeIndexes(app, parse('The indexes of this package', ours), appRules);
  const isSame = JSON.stringify(merged) === JSON.stringify(app) && before !== null;
  return { text: isSame ? before : `${JSON.stringify(merged, null, indentOf(before ?? ''))}\n`, shared };
}

const indentOf = (text: string): string => /^([ \t]+)"/m.exec(text)?.[1] ?? '  ';

function named(file: string, merge: () => string): string {
  try {
    return merge();
  } catch (error) {
    throw new MergeError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new MergeError(`${name} is no JSON.`);
  }
}

/** firebase.json may have comments. Strings stay as they are. */
export function stripComments(text: string): string {
  return text.replace(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[^]*?\*\//g, (found) => (found.startsWith('"') ? found : ''));
}

function readIfThere(folder: string, file: string): string | null {
  const place = path.join(folder, file);
  return existsSync(place) ? readFileSync(place, 'utf8') : null;
}
