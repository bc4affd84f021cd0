import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Scenario } from '../../src/engine/contract.ts';
import { runCycle } from '../../src/engine/qemu/run-cycle.ts';
import { diskPathOf } from '../../src/engine/qemu/snapshot.ts';
import type { Vm } from '../../src/engine/qemu/vm.ts';
import { driveScenario } from '../../src/engine/vm/drive-scenario.ts';
import { waitUntilReady } from '../../src/engine/vm/wait-ready.ts';
import { openChannel } from '../../src/guest/channel.ts';
import { comparePages } from '../../src/pages/compare-files.ts';
import { pageBytes } from '../../src/pages/page-set.ts';
import { askGuest } from '../fixtures/resume.ts';
import { command, debianImage, guestOptions, openBench, pause } from './guests.ts';
import { hashesOf } from './hashes-of.ts';
import { differingPages, watchedCycle } from './watched-cycle.ts';

const mebibyte = 1024 * 1024;
const bench = openBench();
afterAll(() => bench.close());
const { snapshot } = await bench.engine.prepare(
  await debianImage(bench),
  { ...guestOptions, memoryBytes: 256 * mebibyte },
  bench.folder('boot'),
);

const cycles: readonly [string, Scenario][] = [
  ['nothing', pause],
  ['nothing for a second', { ...pause, settleMs: 1000 }],
  ['a short process', command('true')],
  ['a log line', command('echo hello | systemd-cat; journalctl -q --sync')],
  ['python', command('python3 -c "print(sum(range(100000)))"')],
  ['a file and sync', command('head -c 4194304 /dev/urandom >/var/tmp/file; sync')],
  ['zeroes in memory', command('head -c 8388608 /dev/zero >/dev/shm/zeroes')],
  ['memory that is freed', command('rm /dev/shm/zeroes; echo 3 >/proc/sys/vm/drop_caches')],
  ['many small files', command('ls -lR /usr/share >/dev/null')],
  ['nothing again', pause],
];

test.each(cycles)(
  'what changed in a cycle of %s is what two whole images tell, to the page',
  async (_what, scenario) => {
    const drive = (vm: Vm) => driveScenario(bench.run, scenario, vm);
    const { metrics, written, anonymousBytes, before, after } = await watchedCycle(
      bench.run,
      snapshot,
      drive,
    );
    const changed = differingPages(before, after);
    const compared = await comparePages(bench.run, before, after);
    expect([...compared.changed]).toEqual(changed);
    expect(metrics['memfile.changedBytes']).toBe(changed.length * pageBytes);
    expect(metrics['memfile.zeroedBytes']).toBe((compared.blocks[0]?.zeroed ?? Number.NaN) * pageBytes);
    expect(metrics['memfile.writtenBytes']).toBe(written.size * pageBytes);
    expect(metrics['memfile.writtenBytes']).toBe(anonymousBytes);
    expect(changed.filter((page) => !written.has(page))).toEqual([]);
  },
);

/**
 * What a file costs beyond its own blocks. ext4 writes each block of metadata that it changes twice, to the journal and in place: here the
 * folder, the inode, two bitmaps, the group descriptor and the superblock, plus the journal's own descriptor, commit and superblock.
 * That is 14 blocks as measured; systemd's own files (journald writes to its when it likes) and a larger file's second group of blocks
 * have room in four times that.
 */
const metadataBytes = 64 * 4096;

test('a file of 3 MiB shows in the disk blocks that were written', async () => {
  const sizeBytes = 3 * mebibyte;
  // What the guest had yet to write is not the file's.
  await bench.engine.cycle(snapshot, command('sync'), { advance: true });
  const before = rawDisk('before');
  const write = command(`head -c ${sizeBytes} /dev/urandom >/srv/known; sync`);
  const written = (await bench.engine.cycle(snapshot, write, { advance: true })).metrics[
    'rootfs.writtenBytes'
  ];
  expect(written).toBeGreaterThanOrEqual(sizeBytes);
  expect(written).toBeLessThanOrEqual(1.1 * sizeBytes + metadataBytes);
  const differing = differingPages(before, rawDisk('after')).length * pageBytes;
  expect(differing).toBeGreaterThanOrEqual(sizeBytes);
  expect(differing).toBeLessThanOrEqual(written ?? Number.NaN);
});

function rawDisk(name: string): string {
  const path = join(bench.run.dir, `disk.${name}`);
  execFileSync('qemu-img', ['convert', '-O', 'raw', diskPathOf(snapshot.dir), path]);
  return path;
}

test('a cycle from the base snapshot leaves it as it was, byte for byte', async () => {
  const before = hashesOf(snapshot.dir);
  const scenario = command('head -c 3145728 /dev/urandom >/srv/thrown-away; sync', { from: 'base' });
  for (let time = 0; time < 2; time += 1) {
    const { next, metrics } = await bench.engine.cycle(snapshot, scenario, { advance: false });
    expect(next).toBe(snapshot);
    expect(metrics['rootfs.writtenBytes']).toBeGreaterThanOrEqual(3 * mebibyte);
    expect(hashesOf(snapshot.dir)).toEqual(before);
  }
  const looked = await askGuest(bench.run, snapshot, 'ls /srv/thrown-away');
  expect(looked.status).toBe(2);
});

test('a copy of a snapshot goes its own way', async () => {
  const fork = await bench.engine.fork(snapshot, bench.folder('fork'));
  const before = hashesOf(fork.dir);
  expect(before).toEqual(hashesOf(snapshot.dir));
  await bench.engine.cycle(snapshot, command('echo original >/srv/which; sync'), { advance: true });
  expect(hashesOf(fork.dir)).toEqual(before);
  await bench.engine.cycle(fork, command('echo copy >/srv/which; sync'), { advance: true });
  expect((await askGuest(bench.run, snapshot, 'cat /srv/which')).output.toString()).toBe('original\n');
  expect((await askGuest(bench.run, fork, 'cat /srv/which')).output.toString()).toBe('copy\n');
  rmSync(fork.dir, { recursive: true });
});

test('the agent was started by systemd, which was up when the snapshot was taken', async () => {
  const look =
    'systemctl is-system-running; systemctl is-active snapgate-agent; systemctl list-jobs --no-legend';
  expect((await askGuest(bench.run, snapshot, look)).output.toString()).toBe('running\nactive\n');
  const agent = 'tr "\\0" " " </proc/$(systemctl show -P MainPID snapgate-agent)/cmdline';
  expect((await askGuest(bench.run, snapshot, agent)).output.toString()).toMatch(/\/agent systemd $/);
});

test('a degraded guest counts as ready, with a warning that names what failed', async () => {
  const { run, logged } = bench;
  await runCycle(run, snapshot, { advance: false, activity: 'in a test' }, async (vm) => {
    if (vm.agent === undefined) throw new Error('the machine has no port for the agent');
    const channel = openChannel(vm.agent, true);
    await channel.run('systemd-run --unit=mine-failed false; sleep 0.5', 10_000);
    const deadlineMs = performance.now() + 30_000;
    await waitUntilReady({ run, vm, channel, options: guestOptions, deadlineMs }, 'systemd');
  });
  expect(logged.at(-1)).toBe('the guest is degraded; units that failed: mine-failed.service');
});
