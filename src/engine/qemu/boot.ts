import { closeSync, ftruncateSync, openSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type HelloKind, openChannel } from '../../guest/channel.ts';
import type { Run } from '../../host/run.ts';
import type { Image } from '../../image/types.ts';
import type { BootResult, GuestOptions } from '../contract.ts';
import { createOverlay } from './qcow2.ts';
import { waitUntilSettled } from './settle.ts';
import { diskPathOf, type QemuSnapshot, ramPathOf, type SnapshotMachine, statePathOf } from './snapshot.ts';
import { startVm, type Vm } from './vm.ts';
import { type Booting, tooLate, waitUntilReady } from './wait-ready.ts';

/** A guest that has not come to rest by then is measured as it is, and the report says so. */
const settleLimitMs = 20_000;

/** Boots the image and pauses it when it has settled: the base snapshot, in `dir`. */
export async function bootToSnapshot(
  run: Run,
  accelerator: 'kvm' | 'tcg',
  image: Image,
  options: GuestOptions,
  dir: string,
): Promise<BootResult<QemuSnapshot>> {
  const { vm, machine } = await powerOn(run, accelerator, image, options, dir);
  try {
    const times = await waitForGuest(run, vm, options);
    await vm.pause(statePathOf(dir));
    await vm.finish();
    return { snapshot: { dir, machine }, ...times };
  } finally {
    await vm.close();
  }
}

/** Starts the image on a new machine whose memory and disk are files in `dir`. The caller closes it. */
export async function powerOn(
  run: Run,
  accelerator: 'kvm' | 'tcg',
  image: Image,
  options: Pick<GuestOptions, 'memoryBytes' | 'vcpus'>,
  dir: string,
): Promise<{ readonly vm: Vm; readonly machine: SnapshotMachine }> {
  const diskBytes = statSync(image.rootfsPath).size;
  const { memoryBytes: ramBytes, vcpus } = options;
  makeRam(ramPathOf(dir), ramBytes);
  createOverlay(diskPathOf(dir), diskBytes, { path: resolve(image.rootfsPath), format: 'raw' });
  const parts = { accelerator, vcpus, agent: true };
  const vm = await startVm(run, {
    ...parts,
    ram: { path: ramPathOf(dir), bytes: ramBytes, shared: true },
    diskPath: diskPathOf(dir),
    boot: {
      kernelPath: image.kernelPath,
      initrdPath: image.initrdPath,
      commandLine: kernelCommandLine(image.kernelArgs, accelerator),
    },
    activity: 'while it booted',
  });
  return { vm, machine: { ...parts, ramBytes, diskBytes } };
}

async function waitForGuest(
  run: Run,
  vm: Vm,
  options: GuestOptions,
): Promise<Pick<BootResult, 'bootMs' | 'readyMs' | 'settled'>> {
  if (vm.agent === undefined) throw new Error('the machine has no port for the agent');
  const deadlineMs = vm.startedAtMs + options.bootTimeoutMs;
  const booting: Booting = { run, vm, channel: openChannel(vm.agent, false), options, deadlineMs };
  const kind = await waitForHello(booting);
  const bootMs = performance.now() - vm.startedAtMs;
  await waitUntilReady(booting, kind);
  const limitMs = Math.min(settleLimitMs, deadlineMs - performance.now());
  const settled = await vm.guard(waitUntilSettled(vm.pid, { limitMs, signal: run.signal }));
  return { bootMs, readyMs: performance.now() - vm.startedAtMs, settled };
}

async function waitForHello(booting: Booting): Promise<HelloKind> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const limit = () =>
    reject(
      tooLate(
        booting,
        "the guest's agent said nothing",
        'The console shows how far the start came. A kernel needs virtio-pci and virtio-console (`kernel: auto` has them); a slow start needs a longer `boot-timeout`.',
      ),
    );
  const timer = setTimeout(limit, booting.deadlineMs - performance.now());
  try {
    return await booting.vm.guard(Promise.race([booting.channel.hello, late]));
  } finally {
    clearTimeout(timer);
  }
}

/** The image's own arguments last: they win. A panic ends the machine at once, which -no-reboot turns into QEMU's exit. */
function kernelCommandLine(imageArgs: readonly string[], accelerator: 'kvm' | 'tcg'): string {
  // On a busy host TCG's timer tick can come too late for the kernel's test of it, which then panics.
  const timer = accelerator === 'tcg' ? ['no_timer_check'] : [];
  return ['console=ttyS0', 'panic=-1', ...timer, ...imageArgs].join(' ');
}

function makeRam(path: string, bytes: number): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    ftruncateSync(fd, bytes);
  } finally {
    closeSync(fd);
  }
}
