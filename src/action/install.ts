import { accessSync, constants, existsSync } from 'node:fs';
import type { ExecOptions } from '@actions/exec';
import { messageOf, SnapgateError } from '../host/error.ts';
import { missingPackages } from '../host/process.ts';
import type { Log } from '../host/run.ts';

/** Runs a command to its end and gives its exit status; `exec` of @actions/exec has this shape. */
export type Exec = (command: string, args: string[], options: ExecOptions) => Promise<number>;

const kvmDevice = '/dev/kvm';

/**
 * Gets a runner that is made anew for each job ready: installs the Debian packages that are missing and opens /dev/kvm to this user, as
 * root or by `sudo -n`. A machine that has all of it already is left alone.
 *
 * @param commands that the run will call
 * @throws SnapgateError `host` where that cannot be done
 */
export async function installPrerequisites(
  commands: readonly string[],
  log: Log,
  exec: Exec,
  device = kvmDevice,
): Promise<void> {
  const packages = missingPackages(commands);
  if (packages.length > 0) {
    log.info(`installing ${packages.join(', ')}`);
    await asRoot(['apt-get', 'update', '-qq'], log, exec);
    const install = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...packages];
    await asRoot(['env', 'DEBIAN_FRONTEND=noninteractive', ...install], log, exec);
  }
  if (!existsSync(device) || isOpen(device)) return;
  log.info(`opening ${device} to this user`);
  await asRoot(['chmod', '666', device], log, exec);
}

function isOpen(device: string): boolean {
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

async function asRoot(words: readonly string[], log: Log, exec: Exec): Promise<void> {
  const [command = '', ...args] = process.getuid?.() === 0 ? words : ['sudo', '-n', ...words];
  const last: string[] = [];
  const keep = (line: string) => {
    log.detail(line);
    last.push(line);
    if (last.length > 40) last.shift();
  };
  const status = await exec(command, args, {
    silent: true,
    ignoreReturnCode: true,
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' },
    listeners: { stdline: keep, errline: keep },
  }).catch((error: unknown) => messageOf(error));
  if (status === 0) return;
  const how = typeof status === 'number' ? `exited ${status}` : status;
  throw new SnapgateError(
    'host',
    `install: \`${[command, ...args].join(' ')}\` failed: ${how}`,
    'It needs Debian or Ubuntu, and root or `sudo` without a password. Or prepare the runner by hand, and leave `install` out: see the README.',
    { details: { title: `last lines of ${words[0]}`, lines: last } },
  );
}
