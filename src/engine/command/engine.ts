import { createHash } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../../host/run.ts';
import type { BuiltImage } from '../../image/types.ts';
import type { BootResult, Engine, EngineReport, GuestOptions } from '../contract.ts';
import { needBuilt } from '../need-built.ts';
import type { CommandSettings } from '../settings.ts';
import { explainFullDisk } from '../vm/full-disk.ts';
import { settingsValues, type Values } from './environment.ts';
import { checkLeft } from './formats.ts';
import { type BootHome, type Commands, openHome, outDirOf, withMachine, workDirOf } from './machine.ts';
import { probeCommands } from './probe.ts';
import { runCycle } from './run-cycle.ts';
import {
  type CommandSnapshot,
  copyFiles,
  copySnapshot,
  diskPathOf,
  leftDirOf,
  memoryPathOf,
  replaceLeft,
} from './snapshot.ts';

/**
 * The engine of the user's own commands: they boot, resume and pause whatever they like, and the files that they leave are measured.
 * docs/engine-command.md is the contract.
 *
 * @param checkout absolute path where the version-command runs
 */
export function createCommandEngine(
  run: Run,
  settings: CommandSettings,
  checkout: string,
): Engine<CommandSnapshot> {
  const commands: Commands = { run, settings };
  let report: Promise<EngineReport> | undefined;
  return {
    probe: () => {
      report ??= probeCommands(run, settings, checkout);
      return report;
    },
    build: async ({ checkout: ofSide, rootfs }) => ({
      kind: 'built',
      builder: 'command',
      checkout: ofSide,
      sha256: sha256Of([
        settings.prepare,
        settings.resume,
        settings.pause,
        settings.cleanup,
        hashesOf(rootfs),
      ]),
      rootfs,
    }),
    prepare: async (image, options, dir) => {
      const built = needBuilt(image, 'command');
      const home = openHome(commands, built.checkout, guestValues(settings, options));
      return explainFullDisk(dir, () => prepare(commands, home, built, options, dir));
    },
    fork: (snapshot, dir) => explainFullDisk(dir, () => copySnapshot(run, snapshot, dir)),
    cycle: (parent, scenario, { advance }) =>
      explainFullDisk(parent.dir, () => runCycle(commands, parent, scenario, advance)),
  };
}

function hashesOf(rootfs: BuiltImage['rootfs']): readonly (string | undefined)[] {
  return rootfs === undefined ? [] : [rootfs.rootfsSha256, rootfs.kernelSha256, rootfs.initrdSha256];
}

function sha256Of(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

function guestValues(settings: CommandSettings, { memoryBytes, vcpus }: GuestOptions): Values {
  return {
    ...settingsValues(settings),
    SNAPGATE_MEMORY_BYTES: memoryBytes,
    SNAPGATE_MEMORY_MIB: memoryBytes / 1024 ** 2,
    SNAPGATE_VCPUS: vcpus,
  };
}

async function prepare(
  commands: Commands,
  home: BootHome,
  image: BuiltImage,
  options: GuestOptions,
  dir: string,
): Promise<BootResult<CommandSnapshot>> {
  const { run, settings } = commands;
  return withMachine(
    commands,
    home,
    async (machine) => machine.command('prepare', await prepareValues(run, home, image, options)),
    async (ended) => {
      const outDir = outDirOf(home);
      const { memoryBytes: guestBytes } = options;
      const sizes = checkLeft(settings, { ended, dir: outDir, guestBytes, parent: undefined });
      replaceLeft({ dir }, outDir);
      await keepWhole(run, settings, dir);
      // How far the guest was when is the command's to know: it ends when the guest is settled and saved.
      const times = { bootMs: ended.tookMs, readyMs: ended.tookMs, settled: true };
      return { snapshot: { dir, home, ...sizes }, ...times };
    },
  );
}

/** The image is in the cache, and a machine writes to its disk: it gets a copy. */
async function prepareValues(
  run: Run,
  home: BootHome,
  { rootfs }: BuiltImage,
  { readyCommand, bootTimeoutMs }: GuestOptions,
): Promise<Values> {
  const ready: Values = {
    SNAPGATE_READY_COMMAND: readyCommand ?? '',
    SNAPGATE_BOOT_TIMEOUT_S: Math.ceil(bootTimeoutMs / 1000),
  };
  if (rootfs === undefined) return ready;
  const copy = join(workDirOf(home), 'rootfs.ext4');
  await copyFiles(run, rootfs.rootfsPath, copy);
  chmodSync(copy, 0o600);
  return {
    ...ready,
    SNAPGATE_ROOTFS: copy,
    SNAPGATE_KERNEL: rootfs.kernelPath,
    SNAPGATE_INITRD: rootfs.initrdPath ?? '',
    SNAPGATE_KERNEL_ARGS: rootfs.kernelArgs.join(' '),
  };
}

/** The images that the diffs of a chain are applied to. What prepare leaves is no diff. */
async function keepWhole(run: Run, settings: CommandSettings, dir: string): Promise<void> {
  if (settings.format !== 'sparse-diff') return;
  const [memory, disk] = [memoryPathOf({ dir }, settings), diskPathOf({ dir }, settings)];
  const left = leftDirOf({ dir });
  if (memory !== undefined) await copyFiles(run, join(left, settings.memfile), memory);
  if (disk !== undefined) await copyFiles(run, join(left, settings.rootfsFile ?? ''), disk);
}
