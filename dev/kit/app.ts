/** Makes a Firebase project of an app: empty, with its own functions, rules and an index. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { emulatorsAt, type Ports } from '../emulators/workspace.ts';
import { KIT } from './names.ts';

/** Not the default region, so that the test sees whether everything follows the setting. */
export const REGION_OF_APP = 'europe-west1';

/** The instance is named after the kit, and the functions after the instance. */
export const PREFIX = `kit-${KIT}-`;

/** The rules of the app, beside those of the kit. */
export const OWN_RULES = `rules_version = '2';
service cloud.firestore {
  match /databases/{database}/documents {
    match /posts/{post} {
      allow read: if true;
    }
  }
}
`;

export function createApp(folder: string, ports: Ports): void {
  const write = (file: string, content: string | object): void => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  };
  write('firebase.json', {
    functions: [{ source: 'functions', codebase: 'app' }],
    firestore: { rules: 'firestore.rules', indexes: 'firestore.indexes.json' },
    storage: { rules: 'storage.rules' },
    hosting: {
      public: 'public',
      rewrites: ['Upload', 'Status', 'Jobs'].map((name) => ({
        source: `/v2/sync/${name.toLowerCase()}`,
        function: { functionId: `${PREFIX}sync${name}`, region: REGION_OF_APP },
      })),
    },
    emulators: emulatorsAt(ports, false),
  });
  write('firestore.rules', OWN_RULES);
  write('firestore.indexes.json', { indexes: [], fieldOverrides: [] });
  write('storage.rules', "rules_version = '2';\nservice firebase.storage {\n}\n");
  write('public/index.html', '<!doctype html><title>App</title>');
  write('functions/package.json', {
    name: 'app-functions',
    private: true,
    main: 'index.js',
    engines: { node: '22' },
    dependencies: { 'firebase-admin': '*', 'firebase-functions': '*' },
  });
  write(
    'functions/index.js',
    "const { onRequest } = require('firebase-functions/v2/https');\nexports.hello = onRequest((req, res) => void res.send('hello'));\n",
  );
  mkdirSync(path.join(folder, 'tmp'));
}

/** The app's functions use the packages that the kit's were installed with. */
export function shareModules(folder: string): void {
  const source = path.join(folder, 'function-kits', KIT, 'source/node_modules');
  symlinkSync(source, path.join(folder, 'functions/node_modules'));
}
