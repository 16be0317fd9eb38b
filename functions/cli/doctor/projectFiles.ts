/** The files of a Firebase project that say how this package is deployed there. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseEnv } from 'node:util';
import * as z from 'zod';
import type { OwnRules } from '../mergeRules/command.ts';
import { stripComments } from '../mergeRules/command.ts';

/** Of the package, for comparison. */
export interface OwnFiles extends OwnRules {
  /** `.env.example`: every setting with its default. */
  readonly settings: string;
}

/** How the functions are installed. */
export interface Installation {
  /** What stands before their names. */
  readonly prefix: string;
  /** The folder of the settings, from the project's. */
  readonly settingsFolder: string;
}

export interface ProjectFiles {
  readonly folder: string;
  /** Of the deployment that is looked at. */
  readonly project: string | null;
  /** Null where firebase.json has no codebase with this package. */
  readonly installation: Installation | null;
  /** As they are written, without defaults. */
  readonly written: Readonly<Record<string, string>>;
  /** With defaults. */
  readonly settings: Readonly<Record<string, string>>;
  readonly own: OwnFiles;
}

const codebaseSchema = z.looseObject({
  source: z.string().optional(),
  codebase: z.string().optional(),
  prefix: z.string().optional(),
  configDir: z.string().optional(),
  sourcePackage: z.looseObject({ name: z.string() }).optional(),
  instances: z.record(z.string(), z.string()).optional(),
});
const configSchema = z.looseObject({
  functions: z.union([z.array(codebaseSchema), codebaseSchema.transform((only) => [only])]).optional(),
});

const KIT = 'offline-audio-sync';

/** @param instance of several installations, the kit's instance that is looked at; null for the first. */
export function readProjectFiles(
  folder: string,
  {
    project,
    instance,
    own,
  }: { readonly project: string | null; readonly instance: string | null; readonly own: OwnFiles },
): ProjectFiles {
  const installation = findInstallation(folder, instance);
  const read = (name: string): Record<string, string> => {
    const file = path.join(folder, installation?.settingsFolder ?? '.', name);
    return existsSync(file) ? withoutUndefined(parseEnv(readFileSync(file, 'utf8'))) : {};
  };
  const written = { ...read('.env'), ...(project === null ? {} : read(`.env.${project}`)) };
  const settings = { ...withoutUndefined(parseEnv(own.settings)), ...written };
  return { folder, project, installation, written, settings, own };
}

function findInstallation(folder: string, instance: string | null): Installation | null {
  const file = path.join(folder, 'firebase.json');
  if (!existsSync(file)) return null;
  let config: z.infer<typeof configSchema>;
  try {
    config = configSchema.parse(JSON.parse(stripComments(readFileSync(file, 'utf8'))));
  } catch {
    return null;
  }
  for (const { source, prefix, configDir, sourcePackage, instances } of config.functions ?? []) {
    if (sourcePackage?.name === KIT && instances !== undefined) {
      const [id, settingsFolder] =
        Object.entries(instances).find(([each]) => instance === null || each === instance) ?? [];
      if (id !== undefined && settingsFolder !== undefined) return { prefix: `kit-${id}-`, settingsFolder };
    }
    if (source !== undefined && isThisPackage(path.join(folder, source))) {
      return { prefix: prefix === undefined ? '' : `${prefix}-`, settingsFolder: configDir ?? source };
    }
  }
  return null;
}

/** Whether a codebase is this repository's `functions/`, or deploys the package. */
function isThisPackage(source: string): boolean {
  const file = path.join(source, 'package.json');
  if (!existsSync(file)) return false;
  const manifest = z
    .looseObject({ name: z.string().optional(), dependencies: z.record(z.string(), z.string()).optional() })
    .safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!manifest.success) return false;
  const { name, dependencies = {} } = manifest.data;
  return name === KIT || name === `${KIT}-functions` || KIT in dependencies;
}

function withoutUndefined(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
