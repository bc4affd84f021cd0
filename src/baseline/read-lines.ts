import { StringDecoder } from 'node:string_decoder';
import type { CommandOptions } from '../host/process.ts';
import type { Git } from './git.ts';

/**
 * Tells each line of git's output as it comes, cut to `mostCharacters`: neither the output nor a line need fit into memory.
 *
 * @returns git's exit status
 */
export async function readLines(
  git: Git,
  args: readonly string[],
  onLine: (line: string) => void,
  { mostCharacters, ...options }: Pick<CommandOptions, 'input'> & { readonly mostCharacters: number },
): Promise<number | null> {
  const decoder = new StringDecoder('utf8');
  let line = '';
  const onStdout = (chunk: Buffer) => {
    const [rest = '', ...starts] = decoder.write(chunk).split('\n');
    line = (line + rest).slice(0, mostCharacters);
    for (const start of starts) {
      onLine(line);
      line = start.slice(0, mostCharacters);
    }
  };
  const { code } = await git.run(args, { ...options, onStdout });
  return code;
}
