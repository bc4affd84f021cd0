import { readdirSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { resolveKernel } from '../../../src/image/kernel.ts';
import type { RootfsImage } from '../../../src/image/types.ts';
import { resolveVmlinux } from '../../../src/image/vmlinux.ts';
import { processesOf } from '../../e2e/leftovers.ts';
import { busyboxImage, command, guestOptions, openBench, pause } from '../guests.ts';
import { fakeHost } from './bench.ts';

/*
 * A guest of busybox that comes to its end on a FAKE Firecracker over a real QEMU.
 */

const mebibyte = 1024 * 1024;
const bench = openBench();
const { run } = bench;
afterAll(() => bench.close());

const qemuImage = await busyboxImage(bench);
const kernel = await resolveKernel(run, 'auto', 1024 * mebibyte);
const image: RootfsImage = { ...qemuImage, kernelPath: await resolveVmlinux(run, kernel, 1024 * mebibyte) };
const initrd = qemuImage.initrdPath === undefined ? {} : { initrdPath: qemuImage.initrdPath };
const { engine } = fakeHost(bench, 'fake', initrd);
const { snapshot } = await engine.prepare(image, guestOptions, bench.folder('base'));
const files = ['disk.kept', 'memory', 'state'];

describe('a guest that ends in a cycle', () => {
  test.each([
    [
      'by a panic',
      command('echo c >/proc/sysrq-trigger'),
      "the guest's kernel panicked in a cycle of command: sysrq triggered crash",
    ],
    [
      'by powering itself off',
      command('poweroff -f; sleep 60'),
      'the guest powered itself off in a cycle of command',
    ],
    ['by a reboot', command('reboot -f; sleep 60'), 'the guest rebooted in a cycle of command'],
    [
      'by a reboot while it is left alone',
      command('(sleep 0.3; reboot -f) >/dev/null 2>&1 &', { settleMs: 60_000 }),
      'the guest rebooted in a cycle of command',
    ],
    [
      'for its agent',
      command("kill -9 $(pidof busybox | tr ' ' '\\n' | tail -n 2 | head -n 1); sleep 60"),
      'the snapgate agent in the guest ended in a cycle of command',
    ],
  ])('%s', async (_what, scenario, message) => {
    await expect(engine.cycle(snapshot, scenario, { advance: true })).rejects.toMatchObject({
      code: 'guest',
      message,
    });
    expect(processesOf(run.id)).toEqual([]);
    expect(readdirSync(snapshot.dir)).toEqual(files);
    await engine.cycle(snapshot, pause, { advance: false });
  });
});

describe('a guest that does not boot', () => {
  test.each<[string, Partial<RootfsImage>, object, string, RegExp]>([
    [
      'whose kernel is a bzImage',
      { kernelPath: qemuImage.kernelPath },
      {},
      'image',
      /^while it booted, Firecracker cannot boot this kernel, which is no ELF$/,
    ],
    [
      'whose kernel is not there',
      { kernelPath: '/no/such/kernel' },
      {},
      'image',
      /^while it booted, Firecracker could not open the guest's kernel or initrd$/,
    ],
    [
      'whose init is not there',
      { kernelArgs: ['root=/dev/vda', 'rw', 'init=/no/such/init'] },
      {},
      'guest',
      /^the guest's kernel panicked while it booted: Attempted to kill init!/,
    ],
    [
      'that hangs before the agent',
      { kernelArgs: ['root=/dev/vda', 'rw', 'init=/bin/sleep', '1000'] },
      { bootTimeoutMs: 15_000 },
      'guest',
      /^the guest's agent said nothing within 15\.0 s of its start$/,
    ],
    ['whose memory is no whole MiB', {}, { memoryBytes: 128 * mebibyte + 4096 }, 'usage', /whole MiB/],
    [
      'with more processors than there may be',
      {},
      { vcpus: 33 },
      'usage',
      /^while it booted, Firecracker does not take this number of processors$/,
    ],
  ])('%s', async (_what, changed, options, code, message) => {
    const dir = bench.folder(`boot-${code}-${Math.random()}`);
    const boot = engine.prepare({ ...image, ...changed }, { ...guestOptions, ...options }, dir);
    await expect(boot).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(processesOf(run.id)).toEqual([]);
    expect(readdirSync(dir).filter((name) => name !== 'disk')).toEqual([]);
  });
});
