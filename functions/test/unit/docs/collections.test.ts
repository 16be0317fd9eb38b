/** Compares the collections that the documents list with those in the code and in the indexes. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

interface Indexes {
  readonly indexes: readonly { readonly collectionGroup: string }[];
  readonly fieldOverrides: readonly { readonly collectionGroup: string; readonly ttl?: boolean }[];
}

/** Ids after a name in backticks, up to the end of the sentence. */
function idsAfter(words: string, text: string): string[] {
  const [, list = ''] = text.split(words);
  const [sentence = ''] = list.split(/\.\s|: documents/);
  return [...sentence.matchAll(/`(\w+)`/g)].map(([, id = '']) => id);
}

function sourcesOf(folder: string): string {
  return readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => read(`${folder}${name}`))
    .join('\n');
}

describe('The documented collections of this package', () => {
  const { indexes, fieldOverrides } = JSON.parse(read('firestore.indexes.json')) as Indexes;

  it('are those that the code and the indexes name', () => {
    const sources = sourcesOf('functions/src/') + sourcesOf('contract/src/');
    const ways = [
      /users\/\$\{\w+\}\/(\w+)/g,
      /\$\{JOBS\}\/\$\{jobId\}\/(\w+)/g,
      /\.collection(?:Group)?\('(\w+)'\)/g,
      /\.doc\([`'](\w+)\/[^`']*[`']\)/g,
      /^export const (?:JOBS|JOB_FILES|SHARES) = '(\w+)'/gm,
    ];
    const named = ways.flatMap((way) => [...sources.matchAll(way)].map(([, id = '']) => id));
    const indexed = [...indexes, ...fieldOverrides].map(({ collectionGroup }) => collectionGroup);
    const taken = new Set([...named, ...indexed]);
    taken.delete('users');
    assert.deepEqual(
      idsAfter('do not use them for collections of your own:', read('docs/extend.md')).sort(),
      [...taken].sort(),
    );
  });

  it('with a TTL policy are named in the section on merging indexes', () => {
    const withTtl = fieldOverrides.filter(({ ttl }) => ttl === true).map(({ collectionGroup }) => collectionGroup);
    const warned = idsAfter('Its TTL policies hold for every collection', read('docs/operations.md'));
    assert.deepEqual(warned.sort(), withTtl.sort());
  });
});
