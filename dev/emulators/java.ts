/** Finds the Java that the emulators run on. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { MissingPrerequisite, jdkInstallCommand } from '../prerequisites.ts';

/** firebase-tools 15 refuses to start on anything older. */
export const MIN_JAVA = 21;

export interface Jdk {
  /** Directory that holds `bin/java`. */
  readonly home: string;
  readonly major: number;
  /** A JDK, not only a runtime: `bin/javac` is there. */
  readonly compiles: boolean;
}

/** What the search looks at; a parameter so that tests need no Java. */
export interface JavaPlaces {
  readonly javaHome: string | undefined;
  /** Entries of PATH. */
  readonly path: readonly string[];
  /** Directories whose entries are Java homes. */
  readonly jvmDirectories: readonly string[];
  /** Java homes in a directory. */
  list(directory: string): readonly string[];
  /** Null where there is no working Java. */
  inspect(home: string): Jdk | null;
}

/**
 * The newest Java that is new enough, of JAVA_HOME, PATH and the distribution's JVM directory; a JDK goes before a
 * runtime, which cannot compile the Storage rules runtime.
 * @throws MissingPrerequisite
 */
export function findJava(places: JavaPlaces = thisMachine()): Jdk {
  const homes = [
    ...(places.javaHome === undefined ? [] : [places.javaHome]),
    ...places.path.filter((entry) => path.basename(entry) === 'bin').map((entry) => path.dirname(entry)),
    ...places.jvmDirectories.flatMap((directory) => places.list(directory)),
  ];
  const found = [...new Set(homes)].map((home) => places.inspect(home)).filter((jdk) => jdk !== null);
  const usable = found
    .filter((jdk) => jdk.major >= MIN_JAVA)
    .sort((a, b) => Number(b.compiles) - Number(a.compiles) || b.major - a.major);
  const best = usable[0];
  if (best !== undefined) return best;
  const newest = Math.max(0, ...found.map((jdk) => jdk.major));
  const instead = newest === 0 ? 'none was found' : `the newest found is ${newest}`;
  throw new MissingPrerequisite(
    `The emulators need a JDK of version ${MIN_JAVA} or newer, and ${instead}: install one with "${jdkInstallCommand()}", or set JAVA_HOME.`,
  );
}

function thisMachine(): JavaPlaces {
  return {
    javaHome: process.env['JAVA_HOME'],
    path: (process.env['PATH'] ?? '').split(path.delimiter).map(resolveJavaLink),
    jvmDirectories: ['/usr/lib/jvm', '/Library/Java/JavaVirtualMachines', '/opt/homebrew/opt', '/usr/local/opt'],
    list: listHomes,
    inspect,
  };
}

/** `/usr/bin` holds only a link to `java`: its target's directory is what counts. */
function resolveJavaLink(directory: string): string {
  const java = path.join(directory, 'java');
  return existsSync(java) ? path.dirname(realpathSync(java)) : directory;
}

function listHomes(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => !directory.endsWith('/opt') || name.startsWith('openjdk'))
    .map((name) => path.join(directory, name))
    .flatMap((home) => [
      home,
      path.join(home, 'Contents', 'Home'),
      path.join(home, 'libexec/openjdk.jdk/Contents/Home'),
    ])
    .filter((home) => existsSync(path.join(home, 'bin', 'java')));
}

function inspect(home: string): Jdk | null {
  const java = path.join(home, 'bin', 'java');
  if (!existsSync(java)) return null;
  const { status, stderr } = spawnSync(java, ['-version'], { encoding: 'utf8' });
  const major = parseJavaVersion(stderr);
  if (status !== 0 || major === null) return null;
  return { home: realpathSync(home), major, compiles: existsSync(path.join(home, 'bin', 'javac')) };
}

/** Major version in what `java -version` prints: `openjdk version "21.0.4" …`, and `"1.8.0_402"` is 8. */
export function parseJavaVersion(output: string): number | null {
  const match = /version "(?:1\.)?(\d+)/.exec(output);
  return match?.[1] === undefined ? null : Number(match[1]);
}
