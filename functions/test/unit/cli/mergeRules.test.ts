import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { closeAfterEach, removeFolder } from '../../../../dev/test/closing.ts';
import { planMerge } from '../../../cli/mergeRules/command.ts';
import type { OwnRules } from '../../../cli/mergeRules/command.ts';
import { indexFileSchema, mergeIndexes } from '../../../cli/mergeRules/indexes.ts';
import { BEGIN, END, mergeRules, MergeError, withoutOurs } from '../../../cli/mergeRules/rulesText.ts';
import { codeOf, serviceBlock } from '../../../cli/mergeRules/scan.ts';

const ROOT = new URL('../../../../', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, ROOT), 'utf8');
const OURS: OwnRules = {
  firestore: read('firestore.rules'),
  storage: read('storage.rules'),
  indexes: read('firestore.indexes.json'),
};
const SERVICE = 'cloud.firestore';

/** Rules with everything that looks like the end of a block. */
const APP = `rules_version = '2';
// it's } not the end
service cloud.firestore {
  /* nor { here */
  match /databases/{db}/documents {
    function isUser(uid) { return request.auth.uid == uid && 'a}"//' != "b{'"; }
    match /posts/{post} { allow read: if true; allow write: if isUser($(post)); }
  }
}
service firebase.storage { match /b/{bucket}/o { match /own/{x} { allow read; } } }
`;

