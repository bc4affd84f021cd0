import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { missingPackages } from '../../src/host/process.ts';
import { prerequisitesOf } from '../../src/job/prerequisites.ts';

test('a rootfs needs no builder', () => {
  const commands = prerequisitesOf(readConfig({ rootfs: 'rootfs.tar' }, undefined));
  expect(commands).toContain('qemu-system-x86_64');
  expect(commands).not.toContain('buildah');
});

test('a Dockerfile needs one: docker, or buildah with what it takes to run without root', () => {
  const path = process.env['PATH'];
  process.env['PATH'] = '/nowhere';
  try {
    const commands = prerequisitesOf(readConfig({ dockerfile: 'Dockerfile' }, undefined));
    expect(commands).toEqual(expect.arrayContaining(['buildah', 'newuidmap']));
    const packages = missingPackages(commands);
    expect(packages).toEqual(expect.arrayContaining(['qemu-system-x86', 'qemu-utils', 'buildah', 'uidmap']));
    expect(new Set(packages).size).toBe(packages.length);
  } finally {
    process.env['PATH'] = path;
  }
});

test('another engine needs no QEMU, and one that makes its guests itself nothing of an image', () => {
  const firecracker = prerequisitesOf(readConfig({ engine: 'firecracker', rootfs: 'r' }, undefined));
  expect(firecracker).toEqual(expect.arrayContaining(['busybox', 'mke2fs', 'modprobe']));
  expect(firecracker.filter((command) => command.startsWith('qemu'))).toEqual([]);
  expect(prerequisitesOf(readConfig({ engine: 'e2b' }, undefined))).toEqual(['setpriv', 'git']);
});

test('an engine that reads where files have data needs perl', () => {
  const commands = { 'prepare-command': 'a', 'resume-command': 'b', 'pause-command': 'c' };
  const ofCommands = prerequisitesOf(readConfig({ engine: 'command', ...commands }, undefined));
  expect(ofCommands).toEqual(['setpriv', 'git', 'perl']);
  expect(prerequisitesOf(readConfig({ engine: 'firecracker', rootfs: 'r' }, undefined))).toContain('perl');
});
