import { SnapgateError } from '../host/error.ts';
import { gitSafety } from '../host/git-safety.ts';
import { type CommandOptions, type CommandResult, runCommand } from '../host/process.ts';
import type { Run } from '../host/run.ts';

/** git in one repository, as snapgate calls it: see `openGit`. */
export interface Git {
  /** The folder that git runs in. */
  readonly folder: string;
  /** Runs git; its exit status is the caller's to judge. */
  readonly run: (
    args: readonly string[],
    options?: Pick<CommandOptions, 'input' | 'onStdout'>,
  ) => Promise<CommandResult>;
  /** Runs git; the trimmed stdout of a success, undefined of a failure. */
  readonly ask: (args: readonly string[]) => Promise<string | undefined>;
}

/** Longest that one call of git may take: a fetch of a large repository over a slow line. */
const usualTimeoutMs = 600_000;

/** git in `folder`. It never asks a person for anything, and finds refs and options apart only by what callers checked. */
export function openGit(run: Run, folder: string, more: Pick<CommandOptions, 'env' | 'timeoutMs'> = {}): Git {
  const always = ['-C', folder, ...gitSafety];
  const env = { GIT_TERMINAL_PROMPT: '0', GIT_LFS_SKIP_SMUDGE: '1', LC_ALL: 'C', ...sshAgent(), ...more.env };
  const { timeoutMs = usualTimeoutMs } = more;
  const call: Git['run'] = (args, options) =>
    runCommand(run, 'git', [...always, ...args], { env, timeoutMs, ...options });
  return {
    folder,
    run: call,
    ask: async (args) => {
      const result = await call(args);
      return result.code === 0 ? result.stdout.trim() : undefined;
    },
  };
}

/** git in `folder`, which must be in a work tree; a SnapgateError('base') that says what to do where it is not. */
export async function openWorkTree(run: Run, folder: string, env: NodeJS.ProcessEnv = {}): Promise<Git> {
  const git = openGit(run, folder, { env });
  if ((await git.ask(['rev-parse', '--is-inside-work-tree'])) === 'true') return git;
  throw new SnapgateError(
    'base',
    `${folder} is not a checkout of a git repository, so no base commit can be found from it`,
    'Run actions/checkout before snapgate, or name a base that is not in git: base: image:…, rootfs:…, measurement:… or none.',
  );
}

/** A fetch over SSH asks the agent, whom no build may ask. */
function sshAgent(): NodeJS.ProcessEnv {
  const socket = process.env['SSH_AUTH_SOCK'];
  return socket === undefined ? {} : { SSH_AUTH_SOCK: socket };
}
