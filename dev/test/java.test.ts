import assert from 'node:assert/strict';
import { findJava, parseJavaVersion, type JavaPlaces } from '../setup/java.mjs';

/** A machine with these Java homes and their versions. */
function machine(versions: Record<string, number>, where: Partial<JavaPlaces> = {}): JavaPlaces {
  return {
    javaHome: undefined,
    path: [],
    directories: ['/usr/lib/jvm'],
    list: (directory) => Object.keys(versions).filter((home) => home.startsWith(directory)),
    inspect: (home) => {
      const major = versions[home];
      return major === undefined ? null : { home, major };
    },
    ...where,
  };
}

describe('Choice of Java', () => {
  it('chooses the newest that the distribution has', () => {
    const java = findJava(machine({ '/usr/lib/jvm/17': 17, '/usr/lib/jvm/25': 25, '/usr/lib/jvm/21': 21 }));
    assert.equal(java?.home, '/usr/lib/jvm/25');
  });

  it('also considers JAVA_HOME and PATH', () => {
    assert.equal(findJava(machine({ '/opt/a': 21 }, { javaHome: '/opt/a' }))?.home, '/opt/a');
    assert.equal(findJava(machine({ '/opt/b': 21 }, { path: ['/bin', '/opt/b/bin'] }))?.home, '/opt/b');
  });

  it('ignores a JAVA_HOME that is older than another Java', () => {
    const java = findJava(machine({ '/opt/a': 17, '/usr/lib/jvm/21': 21 }, { javaHome: '/opt/a' }));
    assert.equal(java?.home, '/usr/lib/jvm/21');
  });

  it('accepts 17 if there is nothing newer, and nothing older than that', () => {
    assert.equal(findJava(machine({ '/usr/lib/jvm/17': 17 }))?.major, 17);
    assert.equal(findJava(machine({ '/usr/lib/jvm/11': 11 })), null);
    assert.equal(findJava(machine({})), null);
  });

  it('reads the versions that java -version prints', () => {
    assert.equal(parseJavaVersion('openjdk version "25.0.3" 2026-04-21 LTS'), 25);
    assert.equal(parseJavaVersion('java version "1.8.0_402"'), 8);
    assert.equal(parseJavaVersion('openjdk version "21-ea" 2023-09-19'), 21);
    assert.equal(parseJavaVersion('command not found'), null);
  });
});
