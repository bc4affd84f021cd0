import { isAbsolute, normalize } from 'node:path';
import { SnapgateError } from '../host/error.ts';
import type { Setting } from './file.ts';
import { inputs } from './inputs.ts';
import { quoteText } from './names.ts';

/**
 * On a runner the head's snapgate.yml is the pull request's: what it names outside the checkout would put any file of the runner into a
 * guest, whose contents the pull request chooses too.
 *
 * @param written what the file says.
 * @param find what holds: an input of the step, which is stronger, may lie anywhere.
 * @throws SnapgateError `usage` that names the place in the file
 */
export function refusePathsOut(
  written: ReadonlyMap<string, Setting>,
  find: (name: string) => Setting | undefined,
): void {
  for (const { name } of inputs.filter(({ namesFile }) => namesFile)) {
    const setting = written.get(name);
    if (setting === undefined || find(name) !== setting || !leavesCheckout(setting.text)) continue;
    throw new SnapgateError(
      'usage',
      `${setting.where}: ${quoteText(setting.text)} leads out of the checkout, and a pull request could put any file of the runner into a guest`,
      `Name something within the repository, or give ${name} as an input of the step, which is the workflow's to write.`,
    );
  }
}

function leavesCheckout(path: string): boolean {
  return isAbsolute(path) || /^\.\.(\/|$)/.test(normalize(path));
}
