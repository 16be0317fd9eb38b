import assert from 'node:assert/strict';
import { findJava, parseJavaVersion, type JavaPlaces, type Jdk } from '../emulators/java.ts';
import { MissingPrerequisite, jdkInstallCommand } from '../prerequisites.ts';

/** A machine with these Java homes; a negative version is a runtime without a compiler. */
function machine(versions: Record<string, number>, where: Partial<JavaPlaces> = {}): JavaPlaces {
  return {
    javaHome: undefined,
    path: [],
    jvmDirectories: ['/usr/lib/jvm'],
    list: (directory) => Object.keys(versions).filter((home) => home.startsWith(directory)),
    inspect: (home): Jdk | null => {
      const version = versions[home];
      return version === undefined ? null : { home, major: Math.abs(version), compiles: version > 0 };
    },
    ...where,
  };
}

describe('Choice of Java', () => {
  it('takes the newest of the distribution that is new enough', () => {
    const jdk = findJava(machine({ '/usr/lib/jvm/17': 17, '/usr/lib/jvm/25': 25, '/usr/lib/jvm/21': 21 }));
    assert.equal(jdk.home, '/usr/lib/jvm/25');
  });

  it('looks at JAVA_HOME and PATH too', () => {
    assert.equal(findJava(machine({ '/opt/a': 21 }, { javaHome: '/opt/a' })).home, '/opt/a');
    assert.equal(findJava(machine({ '/opt/b': 21 }, { path: ['/bin', '/opt/b/bin'] })).home, '/opt/b');
  });

  it('passes over a JAVA_HOME that is too old', () => {
    const jdk = findJava(machine({ '/opt/a': 17, '/usr/lib/jvm/21': 21 }, { javaHome: '/opt/a' }));
    assert.equal(jdk.home, '/usr/lib/jvm/21');
  });

  it('prefers a JDK to a newer runtime, which cannot compile the Storage rules runtime', () => {
    assert.equal(findJava(machine({ '/usr/lib/jvm/a': -25, '/usr/lib/jvm/b': 21 })).home, '/usr/lib/jvm/b');
    assert.equal(findJava(machine({ '/usr/lib/jvm/a': -25 })).compiles, false);
  });

  it('says in one sentence what is missing and which command installs it', () => {
    for (const [versions, instead] of [
      [{}, 'none was found'],
      [{ '/usr/lib/jvm/17': 17 }, 'the newest found is 17'],
    ] as const) {
      assert.throws(
        () => findJava(machine(versions)),
        (error) => {
          assert(error instanceof MissingPrerequisite);
          assert.match(error.message, /21 or newer/);
          assert(error.message.includes(instead));
          assert(error.message.includes(jdkInstallCommand()));
          assert(!error.message.includes('\n'));
          return true;
        },
      );
    }
    assert.match(jdkInstallCommand('linux'), /apt-get install/);
    assert.match(jdkInstallCommand('darwin'), /brew install/);
  });

  it('reads the versions that java -version prints', () => {
    assert.equal(parseJavaVersion('openjdk version "25.0.3" 2026-04-21 LTS'), 25);
    assert.equal(parseJavaVersion('java version "1.8.0_402"'), 8);
    assert.equal(parseJavaVersion('openjdk version "21-ea" 2023-09-19'), 21);
    assert.equal(parseJavaVersion('command not found'), null);
  });
});
