/** `npx offline-audio-sync <command>`: what a team does with the package beside deploying it. */
import process from 'node:process';
import { doctorCommand } from './doctor/command.ts';
import { mergeRulesCommand } from './mergeRules/command.ts';
import { ownFiles } from './ownFiles.ts';

const USAGE = `Usage: offline-audio-sync <command> [--project-dir <folder>]

  merge-rules [--write]
      Merges rules and indexes into those that firebase.json of your app names. Shows the difference, and
      writes only with --write.

  doctor [--project <id>] [--instance <kit instance>] [--offline]
      Says what is missing or wrong in the project, and what to do. Reads only. With --offline it checks the
      files alone, and signs in nowhere.
`;

const [command, ...args] = process.argv.slice(2);
const print = (text: string): void => {
  process.stdout.write(text);
};
if (command === 'merge-rules') process.exitCode = mergeRulesCommand(args, { own: ownFiles(), print });
else if (command === 'doctor') process.exitCode = await doctorCommand(args, { own: ownFiles(), print });
else {
  process.stderr.write(USAGE);
  process.exitCode = command === undefined || command === 'help' || command === '--help' ? 0 : 2;
}
