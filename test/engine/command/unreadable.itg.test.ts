import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CommandSettings } from '../../../src/engine/settings.ts';
import { stillCommands } from './bench.ts';

/* Root reads and removes everything: where the tests run as root, the commands are those of Debian's `nobody`. */

const asUser =
  process.getuid?.() === 0
    ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all']
    : ['env'];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'snapgate-unreadable-'));
  chmodSync(folder, 0o777);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What is said of a boot and a cycle by these commands. */
function outcomeOf(settings: Partial<CommandSettings>): unknown {
  const [command, ...words] = asUser;
  const script = join(import.meta.dirname, 'cycle-script.ts');
  const args = [...words, process.execPath, script, JSON.stringify(settings)];
  const env = { ...process.env, TMPDIR: folder };
  return JSON.parse(execFileSync(command ?? '', args, { env, encoding: 'utf8', timeout: 60_000 }));
}

const lock = (dir: string) => `mkdir -p "$${dir}/x/y"; chmod 000 "$${dir}/x"`;

test.each(['SNAPGATE_WORK', 'SNAPGATE_OUT'])(
  'a locked folder in %s does not hide why a command failed',
  (dir) => {
    expect(outcomeOf({ prepare: `${lock(dir)}; echo VMM: no /dev/kvm >&2; exit 3` })).toEqual({
      said: 'guest: prepare-command exited 3',
      lines: ['VMM: no /dev/kvm'],
      warnings: [],
    });
    expect(readdirSync(folder)).toEqual([]);
  },
);

test('a locked folder in SNAPGATE_WORK is removed', () => {
  const prepare = `${stillCommands.prepare}; ${lock('SNAPGATE_WORK')}`;
  expect(outcomeOf({ prepare })).toMatchObject({ said: 'done', warnings: [] });
});

test.each([
  ['a locked SNAPGATE_OUT', 'chmod 000 "$SNAPGATE_OUT"', 'out/memfile'],
  ['a locked folder in it', lock('SNAPGATE_OUT'), 'out/x'],
])('%s is what the commands left', (_, lockIt, path) => {
  const said = `guest: what the commands left at ${path} cannot be read or removed (EACCES)`;
  for (const name of ['prepare', 'pause'] as const)
    expect(outcomeOf({ [name]: `${stillCommands[name]}; ${lockIt}` })).toMatchObject({ said, warnings: [] });
  expect(readdirSync(folder)).toEqual([]);
});
