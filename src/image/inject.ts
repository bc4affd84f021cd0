import { createHash } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  agentApplets,
  agentScript,
  agentUnit,
  agentUnitName,
  guestBusybox,
  guestEnvironmentPath,
  guestVsockRelay,
} from '../guest/agent.ts';
import {
  type ContainerConfig,
  commandWords,
  entrypointInitScript,
  entrypointPath,
  entrypointScript,
  environmentScript,
  minimalInitScript,
  wrapperScript,
} from '../guest/init.ts';
import { guestDir } from '../guest/protocol.ts';
import { vsockRelayBase64 } from '../guest/vsock-relay/relay.ts';
import { SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { formatBytes } from '../host/units.ts';
import { type Busybox, resolveBusybox } from './busybox.ts';
import { type Entry, editFileSystem, lookUp, readSuperblock } from './debugfs.ts';
import { findInit, type Init } from './init-kind.ts';
import type { InitKind } from './types.ts';

export type { ContainerConfig };

export interface GuestStart {
  readonly init: InitKind;
  /** For the kernel's command line; they work with the initrd of `resolveInitrd` and without one. */
  readonly kernelArgs: readonly string[];
}

/**
 * Puts the agent and what starts it into an ext4, in place and without root. Equal input gives equal bytes.
 *
 * @param container what the container image says of its start; undefined where the rootfs never was one
 * @throws SnapgateError `image`: no ext4, damaged, or without room; `host`: no usable busybox
 */
export async function injectGuest(
  run: Run,
  rootfsPath: string,
  container: ContainerConfig | undefined,
): Promise<GuestStart> {
  const busybox = await resolveBusybox(run, agentApplets);
  const superblock = await readSuperblock(run, rootfsPath);
  checkFileSystem(rootfsPath, superblock);
  checkRoom(superblock, busybox);
  const init = await findInit(run, rootfsPath, container);
  await writeFiles(run, rootfsPath, busybox, guestFiles(init, container));
  return { init: init.kind, kernelArgs: kernelArgsOf(init) };
}

/** Changes whenever `injectGuest` would write something else: part of the key that images are cached by. */
export async function guestFilesSha256(run: Run): Promise<string> {
  const busybox = await resolveBusybox(run, agentApplets);
  const container = { entrypoint: ['/e'], cmd: [], env: ['E=e'], workingDir: '/', user: 'u:g' };
  const inits: Init[] = [
    { kind: 'systemd', path: '/lib/systemd/systemd' },
    { kind: 'init', path: '/init', isEntrypoint: false },
    { kind: 'init', path: '/init', isEntrypoint: true },
    { kind: 'none' },
  ];
  const everything = inits.map((init) => [guestFiles(init, container), kernelArgsOf(init)]);
  return createHash('sha256')
    .update(JSON.stringify([busybox.sha256, everything]))
    .digest('hex');
}

interface GuestFile {
  readonly path: string;
  readonly mode: number;
  readonly content: string | Buffer;
}

interface GuestFiles {
  readonly folders: readonly string[];
  readonly files: readonly GuestFile[];
  readonly links: readonly { readonly path: string; readonly target: string }[];
}

/** Mount points of the kernel's file systems, and what a program may expect. Made here so that no boot has to. */
const commonFolders = ['/dev', '/proc', '/sys', '/run', '/tmp', guestDir, `${guestDir}/mnt`];

function guestFiles(init: Init, container: ContainerConfig | undefined): GuestFiles {
  const files: GuestFile[] = [
    script('agent', agentScript),
    { path: guestVsockRelay, mode: 0o755, content: Buffer.from(vsockRelayBase64, 'base64') },
  ];
  if (container && container.env.length > 0)
    files.push({ path: guestEnvironmentPath, mode: 0o644, content: environmentScript(container.env) });
  switch (init.kind) {
    case 'systemd':
      return systemdFiles(files);
    case 'init':
      files.push(
        script('init', init.isEntrypoint && container ? entrypointInitScript() : wrapperScript(init.path)),
      );
      break;
    case 'none':
      files.push(
        script('init', minimalInitScript(container !== undefined && commandWords(container).length > 0)),
      );
  }
  if (container) files.push({ path: entrypointPath, mode: 0o755, content: entrypointScript(container) });
  return { folders: commonFolders, files, links: [] };
}

function systemdFiles(files: readonly GuestFile[]): GuestFiles {
  const units = '/etc/systemd/system';
  const wants = `${units}/multi-user.target.wants`;
  return {
    folders: [...commonFolders, '/etc', '/etc/systemd', units, wants],
    files: [...files, { path: `${units}/${agentUnitName}`, mode: 0o644, content: agentUnit }],
    links: [{ path: `${wants}/${agentUnitName}`, target: `${units}/${agentUnitName}` }],
  };
}

function script(name: string, content: string): GuestFile {
  return { path: `${guestDir}/${name}`, mode: 0o755, content };
}

function kernelArgsOf(init: Init): readonly string[] {
  const root = ['root=/dev/vda', 'rw'];
  // systemd.wants: also where the default target does not pull in multi-user.target (systemd-debug-generator(8)).
  if (init.kind === 'systemd') return [...root, `init=${init.path}`, `systemd.wants=${agentUnitName}`];
  return [...root, `init=${guestDir}/init`];
}

function checkFileSystem(rootfsPath: string, superblock: ReadonlyMap<string, string>): void {
  const state = superblock.get('Filesystem state') ?? 'unknown';
  const isDirty = /needs_recovery/.test(superblock.get('Filesystem features') ?? '');
  if (state === 'clean' && !isDirty) return;
  throw new SnapgateError(
    'image',
    `the file system ${rootfsPath} is not clean (${isDirty ? 'its journal was not replayed' : `state: ${state}`})`,
    `Unmount it where it is in use, then run: e2fsck -f ${rootfsPath}`,
  );
}

/** Besides the files: some blocks of directories, and slack for what the guest writes as it boots. */
const slackBytes = 256 * 1024;
const inodesNeeded = 32;

function checkRoom(superblock: ReadonlyMap<string, string>, busybox: Busybox): void {
  const blockBytes = Number(superblock.get('Block size'));
  const diskBytes = Number(superblock.get('Block count')) * blockBytes;
  const freeBytes = Number(superblock.get('Free blocks')) * blockBytes;
  const neededBytes = busybox.sizeBytes + slackBytes;
  const freeInodes = Number(superblock.get('Free inodes'));
  if (freeBytes >= neededBytes && freeInodes >= inodesNeeded) return;
  if (freeBytes >= neededBytes)
    throw new SnapgateError(
      'image',
      `the guest's disk has ${freeInodes} free inodes where snapgate's guest agent needs ${inodesNeeded}`,
      'Make the file system with more inodes (mke2fs -N), or raise disk-size.',
    );
  const step = 16 * 1024 ** 2;
  throw new SnapgateError(
    'image',
    `the guest's disk of ${formatBytes(diskBytes)} has ${formatBytes(freeBytes)} free where snapgate's guest agent needs ${formatBytes(neededBytes)}`,
    `Raise disk-size to ${Math.ceil((diskBytes + neededBytes + step / 2) / step) * 16}MiB or more.`,
  );
}

async function writeFiles(run: Run, rootfsPath: string, busybox: Busybox, wanted: GuestFiles): Promise<void> {
  const dir = mkdtempSync(join(run.dir, 'inject-'));
  try {
    copyFileSync(busybox.path, join(dir, 'busybox'));
    wanted.files.forEach((file, index) => {
      writeFileSync(join(dir, String(index)), file.content);
    });
    const sources = [
      { path: guestBusybox, mode: 0o755, source: 'busybox' },
      ...wanted.files.map((file, index) => ({ path: file.path, mode: file.mode, source: String(index) })),
    ];
    const paths = [...wanted.folders, ...sources, ...wanted.links].map((item) =>
      typeof item === 'string' ? item : item.path,
    );
    const present = await lookUp(run, rootfsPath, paths);
    await editFileSystem(run, rootfsPath, editScript(wanted, sources, present), dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** 2020-01-01: any fixed time will do but 0, which debugfs takes for the clock's. */
const fixedTime = '@1577836800';

function editScript(
  wanted: GuestFiles,
  sources: readonly { readonly path: string; readonly mode: number; readonly source: string }[],
  present: ReadonlyMap<string, Entry>,
): string[] {
  const removeOld = (path: string) => (present.has(path) ? [`rm ${path}`] : []);
  return [
    `set_current_time ${fixedTime}`,
    ...wanted.folders.flatMap((path) =>
      present.has(path) ? [] : [`mkdir ${path}`, ...setInode(path, path === '/tmp' ? 0o41777 : 0o40755)],
    ),
    ...sources.flatMap(({ path, mode, source }) => [
      ...removeOld(path),
      // `write` takes a name in the current folder, not a path.
      `cd ${parentOf(path)}`,
      `write ${source} ${path.slice(path.lastIndexOf('/') + 1)}`,
      ...setInode(path, 0o100000 | mode),
    ]),
    ...wanted.links.flatMap(({ path, target }) => [
      ...removeOld(path),
      `symlink ${path} ${target}`,
      ...setInode(path, 0o120777),
    ]),
  ];
}

function setInode(path: string, mode: number): string[] {
  const fields = [
    ['mode', `0${mode.toString(8)}`],
    ['uid', '0'],
    ['gid', '0'],
    ['atime', fixedTime],
    ['ctime', fixedTime],
    ['mtime', fixedTime],
    ['crtime', fixedTime],
  ];
  return fields.map(([field, value]) => `set_inode_field ${path} ${field} ${value}`);
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
