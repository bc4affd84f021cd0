import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { keptDiskPathOf, memoryPathOf } from '../../../src/engine/firecracker/snapshot.ts';
import { resolveKernel } from '../../../src/image/kernel.ts';
import type { RootfsImage } from '../../../src/image/types.ts';
import { resolveVmlinux } from '../../../src/image/vmlinux.ts';
import { processesOf } from '../../e2e/leftovers.ts';
import { command, debianImage, guestOptions, openBench, pause } from '../guests.ts';
import { hashesOf } from '../hashes-of.ts';
import { differingPages } from '../watched-cycle.ts';
import { fakeHost } from './bench.ts';

/*
 * Debian with systemd on a FAKE Firecracker over a real QEMU: the agent over the fake's vsock bridge, the disk as a raw file, memory and pages real.
 */

const mebibyte = 1024 * 1024;
const bench = openBench();
const { run } = bench;
afterAll(() => bench.close());

const qemuImage = await debianImage(bench);
const kernel = await resolveKernel(run, 'auto', 1024 * mebibyte);
const image: RootfsImage = { ...qemuImage, kernelPath: await resolveVmlinux(run, kernel, 1024 * mebibyte) };
const initrd = qemuImage.initrdPath === undefined ? {} : { initrdPath: qemuImage.initrdPath };
const { engine } = fakeHost(bench, 'fake', initrd);
const options = { ...guestOptions, memoryBytes: 256 * mebibyte };
const { snapshot, bootMs, readyMs, notes } = await engine.prepare(image, options, bench.folder('boot'));

test('the machine is proven before, and says that it is a fake', async () => {
  const report = await engine.probe();
  expect(report.checks.filter(({ ok, required }) => required && !ok)).toEqual([]);
  expect(report.identity).toEqual({
    engine: 'firecracker',
    version: 'Fake Firecracker over QEMU v1.16.1',
    accelerator: 'kvm',
    machine: 'microVM',
  });
});

test('it boots to rest, and the floor is said', () => {
  expect(readyMs).toBeGreaterThanOrEqual(bootMs);
  expect(notes).toEqual([expect.stringMatching(/^Firecracker itself writes \d+ pages \(.*B\) in a cycle/)]);
  expect(readdirSync(snapshot.dir).toSorted()).toEqual(['disk', 'disk.kept', 'memory', 'state']);
  expect(processesOf(run.id)).toEqual([]);
});

test.each([
  ['nothing', pause],
  ['nothing for a second', { ...pause, settleMs: 1000 }],
  ['a log line', command('echo hello | systemd-cat; journalctl -q --sync')],
  ['python', command('python3 -c "print(sum(range(100000)))"')],
  ['zeroes in memory', command('head -c 8388608 /dev/zero >/dev/shm/zeroes')],
  ['memory that is freed', command('rm /dev/shm/zeroes; echo 3 >/proc/sys/vm/drop_caches')],
])('what changed in a cycle of %s is what two whole images tell, to the page', async (_what, scenario) => {
  const before = join(run.dir, 'memory.before');
  execFileSync('cp', ['--sparse=always', memoryPathOf(snapshot.dir), before]);
  const { metrics, notes } = await engine.cycle(snapshot, scenario, { advance: true });
  const changed = differingPages(before, memoryPathOf(snapshot.dir));
  expect(notes).toEqual([]);
  expect(metrics['memfile.changedBytes']).toBe(changed.length * 4096);
  expect(metrics['memfile.writtenBytes']).toBeGreaterThanOrEqual(changed.length * 4096);
  expect(processesOf(run.id)).toEqual([]);
});

describe('the disk', () => {
  test('costs nothing where nothing was written', async () => {
    await engine.cycle(snapshot, command('sync'), { advance: true });
    const { metrics } = await engine.cycle(snapshot, pause, { advance: true });
    expect(metrics['rootfs.writtenBytes']).toBe(0);
  });

  test('has the blocks that changed, as two whole files tell', async () => {
    const before = join(run.dir, 'disk.before');
    execFileSync('cp', ['--sparse=always', keptDiskPathOf(snapshot.dir), before]);
    const write = command('head -c 3145728 /dev/urandom >/srv/known; sync');
    const { metrics } = await engine.cycle(snapshot, write, { advance: true });
    const blocks = differingPages(before, keptDiskPathOf(snapshot.dir));
    expect(blocks.length).toBeGreaterThanOrEqual(768);
    expect(metrics['rootfs.writtenBytes']).toBe(blocks.length * 4096);
  });

  test('and all else stays as it was without advance, and each cycle begins from it', async () => {
    const before = keptHashesOf(snapshot.dir);
    const write = command(
      'test ! -e /srv/thrown-away && head -c 65536 /dev/urandom >/srv/thrown-away; sync',
      { check: 'test -s /srv/thrown-away' },
    );
    for (let time = 0; time < 2; time += 1) {
      const { next, metrics } = await engine.cycle(snapshot, write, { advance: false });
      expect(next).toBe(snapshot);
      expect(metrics['rootfs.writtenBytes']).toBeGreaterThanOrEqual(65536);
      expect(keptHashesOf(snapshot.dir)).toEqual(before);
    }
  });

  test('of a fork goes its own way', async () => {
    const fork = await engine.fork(snapshot, bench.folder('fork'));
    const kept = keptHashesOf(snapshot.dir);
    await engine.cycle(fork, command('echo fork >/srv/which; sync'), { advance: true });
    expect(keptHashesOf(snapshot.dir)).toEqual(kept);
    await engine.cycle(fork, command('true', { check: 'grep -qx fork /srv/which' }), { advance: true });
    await engine.cycle(snapshot, command('true', { check: 'test ! -e /srv/which' }), { advance: true });
  });
});

test('a cycle that fails leaves the snapshot as it was', async () => {
  const before = keptHashesOf(snapshot.dir);
  const fails = command('echo why >/srv/broken; sync; exit 7', { name: 'mine' });
  await expect(engine.cycle(snapshot, fails, { advance: true })).rejects.toMatchObject({
    code: 'scenario',
    message: 'scenario mine: `run` exited 7',
  });
  expect(keptHashesOf(snapshot.dir)).toEqual(before);
  expect(processesOf(run.id)).toEqual([]);
  await engine.cycle(snapshot, command('true', { check: 'test ! -e /srv/broken' }), { advance: true });
});

/** Of what a snapshot is made of: the disk for machines is as the kept one, or not there. */
function keptHashesOf(dir: string): Record<string, string> {
  const kept = hashesOf(dir, ['disk.kept', 'memory', 'state']);
  if (existsSync(join(dir, 'disk'))) expect(hashesOf(dir, ['disk'])['disk']).toBe(kept['disk.kept']);
  return kept;
}