describe('merge-rules', () => {
  describe('for rules', () => {
    it('adds one marked section to the app’s service block, and changes nothing else', () => {
      const merged = mergeRules(APP, OURS.firestore, SERVICE);
      const section = merged.slice(merged.indexOf(BEGIN), merged.indexOf(END));
      assert.ok(section.includes('match /offline_sync_jobs/{jobId}'));
      const squeeze = (text: string): string => text.replaceAll(/\s+/g, '');
      assert.equal(squeeze(withoutOurs(merged, OURS.firestore, SERVICE)), squeeze(APP));
      const block = serviceBlock(merged, SERVICE);
      assert.ok(block !== null && block.open < merged.indexOf(BEGIN) && merged.indexOf(END) < block.close);
    });

    it('changes nothing the second time, and replaces what an older version wrote', () => {
      for (const [ours, service] of [
        [OURS.firestore, SERVICE],
        [OURS.storage, 'firebase.storage'],
      ] as const) {
        for (const app of [null, '', APP, APP.replaceAll('\n', '\r\n'), "rules_version = '2';\n"]) {
          const merged = mergeRules(app, ours, service);
          assert.equal(mergeRules(merged, ours, service), merged);
          const older = mergeRules(app, ours.replace(/(?=allow (read|create))/, 'allow get; '), service);
          assert.notEqual(older, merged);
          assert.equal(mergeRules(older, ours, service), merged);
        }
      }
    });

    it('keeps the line endings of the app', () => {
      const merged = mergeRules(APP.replaceAll('\n', '\r\n'), OURS.firestore, SERVICE);
      assert.doesNotMatch(merged, /[^\r]\n/);
    });

    it('adds a service that the file lacks, and writes a whole file if there is none', () => {
      const storageOnly = "rules_version = '2';\nservice firebase.storage { match /b/{b}/o {} }\n";
      assert.ok(mergeRules(storageOnly, OURS.firestore, SERVICE).startsWith(storageOnly.trimEnd()));
      assert.match(mergeRules(null, OURS.firestore, SERVICE), /^rules_version = '2';/);
    });

    it('refuses what it cannot merge without changing what the app’s rules mean', () => {
      const cannot = (app: string, why: RegExp): void => {
        assert.throws(() => mergeRules(app, OURS.firestore, SERVICE), why);
      };
      cannot(APP.replace("rules_version = '2';\n", ''), /version 2/);
      cannot(APP.replace("'2'", "'1'"), /version 2/);
      cannot("// rules_version = '2';\nservice cloud.firestore {}", /version 2/);
      const merged = mergeRules(APP, OURS.firestore, SERVICE);
      cannot(merged.replace(END, ''), /not one pair/);
      cannot(merged + merged, /not one pair/);
      cannot(APP.replace(/\}\n\}\nservice firebase[^]*/, ''), /brace is missing/);
    });

    it('finds the end of a block, whatever comments and strings contain', () => {
      const noise = fc
        .array(fc.constantFrom('{', '}', "'", '"', '//', '/*', '\\', 'a', ' '))
        .map((all) => all.join(''));
      fc.assert(
        fc.property(noise, noise, (comment, string) => {
          const quoted = JSON.stringify(string);
          const text = `// service x { ${comment}\nservice x { allow: ${quoted}; /* ${comment.replaceAll('*', '').replaceAll('/', '')} */ }\n// }`;
          const block = serviceBlock(text, 'x');
          assert.equal(block?.open, text.indexOf('{', text.indexOf('\nservice')));
          assert.equal(block.close, text.lastIndexOf('}\n'));
          assert.equal(codeOf(text).length, text.length);
        }),
      );
    });
  });

  describe('for indexes', () => {
    const ours = indexFileSchema.parse(JSON.parse(OURS.indexes));
    const parse = (file: object) => indexFileSchema.parse(file);

    it('makes the union: the app’s own indexes stay first, and a second merge adds nothing', () => {
      const own = {
        collectionGroup: 'posts',
        queryScope: 'COLLECTION',
        fields: [{ fieldPath: 'at', order: 'ASCENDING' }],
      };
      const app = parse({ indexes: [own, ours.indexes[3]], fieldOverrides: [], extra: 1 });
      const { file, shared } = mergeIndexes(app, ours, '');
      assert.deepEqual(file.indexes.slice(0, 2), app.indexes);
      assert.equal(file.indexes.length, ours.indexes.length + 1);
      assert.deepEqual(file.fieldOverrides, ours.fieldOverrides);
      assert.equal(file['extra'], 1);
      assert.deepEqual(shared, []);
      assert.deepEqual(mergeIndexes(file, ours, '').file, file);
    });

    it('recognises an index as Firebase writes it: with its default scope, its order of names and its density', () => {
      const written = ours.indexes.map(({ fields, ...index }) => ({
        ...index,
        density: 'SPARSE_ALL',
        fields: [...fields, { fieldPath: '__name__', order: 'ASCENDING' }],
      }));
      assert.equal(mergeIndexes(parse({ indexes: written }), ours, '').file.indexes.length, ours.indexes.length);
    });

    it('removes no index from a collection of the app that has the same name, but keeps the TTL policy', () => {
      const own = {
        collectionGroup: 'recordings',
        queryScope: 'COLLECTION',
        fields: [{ fieldPath: 'genre' }, { fieldPath: 'at' }],
      };
      for (const [app, rules] of [
        [{ indexes: [own] }, ''],
        [{}, 'match /recordings/{id} {}'],
      ] as const) {
        const { file, shared } = mergeIndexes(parse(app), ours, rules);
        assert.deepEqual(shared, ['recordings']);
        const left = file.fieldOverrides.filter(({ collectionGroup }) => collectionGroup === 'recordings');
        assert.deepEqual(
          left.map(({ fieldPath, ttl }) => [fieldPath, ttl]),
          [['expiresAt', true]],
        );
      }
    });

    it('merges the settings of both for one field', () => {
      const index = { order: 'ASCENDING', queryScope: 'COLLECTION' };
      const app = parse({ fieldOverrides: [{ collectionGroup: 'usage', fieldPath: 'expiresAt', indexes: [index] }] });
      const [joined] = mergeIndexes(app, ours, '').file.fieldOverrides;
      assert.deepEqual(joined, { collectionGroup: 'usage', fieldPath: 'expiresAt', indexes: [index], ttl: true });
    });
  });

  describe('for an app', () => {
    let folder: string;
    const closing = closeAfterEach();
    beforeEach(() => {
      folder = closing(mkdtempSync(path.join(os.tmpdir(), 'merge-rules-')), removeFolder);
    });
    const put = (file: string, text: string): void => {
      writeFileSync(path.join(folder, file), text);
    };
    const plan = () => planMerge(folder, OURS);
    const write = (): void => {
      for (const { file, after } of plan().changes) put(file, after);
    };

    it('creates the files that are missing, and names them in firebase.json', () => {
      put('firebase.json', '{\n  "hosting": { "public": "web" }\n}\n');
      assert.deepEqual(
        plan().changes.map(({ file }) => file),
        ['firestore.rules', 'firestore.indexes.json', 'storage.rules', 'firebase.json'],
      );
      write();
      assert.deepEqual(plan(), { changes: [], warnings: [] });
      const config = JSON.parse(readFileSync(path.join(folder, 'firebase.json'), 'utf8')) as object;
      assert.deepEqual(config, {
        hosting: { public: 'web' },
        firestore: { rules: 'firestore.rules', indexes: 'firestore.indexes.json' },
        storage: { rules: 'storage.rules' },
      });
    });

    it('merges into the files of the default database, wherever they are, and leaves the others alone', () => {
      const databases = [
        { database: 'other', rules: 'other.rules', indexes: 'other.json' },
        { database: '(default)', rules: 'main.rules', indexes: 'main.json' },
      ];
      put(
        'firebase.json',
        `// of ours\n${JSON.stringify({ firestore: databases, storage: [{ bucket: 'b', rules: 's.rules' }] })}`,
      );
      put('main.rules', APP);
      put('main.json', '{"indexes": []}');
      assert.deepEqual(
        plan().changes.map(({ file }) => file),
        ['main.rules', 'main.json', 's.rules'],
      );
      write();
      assert.deepEqual(plan().changes, []);
    });

    it('recognises rules that were merged by hand, like those of this repository', () => {
      put('firebase.json', read('firebase.json'));
      put('firestore.rules', OURS.firestore);
      put('firestore.indexes.json', OURS.indexes);
      put('storage.rules', OURS.storage);
      assert.deepEqual(plan(), { changes: [], warnings: [] });
    });

    it('warns of a rule that lets users write everything', () => {
      put('firebase.json', '{}');
      const wide = 'match /users/{uid}/{document=**} { allow read, write: if request.auth.uid == uid; }';
      put(
        'firestore.rules',
        `rules_version = '2';\nservice cloud.firestore { match /databases/{d}/documents { ${wide} } }`,
      );
      assert.match(plan().warnings.join(), /users\/\{uid\}\/\{document=\*\*\}/);
      write();
      assert.equal(plan().warnings.length, 1);
    });

    it('says what it cannot merge, and then writes nothing', () => {
      assert.throws(plan, MergeError);
      put('firebase.json', '{ "storage": [{ "rules": "a" }, { "rules": "b" }] }');
      assert.throws(plan, /several buckets/);
      put('firebase.json', '{} // mine');
      assert.throws(plan, /comments/);
      put('firebase.json', '{ "firestore": 7 }');
      assert.throws(plan, MergeError);
      put('firebase.json', '{}');
      put('firestore.indexes.json', '{ "indexes": {} }');
      assert.throws(plan, /firestore\.indexes\.json/);
    });
  });
});
