import { runCli } from '../../src/cli/main.ts';

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ShellOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Streams that are a terminal. */
  readonly tty?: readonly ('stdout' | 'stderr')[];
}

/** Runs a command line in this process, as typed in a folder, with what it writes kept. */
export async function run(argv: readonly string[], { cwd, env = {}, tty = [] }: ShellOptions): Promise<Ran> {
  const written = { stdout: '', stderr: '' };
  const screen = (name: 'stdout' | 'stderr') => ({
    isTTY: tty.includes(name),
    columns: 80,
    write: (text: string) => {
      written[name] += text;
    },
  });
  const status = await runCli(argv, { stdout: screen('stdout'), stderr: screen('stderr'), env, cwd });
  return { status, ...written };
}
