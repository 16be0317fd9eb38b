/** What this machine has to have, and the one sentence that says how to get it. */

/** Something is not installed. The message is one sentence with the command that installs it: print it alone, no stack. */
export class MissingPrerequisite extends Error {
  override readonly name = 'MissingPrerequisite';
}

/** The command that installs a JDK on this kind of machine. */
export function jdkInstallCommand(platform: NodeJS.Platform = process.platform): string {
  return platform === 'darwin' ? 'brew install openjdk' : 'sudo apt-get install -y openjdk-21-jdk-headless';
}
