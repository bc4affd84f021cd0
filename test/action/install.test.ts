import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Exec, installPrerequisites } from '../../src/action/install.ts';
import { SnapgateError } from '../../src/host/error.ts';
import { temporaryFolder } from '../baseline/repository.ts';

let folder: ReturnType<typeof temporaryFolder>;
const path = process.env['PATH'];
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => {
  process.env['PATH'] = path;
  folder[Symbol.dispose]();
});

const lines: string[] = [];
const keep = (message: string) => void lines.push(message);
const log = { info: keep, warning: keep, detail: keep };
const root = process.getuid?.() === 0 ? [] : ['sudo', '-n'];

/** A runner that does what it is told, and remembers it. */
function recorder(status = 0): { exec: Exec; calls: string[][] } {
  const calls: string[][] = [];
  return {
    calls,
    exec: async (command, args, options) => {
      calls.push([command, ...args]);
      options.listeners?.stdline?.('E: no such package');
      return status;
    },
  };
}

test('a machine that has everything is left alone', async () => {
  const { exec, calls } = recorder();
  const device = join(folder.path, 'kvm');
  writeFileSync(device, '');
  await installPrerequisites(['sh', 'cat'], log, exec, device);
  expect(calls).toEqual([]);
});

test('what is missing is installed by its Debian name, each package once', async () => {
  const { exec, calls } = recorder();
  await installPrerequisites(
    ['sh', 'no-such-command', 'other-command'],
    log,
    exec,
    join(folder.path, 'none'),
  );
  const install = ['apt-get', 'install', '-y', '-qq', '--no-install-recommends'];
  expect(calls).toEqual([
    [...root, 'apt-get', 'update', '-qq'],
    [...root, 'env', 'DEBIAN_FRONTEND=noninteractive', ...install, 'no-such-command', 'other-command'],
  ]);
});

test('an install that fails says how, with the last lines', async () => {
  const error: unknown = await installPrerequisites(
    ['no-such-command'],
    log,
    recorder(100).exec,
    join(folder.path, 'none'),
  ).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SnapgateError);
  expect(error).toMatchObject({
    code: 'host',
    message: `install: \`${[...root, 'apt-get', 'update', '-qq'].join(' ')}\` failed: exited 100`,
    details: { lines: ['E: no such package'] },
  });
  expect(existsSync(join(folder.path, 'none'))).toBe(false);
});
