import type { Run } from '../host/run.ts';
import { userShell } from '../host/shell.ts';
import { fixedTime } from './ext4.ts';
import { runLogged } from './logged-command.ts';

/**
 * Runs the project's own build in a checkout, without this process's tokens. SOURCE_DATE_EPOCH is set where the caller has not, for
 * builders that can be reproducible.
 *
 * @throws SnapgateError `image` with the last lines of the build
 */
export async function runBuildCommand(
  run: Run,
  command: string,
  checkout: string,
  what: string,
): Promise<void> {
  const shell = userShell();
  run.log.info(`building ${what} with build-command`);
  await runLogged(run, shell.command, {
    what: `the build-command of ${what}`,
    remedy:
      'Its last lines say why. It runs in the checkout of the side, without the tokens of the workflow.',
    args: shell.argumentsFor(command),
    cwd: checkout,
    env: { SOURCE_DATE_EPOCH: process.env['SOURCE_DATE_EPOCH'] ?? String(fixedTime) },
  });
}
