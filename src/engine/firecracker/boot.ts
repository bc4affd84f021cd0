import { renameSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { SnapgateError } from '../../host/error.ts';
import type { Run } from '../../host/run.ts';
import { formatBytes, formatDuration } from '../../host/units.ts';
import type { RootfsImage } from '../../image/types.ts';
import type { BootResult, GuestOptions } from '../contract.ts';
import { guestError } from '../vm/guest-failure.ts';
import type { RunningVm } from '../vm/running-vm.ts';
import { waitForGuest } from '../vm/wait-for-guest.ts';
import { measureFloor } from './floor.ts';
import type { FirecrackerHost } from './host.ts';
import { type Machine, startMachine } from './machine.ts';
import { vsockName } from './place.ts';
import { pause, snapshotLimitMs } from './resume.ts';
import {
  copySparse,
  diskName,
  diskPathOf,
  type FirecrackerSnapshot,
  keptDiskPathOf,
  memoryName,
  memoryPathOf,
  stateName,
  statePathOf,
} from './snapshot.ts';
import { requireSoundDiffs } from './version.ts';

const kernelNeeds = 'A kernel needs virtio-mmio, virtio-blk and virtio-vsock (`kernel: auto` has them)';

/** What is booted. */
export interface BootSpec {
  readonly dir: string;
  readonly memoryBytes: number;
  readonly vcpus: number;
  readonly kernelPath: string;
  readonly initrdPath: string | undefined;
  readonly bootArgs: string;
  /** Whether the file `disk` in `dir` is the guest's /dev/vda, and there is a vsock for the agent that is on it. */
  readonly hasDisk: boolean;
  readonly activity: string;
  readonly serialInput?: number | undefined;
}

/** Boots the image and pauses it when it has settled: the base snapshot, in `dir`. */
export async function bootToSnapshot(
  run: Run,
  host: FirecrackerHost,
  image: RootfsImage,
  options: GuestOptions,
  dir: string,
): Promise<BootResult<FirecrackerSnapshot>> {
  await copySparse(run, image.rootfsPath, diskPathOf(dir));
  const machine = await powerOn(run, host, {
    dir,
    memoryBytes: options.memoryBytes,
    vcpus: options.vcpus,
    kernelPath: image.kernelPath,
    initrdPath: image.initrdPath,
    bootArgs: ['console=ttyS0', 'reboot=k', 'panic=-1', ...image.kernelArgs].join(' '),
    hasDisk: true,
    activity: 'while it booted',
  });
  try {
    const vm = await connectBooting(machine, options);
    const times = await waitForGuest(run, vm, options, kernelNeeds);
    await machine.hangUp();
    const parts = await takeBase(machine, host, dir, options.memoryBytes, true);
    await machine.close();
    const { pages, notes } = await measureFloor(run, host, parts);
    return { snapshot: { ...parts, floor: pages }, notes, ...times };
  } finally {
    await machine.close();
  }
}

/** Where the guest does not listen in time, its console says how far its start came. */
async function connectBooting(machine: Machine, { bootTimeoutMs }: GuestOptions): Promise<RunningVm> {
  const deadlineMs = machine.startedAtMs + bootTimeoutMs;
  try {
    return await machine.connectAgent(deadlineMs);
  } catch (error) {
    if (!(error instanceof SnapgateError) || error.code !== 'guest' || performance.now() + 1_000 < deadlineMs)
      throw error;
    const limit = formatDuration(bootTimeoutMs);
    const console = machine.consoleLines(40);
    if (console.length > 0)
      throw guestError(
        `the guest's agent said nothing within ${limit} of its start`,
        `The console shows how far the start came. ${kernelNeeds}; a slow start needs a longer \`boot-timeout\`.`,
        console,
      );
    throw guestError(
      `the guest's kernel said nothing within ${limit} of its start`,
      'It may have no serial console (`kernel: auto` has one); or the KVM of this machine, one in software, does not run it: use another machine, or `engine: qemu`.',
      console,
    );
  }
}

/** Starts a machine that boots. The caller closes it. */
export async function powerOn(run: Run, host: FirecrackerHost, spec: BootSpec): Promise<Machine> {
  const memoryMib = spec.memoryBytes / 1024 ** 2;
  if (!Number.isInteger(memoryMib))
    throw new SnapgateError(
      'usage',
      `Firecracker takes whole MiB of memory, and not ${formatBytes(spec.memoryBytes)} (${spec.memoryBytes} bytes)`,
      'Set `memory-size` to whole MiB.',
    );
  requireSoundDiffs(host.version, spec.memoryBytes);
  const { dir, activity, serialInput } = spec;
  const machine = await startMachine(run, host, { dir, activity, serialInput });
  try {
    await machine.guard(configure(machine, spec, memoryMib));
    return machine;
  } catch (error) {
    await machine.close();
    throw error;
  }
}

/** The guest gets what it needs and no more: each further device is more state to save and more rings that are dirty in each Diff. */
async function configure({ api, place }: Machine, spec: BootSpec, memoryMib: number): Promise<void> {
  const { vcpus, kernelPath, initrdPath, bootArgs } = spec;
  await api.put('/machine-config', {
    vcpu_count: vcpus,
    mem_size_mib: memoryMib,
    smt: false,
    track_dirty_pages: true,
  });
  await api.put('/boot-source', {
    kernel_image_path: place.bring(kernelPath, 'kernel'),
    boot_args: bootArgs,
    ...(initrdPath === undefined ? {} : { initrd_path: place.bring(initrdPath, 'initrd') }),
  });
  if (spec.hasDisk) {
    place.link(diskPathOf(spec.dir));
    await api.put('/drives/root', {
      drive_id: 'root',
      path_on_host: diskName,
      is_root_device: true,
      is_read_only: false,
    });
    await api.put('/vsock', { guest_cid: 3, uds_path: vsockName });
  }
  await api.put('/actions', { action_type: 'InstanceStart' });
}

/** Pauses a guest that was booted, and takes the Full snapshot that its chain begins with, in `dir`. */
export async function takeBase(
  machine: Machine,
  host: FirecrackerHost,
  dir: string,
  memoryBytes: number,
  hasDisk: boolean,
): Promise<Omit<FirecrackerSnapshot, 'floor'>> {
  await pause(machine);
  const create = { snapshot_type: 'Full', snapshot_path: stateName, mem_file_path: memoryName };
  await machine.guard(machine.api.put('/snapshot/create', create, snapshotLimitMs(host, memoryBytes)));
  machine.place.take(stateName, statePathOf(dir));
  machine.place.take(memoryName, memoryPathOf(dir));
  if (hasDisk) renameSync(diskPathOf(dir), keptDiskPathOf(dir));
  return { dir, memoryBytes, hasDisk };
}
