import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { formatBytes } from '../host/units.ts';
import { ArchiveProblem, quoteName, refusedEntry } from './tar-error.ts';
import type { BodySink, EntryKind, TarEntry } from './tar-reader.ts';

/** A file of the tree; several slots may hold it (hard links). */
export interface TreeFile {
  readonly kind: Exclude<EntryKind, 'hardlink'>;
  mode: number;
  uid: number;
  gid: number;
  /** Seconds since 1970. */
  mtime: number;
  xattrs: ReadonlyMap<string, Buffer>;
  readonly major: number;
  readonly minor: number;
  readonly sizeBytes: number;
  /** Without its holes. */
  readonly storedBytes: number;
  /** Target of a symlink, raw bytes. */
  readonly link: string;
  /** Where the content of a regular file is kept until the tree is laid out; undefined where it was not kept, see `isIncomplete`. */
  readonly contentPath: string | undefined;
  /** Entries of a directory by name (raw bytes). */
  readonly children: Map<string, TreeSlot>;
  links: number;
}

/** A name in a directory, and the layer that put it there. */
export interface TreeSlot {
  file: TreeFile;
  layer: number;
}

/**
 * A root file system in the making: names and attributes in memory, contents as numbered files in a folder of our own. No name of
 * an archive touches the host while it is built, so none can lead outside.
 */
export interface FileTree {
  /** What it is made from, for errors: `the tar rootfs.tar`. */
  readonly name: string;
  readonly root: TreeFile;
  readonly contentDir: string;
  /** Most that the contents may come to in the end. Layers may take more before later ones remove it. */
  readonly limitBytes: number;
  /** Disk blocks of what the tree holds now. */
  liveBytes: number;
  /** Inodes that the tree needs now. */
  files: number;
  /** Names ever given: the number of the next file. */
  named: number;
}

export function newFileTree(name: string, contentDir: string, limitBytes: number): FileTree {
  return { name, root: newDirectory(0o755, 0), contentDir, limitBytes, liveBytes: 0, files: 1, named: 0 };
}

/** Puts a member of an archive into the tree, in place of what has its name; where its content goes, if it has any. */
export function addEntry(tree: FileTree, entry: TarEntry, layer: number): BodySink | undefined {
  const parts = splitPath(entry.path);
  const name = parts.pop();
  if (name === undefined) {
    if (entry.kind === 'directory') setAttributes(tree, tree.root, entry);
    return undefined;
  }
  const parent = directoryAt(tree, parts, layer, entry.path);
  if (entry.kind === 'hardlink') {
    addHardLink(tree, parent, name, entry, layer);
    return undefined;
  }
  const before = parent.children.get(name);
  if (entry.kind === 'directory' && before?.file.kind === 'directory') {
    setAttributes(tree, before.file, entry);
    before.layer = layer;
    return undefined;
  }
  if (before) removeSlot(tree, parent, name);
  const isKept = entry.kind === 'file' && tree.liveBytes + entry.storedBytes <= keptBytes(tree);
  const contentPath = isKept ? join(tree.contentDir, String(tree.named)) : undefined;
  const file = newFile(entry, entry.kind, contentPath);
  parent.children.set(name, { file, layer });
  countName(tree);
  tree.liveBytes += occupied(file);
  tree.files += 1;
  refuseBomb(tree);
  return contentPath === undefined ? undefined : openSink(contentPath, entry.sizeBytes);
}

/** True where a file of the tree has lost its content, because there was too much of it all at the time. */
export function isIncomplete(tree: FileTree): boolean {
  const files = Array.from(walkTree(tree.root), ({ file }) => file);
  return files.some((file) => file.kind === 'file' && file.contentPath === undefined);
}

/** Contents past it are counted, so that an error can say what the image needs, and not kept. */
export function keptBytes({ limitBytes }: FileTree): number {
  return 2 * limitBytes;
}

