import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative } from 'node:path';
import { SnapgateError } from '../host/error.ts';
import { mustRun, runCommand } from '../host/process.ts';
import type { Run } from '../host/run.ts';
import { resolveBusybox } from './busybox.ts';
import { sha256OfFile } from './file-hash.ts';
import type { Kernel } from './kernel.ts';
import type { GuestDevices } from './types.ts';

export interface Initrd {
  readonly path: string;
  readonly sha256: string;
}

/**
 * What a guest's disk, channel and file system need. Built-in ones are fine. `pci`: virtio_mmio is for QEMU's microvm machine. `mmio`: as
 * little as Firecracker's guest can do with, since each module is memory that the guest has written.
 */
const wantedModules: Readonly<Record<GuestDevices, readonly string[]>> = {
  pci: ['virtio_pci', 'virtio_mmio', 'virtio_blk', 'virtio_console', 'ext4'],
  mmio: ['virtio_mmio', 'virtio_blk', 'vmw_vsock_virtio_transport', 'ext4'],
  any: ['virtio_pci', 'virtio_mmio', 'virtio_blk', 'virtio_console', 'vmw_vsock_virtio_transport', 'ext4'],
};

/** Applets that the initrd's /init calls. */
const initrdApplets = ['cat', 'insmod', 'mkdir', 'mount', 'reboot', 'sh', 'sleep', 'switch_root', 'umount'];

/** Said on the console, for the engine to recognise, where no virtio disk appears in time. */
export const noDiskMarker = 'snapgate: no disk';

/** Said on the console where the disk holds nothing that this kernel can mount, or no init. */
export const noRootMarker = 'snapgate: no root';

/**
 * The initrd to boot `kernel` with: `none`, a path, or `auto`: a static busybox and exactly the modules that the kernel needs to find its disk and
 * the agent's channel on such devices. undefined: boot without one (as `auto` does for a kernel without modules at hand, whose drivers must be built in).
 *
 * @throws SnapgateError `image` for a path that is not there, `host` for missing tools
 */
export async function resolveInitrd(
  run: Run,
  spec: string,
  kernel: Kernel,
  devices: GuestDevices = 'pci',
): Promise<Initrd | undefined> {
  if (spec === 'none') return undefined;
  if (spec !== 'auto') return givenInitrd(spec);
  const base = modulesBase(kernel);
  if (base === undefined) return undefined;
  const modules = await listModules(run, base, kernel.version, wantedModules[devices]);
  const busybox = await resolveBusybox(run, initrdApplets);
  const key = await keyOf(busybox.sha256, modules);
  const cached = join(run.cacheDir, `initrd-${key}.cpio`);
  if (!existsSync(cached)) await buildInitrd(run, busybox.path, modules, cached);
  return { path: cached, sha256: await sha256OfFile(cached) };
}

async function givenInitrd(path: string): Promise<Initrd> {
  if (!existsSync(path)) {
    throw new SnapgateError(
      'image',
      `there is no initrd at ${path}`,
      'Give initrd: the path of a file, auto, or none.',
    );
  }
  return { path, sha256: await sha256OfFile(path) };
}

/** Folder above lib/modules/VERSION: next to an unpacked kernel, else the host's own for a kernel that the host has installed. */
function modulesBase(kernel: Kernel): string | undefined {
  if (kernel.modulesDir !== undefined) return kernel.modulesDir;
  return existsSync(join('/lib/modules', kernel.version, 'modules.dep')) ? '/' : undefined;
}

/** Files of the wanted modules and what they depend on, in the order to load them in. */
async function listModules(
  run: Run,
  base: string,
  version: string,
  wanted: readonly string[],
): Promise<string[]> {
  const files: string[] = [];
  for (const name of wanted) {
    const args = ['-d', base, '-S', version, '--show-depends', name];
    const result = await runCommand(run, 'modprobe', args, { timeoutMs: 30_000 });
    // A module that this kernel does not have at all is not an error: the boot will tell.
    if (result.code !== 0) continue;
    for (const line of result.stdout.split('\n')) {
      const path = /^insmod (\S+)/.exec(line)?.[1];
      if (path !== undefined && !files.includes(path)) files.push(path);
    }
  }
  return files;
}

async function keyOf(busyboxSha256: string, modules: readonly string[]): Promise<string> {
  const hash = createHash('sha256').update(`${busyboxSha256}\n${initScript([])}\n`);
  for (const module of modules) hash.update(`${basename(module)} ${await sha256OfFile(module)}\n`);
  return hash.digest('hex').slice(0, 32);
}

