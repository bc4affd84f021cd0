import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Scripts below examples/, by their first line. */
const scripts = readdirSync(join(root, 'examples'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((path) => /^(#!\/bin\/(ba)?sh|# shellcheck shell=)/.test(readFileSync(path, 'utf8')));

it.each(scripts.map((path) => path.slice(root.length + 1)))('shellcheck finds nothing in %s', (path) => {
  const { status, stdout, stderr, error } = spawnSync('shellcheck', ['-x', path], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(error).toBeUndefined();
  expect([status, stdout, stderr]).toEqual([0, '', '']);
});

it('the commands of both examples are there', () => {
  const names = scripts.map((path) => path.slice(root.length + 1));
  for (const name of ['prepare', 'resume', 'pause', 'version', 'common.sh'])
    expect(names).toEqual(
      expect.arrayContaining([`examples/cloud-hypervisor/${name}`, `examples/virsh/${name}`]),
    );
});