/** Removes what layers below `layer` put at `path`: the meaning of a whiteout (OCI image specification, layer.md). */
export function whiteOut(tree: FileTree, path: string, layer: number): void {
  const parts = splitPath(path);
  const name = parts.pop();
  const parent = existingDirectory(tree, parts);
  const slot = name === undefined ? undefined : parent?.children.get(name);
  if (!parent || !slot || name === undefined) return;
  if (slot.layer < layer) removeSlotBelow(tree, parent, name, slot, layer);
  else removeLower(tree, slot.file, layer);
}

/** Empties a directory of what layers below `layer` put there: the meaning of an opaque whiteout. */
export function whiteOutContents(tree: FileTree, path: string, layer: number): void {
  const directory = existingDirectory(tree, splitPath(path));
  if (directory) removeLower(tree, directory, layer);
}

/** Removes what is at `path`, whichever layer put it there. */
export function removePath(tree: FileTree, path: string): void {
  whiteOut(tree, path, Number.POSITIVE_INFINITY);
}

/** Every name of the tree with its file, parents first, in the order of the bytes of the names. */
export function* walkTree(directory: TreeFile, prefix = ''): Generator<{ path: string; file: TreeFile }> {
  for (const name of [...directory.children.keys()].sort()) {
    const file = directory.children.get(name)?.file;
    if (!file) continue;
    const path = `${prefix}/${name}`;
    yield { path, file };
    if (file.kind === 'directory') yield* walkTree(file, path);
  }
}

function refuseBomb(tree: FileTree): void {
  if (tree.liveBytes <= 16 * tree.limitBytes) return;
  throw tooMuch(tree, `files of ${formatBytes(tree.liveBytes)} or more`);
}

function countName(tree: FileTree): void {
  tree.named += 1;
  if (tree.named > tree.limitBytes / 1024) throw tooMuch(tree, `${tree.named} files or more`);
}

function tooMuch(tree: FileTree, what: string): ArchiveProblem {
  return new ArchiveProblem(
    `holds ${what}: far too much for a disk of ${formatBytes(tree.limitBytes)}`,
    'Check that it is what you mean, and raise disk-size.',
  );
}

/** Longest path of an entry, which leaves room for the folder it is laid out in below PATH_MAX (4,096). */
const pathLimit = 3000;
const hopLimit = 40;

function splitPath(path: string): string[] {
  if (path.length > pathLimit) throw pathTooLong(path);
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  for (const part of parts) {
    if (part === '..') throw refusedEntry(path, 'leads out of the archive');
    if (part.length > 255 || part.includes('\0'))
      throw refusedEntry(path, 'has a name that no file can have');
  }
  return parts;
}

function pathTooLong(path: string): ArchiveProblem {
  return refusedEntry(path, `has a path of more than ${pathLimit} bytes`);
}

/** The directory at `parts`, through symlinks that stay within the tree; made where there is none. */
function directoryAt(tree: FileTree, parts: readonly string[], layer: number, path: string): TreeFile {
  const make = (parent: TreeFile, name: string) => {
    const file = newDirectory(0o755, parent.mtime);
    parent.children.set(name, { file, layer });
    countName(tree);
    tree.files += 1;
    tree.liveBytes += occupied(file);
    return file;
  };
  const found = follow(tree, parts, make);
  if (!found) throw refusedEntry(path, 'lies below something that is not a folder');
  return found;
}

function existingDirectory(tree: FileTree, parts: readonly string[]): TreeFile | undefined {
  return follow(tree, parts, () => undefined);
}