async function buildInitrd(
  run: Run,
  busybox: string,
  modules: readonly string[],
  target: string,
): Promise<void> {
  const dir = mkdtempSync(join(run.dir, 'initrd-'));
  try {
    const root = join(dir, 'root');
    for (const folder of ['bin', 'dev', 'proc', 'sys', 'newroot', 'modules'])
      mkdirSync(join(root, folder), { recursive: true });
    copyFileSync(busybox, join(root, 'bin/busybox'));
    symlinkSync('busybox', join(root, 'bin/sh'));
    const names: string[] = [];
    for (const module of modules) names.push(await unpackModule(run, module, join(root, 'modules')));
    writeFileSync(join(root, 'init'), initScript(names), { mode: 0o755 });
    const archive = join(dir, 'initrd.cpio');
    await packCpio(run, root, archive);
    await publish(run, archive, target);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Decompressed, since a kernel may lack the decompressor that the distribution's modprobe has; the file's name. */
async function unpackModule(run: Run, module: string, folder: string): Promise<string> {
  const name = basename(module).replace(/\.(xz|zst|gz)$/, '');
  const command = { '.xz': 'xz', '.zst': 'zstd', '.gz': 'gzip' }[/\.(?:xz|zst|gz)$/.exec(module)?.[0] ?? ''];
  if (command === undefined) copyFileSync(module, join(folder, name));
  else {
    const chunks: Buffer[] = [];
    await mustRun(run, command, ['-dcq', module], {
      onStdout: (chunk) => chunks.push(chunk),
      timeoutMs: 30_000,
    });
    writeFileSync(join(folder, name), Buffer.concat(chunks));
  }
  return name;
}

/** A cpio that depends on names, modes and contents alone: sorted, times fixed, owner 0, inodes renumbered. */
async function packCpio(run: Run, root: string, archive: string): Promise<void> {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => join(root, path))
    .sort();
  for (const path of paths) normalise(path);
  await mustRun(
    run,
    'cpio',
    ['--create', '--quiet', '--reproducible', '--format=newc', '--owner=+0:+0', `--file=${archive}`],
    { cwd: root, input: `${paths.map((path) => relative(root, path)).join('\n')}\n`, timeoutMs: 60_000 },
  );
}

/** The caller's umask and the clock leave no trace. */
function normalise(path: string): void {
  const stat = lstatSync(path);
  if (!stat.isSymbolicLink())
    chmodSync(path, stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o755 : 0o644);
  lutimesSync(path, 0, 0);
}

/** Into the cache by one rename, so that a concurrent run sees all of it or nothing. */
async function publish(run: Run, file: string, target: string): Promise<void> {
  const temporary = `${target}.${run.id}`;
  run.ledger.add({ kind: 'path', path: temporary });
  copyFileSync(file, temporary);
  renameSync(temporary, target);
}

/**
 * The initrd's /init. It honours root=, rw/ro and init= as a kernel without an initrd would. The disk may take a moment to appear; without
 * one the guest says so and ends, rather than panic some seconds later.
 */
function initScript(modules: readonly string[]): string {
  return `#!/bin/busybox sh
bb=/bin/busybox
$bb mount -t devtmpfs -o mode=0755 devtmpfs /dev
$bb mount -t proc proc /proc
$bb mount -t sysfs sysfs /sys
exec </dev/console >/dev/console 2>&1
${modules.map((name) => `$bb insmod /modules/${name}\n`).join('')}
root=/dev/vda
mode=rw
init=/sbin/init
for word in $($bb cat /proc/cmdline); do
  case $word in
    root=/dev/*) root=\${word#root=} ;;
    ro | rw) mode=$word ;;
    init=*) init=\${word#init=} ;;
  esac
done

end() {
  echo "$1"
  $bb sleep 1
  $bb reboot -f
}

tries=0
until [ -b "$root" ]; do
  tries=$((tries + 1))
  [ "$tries" -gt 100 ] && end "${noDiskMarker}: $root did not appear; the kernel may lack virtio drivers"
  $bb sleep 0.1
done
$bb mount -t ext4 -o "$mode" "$root" /newroot || end "${noRootMarker}: $root is not an ext4 that this kernel can mount"
$bb umount /sys
$bb umount /proc
[ -d /newroot/dev ] || $bb mkdir /newroot/dev
$bb mount -o move /dev /newroot/dev
exec $bb switch_root /newroot "$init" "$@"
`;
}
