import { afterEach, beforeEach, expect, test } from 'vitest';
import { onlyChangedFile } from '../../src/baseline/changed-file.ts';
import { openGit } from '../../src/baseline/git.ts';
import type { ImageInputs, RootfsSource } from '../../src/image/types.ts';
import { commitFiles, createOrigin, type Files, git, temporaryFolder } from './repository.ts';
import { openTestRun, type TestRun } from './test-run.ts';

let folder: ReturnType<typeof temporaryFolder>;
let current: TestRun;
let clone: string;
beforeEach(() => {
  folder = temporaryFolder();
  current = openTestRun(folder.path);
  ({ clone } = createOrigin(folder.path));
});
afterEach(() => {
  current[Symbol.dispose]();
  folder[Symbol.dispose]();
});

const dockerfile: RootfsSource = {
  kind: 'dockerfile',
  dockerfile: 'guest/Dockerfile',
  context: 'guest',
  buildArgs: {},
  target: undefined,
};
const command: RootfsSource = { kind: 'build-command', command: './build', path: 'out.tar' };

function changed(before: Files, after: Files, rootfs: RootfsSource, below = '') {
  const base = commitFiles(clone, before);
  const head = commitFiles(clone, after);
  const inputs: ImageInputs = {
    rootfs,
    kernel: 'auto',
    initrd: 'auto',
    diskSizeBytes: 2 ** 30,
    devices: 'pci',
  };
  return onlyChangedFile(openGit(current.run, `${clone}/${below}`), base, head, inputs);
}

const guest: Files = {
  'guest/Dockerfile': 'FROM a\n',
  'guest/etc/a b.conf': '1\n2\n3\n',
  'README.md': 'x\n',
};

test('the one file of the image that changed, at its first line that differs', async () => {
  const place = { path: 'guest/etc/a b.conf', line: 2 };
  expect(
    await changed(guest, { 'guest/etc/a b.conf': '1\ntwo\n3\n', 'README.md': 'y\n' }, dockerfile),
  ).toEqual(place);
});

test('several files are nobody’s fault, and neither is none', async () => {
  const both: Files = { 'guest/etc/a b.conf': '1\n', 'guest/Dockerfile': 'FROM b\n' };
  expect(await changed(guest, both, dockerfile)).toBeUndefined();
  expect(await changed(guest, { 'README.md': 'y\n' }, dockerfile)).toBeUndefined();
});

test('of the project’s own build, everything counts', async () => {
  expect(await changed(guest, { 'README.md': 'x\ny\n' }, command)).toEqual({ path: 'README.md', line: 2 });
});

test('a path is the repository’s, also from a folder of it', async () => {
  const place = { path: 'guest/etc/a b.conf', line: 1 };
  expect(await changed(guest, { 'guest/etc/a b.conf': '0\n2\n3\n' }, command, 'guest')).toEqual(place);
});

test('a file whose name is a pattern or an option is one file', async () => {
  const strange: Files = { 'guest/:(glob)*': 'a\n', 'guest/--output=x': 'a\n', 'guest/other': 'a\n' };
  expect(await changed(strange, { 'guest/:(glob)*': 'b\n' }, command)).toEqual({
    path: 'guest/:(glob)*',
    line: 1,
  });
  expect(await changed(strange, { 'guest/--output=x': 'b\n', 'guest/:(glob)*': 'a\n' }, command)).toEqual({
    path: 'guest/--output=x',
    line: 1,
  });
});

test('commits that are not there give nothing', async () => {
  git(clone, 'commit', '--quiet', '--allow-empty', '-m', 'x');
  const inputs: ImageInputs = {
    rootfs: command,
    kernel: 'auto',
    initrd: 'auto',
    diskSizeBytes: 2 ** 30,
    devices: 'pci',
  };
  const unknown = 'd'.repeat(40);
  expect(await onlyChangedFile(openGit(current.run, clone), unknown, 'HEAD', inputs)).toBeUndefined();
});