/** Walks `parts` as a kernel would that is confined to the tree; undefined where they end at something other than a folder. */
function follow(
  tree: FileTree,
  parts: readonly string[],
  missing: (parent: TreeFile, name: string) => TreeFile | undefined,
): TreeFile | undefined {
  const left = [...parts];
  const trail = [{ directory: tree.root, pathBytes: 0 }];
  let hops = 0;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const { directory, pathBytes } = trail.at(-1) ?? { directory: tree.root, pathBytes: 0 };
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (trail.length > 1) trail.pop();
      continue;
    }
    // Symlinks can lead deeper than any path that is written out.
    if (pathBytes > pathLimit) throw pathTooLong(parts.join('/'));
    const next = directory.children.get(name)?.file ?? missing(directory, name);
    if (next?.kind === 'directory') trail.push({ directory: next, pathBytes: pathBytes + name.length + 1 });
    else if (next?.kind === 'symlink' && hops < hopLimit) {
      hops += 1;
      left.unshift(...next.link.split('/'));
      if (next.link.startsWith('/')) trail.length = 1;
    } else return undefined;
  }
  return trail.at(-1)?.directory;
}

/** Most names of one file in an ext4 (EXT4_LINK_MAX). */
const linkLimit = 65_000;

function addHardLink(tree: FileTree, parent: TreeFile, name: string, entry: TarEntry, layer: number): void {
  const parts = splitPath(entry.link);
  const last = parts.pop();
  const file = last === undefined ? undefined : existingDirectory(tree, parts)?.children.get(last)?.file;
  if (!file || file.kind === 'directory')
    throw refusedEntry(
      entry.path,
      `is a hard link to ${quoteName(entry.link)}, which is not in the archive before it`,
    );
  if (parent.children.get(name)?.file === file) return;
  if (file.links >= linkLimit)
    throw refusedEntry(entry.path, `is a hard link to a file with ${linkLimit} names`);
  countName(tree);
  file.links += 1;
  if (parent.children.has(name)) removeSlot(tree, parent, name);
  parent.children.set(name, { file, layer });
}

function removeSlot(tree: FileTree, parent: TreeFile, name: string): void {
  const file = parent.children.get(name)?.file;
  parent.children.delete(name);
  if (!file) return;
  for (const child of [...file.children.keys()]) removeSlot(tree, file, child);
  file.links -= 1;
  if (file.links > 0) return;
  tree.liveBytes -= occupied(file);
  tree.files -= 1;
  if (file.contentPath !== undefined) rmSync(file.contentPath, { force: true });
}

function removeLower(tree: FileTree, directory: TreeFile, layer: number): void {
  for (const [name, slot] of [...directory.children]) {
    if (slot.layer < layer) removeSlotBelow(tree, directory, name, slot, layer);
    else if (slot.file.kind === 'directory') removeLower(tree, slot.file, layer);
  }
}

/** A directory of a lower layer may hold entries of this one, which stay. */
function removeSlotBelow(
  tree: FileTree,
  parent: TreeFile,
  name: string,
  slot: TreeSlot,
  layer: number,
): void {
  if (slot.file.kind === 'directory') removeLower(tree, slot.file, layer);
  if (slot.file.children.size === 0) removeSlot(tree, parent, name);
}

/** Largest file of an ext4: 2^32 blocks of 4 KiB, less one. */
const fileLimitBytes = (2 ** 32 - 1) * 4096;

function newFile(
  entry: TarEntry,
  kind: Exclude<EntryKind, 'hardlink'>,
  contentPath: string | undefined,
): TreeFile {
  const { sizeBytes, storedBytes } = entry;
  if (sizeBytes > fileLimitBytes)
    throw refusedEntry(entry.path, `is ${formatBytes(sizeBytes)} long, more than a file can be`);
  const link = kind === 'symlink' ? checkedTarget(entry) : '';
  const device = kind === 'character' || kind === 'block' ? deviceOf(entry) : { major: 0, minor: 0 };
  const attributes = attributesOf(entry);
  return {
    kind,
    ...attributes,
    ...device,
    sizeBytes,
    storedBytes,
    link,
    contentPath,
    children: new Map(),
    links: 1,
  };
}

/** Linux has 12 bits for the major number of a device, and 20 for the minor one. */
function deviceOf({ path, major, minor }: TarEntry): { major: number; minor: number } {
  if (major >= 0 && major < 2 ** 12 && minor >= 0 && minor < 2 ** 20) return { major, minor };
  throw refusedEntry(path, `is the device ${major}:${minor}, which is none`);
}

