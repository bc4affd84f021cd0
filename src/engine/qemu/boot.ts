import { closeSync, ftruncateSync, openSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Run } from '../../host/run.ts';
import type { RootfsImage } from '../../image/types.ts';
import type { BootResult, GuestOptions } from '../contract.ts';
import { waitForGuest } from '../vm/wait-for-guest.ts';
import { createOverlay } from './qcow2.ts';
import { diskPathOf, type QemuSnapshot, ramPathOf, type SnapshotMachine, statePathOf } from './snapshot.ts';
import { startVm, type Vm } from './vm.ts';

const kernelNeeds = 'A kernel needs virtio-pci and virtio-console (`kernel: auto` has them)';

/** Boots the image and pauses it when it has settled: the base snapshot, in `dir`. */
export async function bootToSnapshot(
  run: Run,
  accelerator: 'kvm' | 'tcg',
  image: RootfsImage,
  options: GuestOptions,
  dir: string,
): Promise<BootResult<QemuSnapshot>> {
  const { vm, machine } = await powerOn(run, accelerator, image, options, dir);
  try {
    const times = await waitForGuest(run, vm, options, kernelNeeds);
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
  image: RootfsImage,
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
