/** The options of programs. One that there is not, or that lacks its value, is answered with a sentence and not with a stack. */
import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;
type Values<Given extends Options> = ReturnType<typeof parseArgs<{ args: string[]; options: Given }>>['values'];

/** The arguments are not what the program takes. The message says which. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** @throws UsageError */
export function optionsIn<Given extends Options>(args: string[], options: Given): Values<Given> {
  try {
    return parseArgs({ args, options }).values;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!(error instanceof Error) || !code.startsWith('ERR_PARSE_ARGS')) throw error;
    throw new UsageError(error.message);
  }
}

/** The options that this process was started with. It ends here with `usage` where they are wrong, and where `--help` asks for that. */
export function ownOptions<Given extends Options>(usage: string, options: Given): Values<Given> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(usage);
    process.exit(0);
  }
  try {
    return optionsIn(args, options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n${usage}`);
    process.exit(1);
  }
}
