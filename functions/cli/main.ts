/** `npx offline-audio-sync <command>`: what a team does with the package beside deploying it. */
import process from 'node:process';
import { UsageError } from './arguments.ts';
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
const asksForHelp = command === undefined || command === 'help' || process.argv.includes('--help');
try {
  if (asksForHelp) print(USAGE);
  else if (command === 'merge-rules') process.exitCode = mergeRulesCommand(args, { own: ownFiles(), print });
  else if (command === 'doctor') process.exitCode = await doctorCommand(args, { own: ownFiles(), print });
  else throw new UsageError(`There is no command '${command}'.`);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n${USAGE}`);
  process.exitCode = 2;
}
