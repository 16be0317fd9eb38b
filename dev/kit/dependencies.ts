/** The dependencies of the published package and its shrinkwrap, made from the manifest and the lock file of functions/. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { FUNCTIONS } from '../paths.ts';

/** The packages that the build does not bundle (functions/build.mjs). Everything else is in `lib`. */
const IMPORTED = [
  '@deepgram/sdk',
  '@libav.js/variant-fat',
  '@libav.js/variant-obsolete',
  'fluent-ffmpeg',
  'libflacjs',
  'onnxruntime-node',
  'opus-decoder',
  'undici',
] as const;

/** Peer dependencies: the kit uses the app's own copies, which Firebase's CLI installs beside a kit. */
const PEERS = ['firebase-functions', 'firebase-admin'] as const;

/** Dependencies that packages need only for their install scripts, none of which runs. */
const INSTALLERS: Readonly<Record<string, readonly string[]>> = { 'onnxruntime-node': ['adm-zip', 'global-agent'] };

const lockedSchema = z.looseObject({
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
type Locked = z.infer<typeof lockedSchema>;

const lockSchema = z.looseObject({ lockfileVersion: z.literal(3), packages: z.record(z.string(), lockedSchema) });

const manifestSchema = z.looseObject({
  version: z.string(),
  license: z.string(),
  dependencies: z.record(z.string(), z.string()),
  optionalDependencies: z.record(z.string(), z.string()),
});
export type FunctionsManifest = z.infer<typeof manifestSchema>;

const read = (name: string): unknown => JSON.parse(readFileSync(path.join(FUNCTIONS, name), 'utf8'));

export function functionsManifest(): FunctionsManifest {
  return manifestSchema.parse(read('package.json'));
}

export interface KitDependencies {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

/** Exact versions for packages that the kit brings; ranges within one major version for those that the app brings. */
export function kitDependencies({ dependencies, optionalDependencies }: FunctionsManifest): KitDependencies {
  const versionOf = (name: string): string => {
    const version = dependencies[name];
    if (version === undefined) throw new Error(`${name} is no dependency of the functions any more.`);
    return version;
  };
  return {
    dependencies: Object.fromEntries(IMPORTED.map((name) => [name, versionOf(name)])),
    optionalDependencies,
    peerDependencies: Object.fromEntries(PEERS.map((name) => [name, `^${versionOf(name)}`])),
  };
}

/**
 * The packages of the lock file that the dependencies need, at the places where Node finds them from the package's directory.
 * @param bundled the names of packages in the tarball
 * @param root the published manifest
 */
export function shrinkwrap(
  root: { readonly name: string; readonly version: string } & KitDependencies,
  bundled: ReadonlySet<string>,
) {
  const { lockfileVersion, packages } = lockSchema.parse(read('package-lock.json'));
  const needed = new Map<string, Locked>();
  const add = (name: string, from: string, isOptional: boolean): void => {
    const place = placeOf(name, from, packages);
    const locked = place === null ? undefined : packages[place];
    if (place === null || locked === undefined) {
      if (isOptional) return;
      throw new Error(`The lock file of the functions lacks ${name}.`);
    }
    if (needed.has(place)) return;
    const { dependencies, optionalDependencies, dev: _, devOptional: __, optional: ___, ...entry } = locked;
    const own = withoutInstallers(name, dependencies ?? {});
    needed.set(place, {
      ...entry,
      ...(Object.keys(own).length === 0 ? {} : { dependencies: own }),
      ...(optionalDependencies === undefined ? {} : { optionalDependencies }),
      ...(isOptional ? { optional: true } : {}),
      ...(bundled.has(name) ? { inBundle: true } : {}),
    });
    for (const each of Object.keys(own)) add(each, place, isOptional);
    for (const each of Object.keys(optionalDependencies ?? {})) add(each, place, true);
  };
  for (const name of Object.keys(root.dependencies)) add(name, '', false);
  for (const name of Object.keys(root.optionalDependencies)) add(name, '', true);
  const { name, version } = root;
  const sorted = [...needed].sort(([a], [b]) => (a < b ? -1 : 1));
  return { name, version, lockfileVersion, requires: true, packages: { '': root, ...Object.fromEntries(sorted) } };
}

/** A dependency without what only its install script needs. */
export function withoutInstallers(
  name: string,
  dependencies: Readonly<Record<string, string>>,
): Record<string, string> {
  const left = INSTALLERS[name] ?? [];
  return Object.fromEntries(Object.entries(dependencies).filter(([each]) => !left.includes(each)));
}

/** Where Node finds a package from another one: in the nearest `node_modules` above. */
function placeOf(name: string, from: string, packages: Readonly<Record<string, unknown>>): string | null {
  const parts = from === '' ? [] : from.split('/node_modules/');
  for (let depth = parts.length; depth >= 0; depth -= 1) {
    const place = [...parts.slice(0, depth), depth === 0 ? `node_modules/${name}` : name].join('/node_modules/');
    if (place in packages) return place;
  }
  return null;
}