function newDirectory(mode: number, mtime: number): TreeFile {
  return {
    kind: 'directory',
    mode,
    uid: 0,
    gid: 0,
    mtime,
    xattrs: noXattrs,
    major: 0,
    minor: 0,
    sizeBytes: 0,
    storedBytes: 0,
    link: '',
    contentPath: undefined,
    children: new Map(),
    links: 1,
  };
}

function checkedTarget(entry: TarEntry): string {
  const isFine = entry.link.length > 0 && entry.link.length < 4096 && !entry.link.includes('\0');
  if (!isFine) throw refusedEntry(entry.path, 'is a symlink with a target that none can have');
  return entry.link;
}

function setAttributes(tree: FileTree, directory: TreeFile, entry: TarEntry): void {
  tree.liveBytes -= occupied(directory);
  Object.assign(directory, attributesOf(entry));
  tree.liveBytes += occupied(directory);
}

/** An ext4 inode holds 32-bit ids, and times whose 32 bits reach from 1970 to 2038. */
function attributesOf(entry: TarEntry) {
  const { mode, uid, gid } = entry;
  for (const id of [uid, gid])
    if (!(id >= 0 && id < 0xffff_ffff))
      throw refusedEntry(entry.path, `belongs to the id ${id}, which is none`);
  const mtime = Math.min(Math.max(entry.mtime, 0), 0x7fff_ffff);
  return { mode, uid, gid, mtime, xattrs: xattrsOf(entry) };
}

/** What one block of an ext4 has for extended attributes: 4096 bytes less the header and the end mark. */
const xattrLimitBytes = 4096 - 32 - 4;

/** The ones that mean something on another machine; `trusted.overlay.*` is the bookkeeping of a container engine. */
function xattrsOf({ path, xattrs }: TarEntry): ReadonlyMap<string, Buffer> {
  const kept = [...xattrs].filter(
    ([key]) =>
      /^(user|security|trusted|system\.posix_acl_)[\x21-\x7e]*$/.test(key) &&
      !key.startsWith('trusted.overlay.'),
  );
  if (kept.length === 0) return noXattrs;
  if (xattrBytes(kept) > xattrLimitBytes)
    throw refusedEntry(path, 'has more extended attributes than an ext4 can hold');
  return new Map(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

const noXattrs: ReadonlyMap<string, Buffer> = new Map();

/**
 * Each is an entry of 16 bytes, its name after `user.` or the like, and its value, both padded to four bytes
 * (https://docs.kernel.org/filesystems/ext4/, extended attributes).
 */
function xattrBytes(xattrs: readonly (readonly [string, Buffer])[]): number {
  const padded = (bytes: number) => Math.ceil(bytes / 4) * 4;
  const nameBytes = (key: string) => key.length - key.indexOf('.') - 1;
  return xattrs.reduce((sum, [key, value]) => sum + 16 + padded(nameBytes(key)) + padded(value.length), 0);
}

/** What an inode of 256 bytes has for extended attributes besides its fields; more go to a block of their own. */
const inodeXattrBytes = 256 - 128 - 32 - 8;

/** Bytes of disk blocks that a file takes. */
function occupied(file: TreeFile): number {
  const content = file.kind === 'directory' ? 4096 : Math.ceil(file.storedBytes / 4096) * 4096;
  return content + (xattrBytes([...file.xattrs]) > inodeXattrBytes ? 4096 : 0);
}

function openSink(path: string, sizeBytes: number): BodySink {
  const fd = openSync(path, 'wx', 0o600);
  return {
    write: (chunk, position) => {
      for (let done = 0; done < chunk.length; )
        done += writeSync(fd, chunk, done, chunk.length - done, position + done);
    },
    close: () => {
      ftruncateSync(fd, sizeBytes);
      closeSync(fd);
    },
  };
}
