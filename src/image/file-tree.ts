import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { SnapgateError } from '../host/error.ts';
import { formatBytes } from '../host/units.ts';
import { printable, refusedEntry } from './tar-error.ts';
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
  /** Where the content of a regular file is kept until the tree is laid out. */
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
  readonly root: TreeFile;
  readonly contentDir: string;
  /** Most that the contents may come to; past it they are counted and no longer kept. */
  readonly limitBytes: number;
  /** Disk blocks of what the tree holds now. */
  liveBytes: number;
  /** Inodes that the tree needs now. */
  files: number;
  /** Files ever made: the number of the next one. */
  made: number;
}

export function newFileTree(contentDir: string, limitBytes: number): FileTree {
  return { root: newDirectory(0o755, 0), contentDir, limitBytes, liveBytes: 0, files: 1, made: 0 };
}

/** Puts a member of an archive into the tree, in place of what has its name; where its content goes, if it has any. */
export function addEntry(tree: FileTree, entry: TarEntry, layer: number): BodySink | undefined {
  const parts = splitPath(entry.path);
  const name = parts.pop();
  if (name === undefined) {
    if (entry.kind === 'directory') Object.assign(tree.root, attributesOf(entry));
    return undefined;
  }
  const parent = directoryAt(tree, parts, layer, entry.path);
  if (entry.kind === 'hardlink') {
    addHardLink(tree, parent, name, entry, layer);
    return undefined;
  }
  const before = parent.children.get(name);
  if (entry.kind === 'directory' && before?.file.kind === 'directory') {
    Object.assign(before.file, attributesOf(entry));
    before.layer = layer;
    return undefined;
  }
  refuseBomb(tree);
  const kept = entry.kind === 'file' && tree.liveBytes + entry.storedBytes <= tree.limitBytes;
  const contentPath = kept ? join(tree.contentDir, String(tree.made)) : undefined;
  tree.made += 1;
  if (before) removeSlot(tree, parent, name);
  const file = newFile(entry, entry.kind, contentPath);
  parent.children.set(name, { file, layer });
  tree.liveBytes += occupied(file);
  tree.files += 1;
  return contentPath === undefined ? undefined : openSink(contentPath, entry.sizeBytes);
}

/** Removes what layers below `layer` put at `path`: the meaning of a whiteout (OCI image specification, layer.md). */
export function whiteOut(tree: FileTree, path: string, layer: number): void {
  const parts = splitPath(path);
  const name = parts.pop();
  const parent = existingDirectory(tree, parts);
  const slot = name === undefined ? undefined : parent?.children.get(name);
  if (!parent || !slot || name === undefined) return;
  if (slot.layer < layer) removeSlot(tree, parent, name);
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

/** Contents past the limit are counted, so that an error can say what the image needs; but not without end. */
function refuseBomb(tree: FileTree): void {
  if (tree.liveBytes <= 16 * tree.limitBytes && tree.files <= tree.limitBytes / 1024) return;
  throw new SnapgateError(
    'image',
    `the image has ${tree.files} files or more, of ${formatBytes(tree.liveBytes)} or more: far too much for a disk of ${formatBytes(tree.limitBytes)}`,
    'Check that it is what you mean, and raise disk-size.',
  );
}

/** Longest path of an entry, which leaves room for the folder it is laid out in below PATH_MAX (4,096). */
const pathLimit = 3000;
const hopLimit = 40;

function splitPath(path: string): string[] {
  if (path.length > pathLimit) throw refusedEntry(path, `has a path of more than ${pathLimit} bytes`);
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  for (const part of parts) {
    if (part === '..') throw refusedEntry(path, 'leads out of the archive');
    if (part.length > 255 || part.includes('\0'))
      throw refusedEntry(path, 'has a name that no file can have');
  }
  return parts;
}

/** The directory at `parts`, through symlinks that stay within the tree; made where there is none. */
function directoryAt(tree: FileTree, parts: readonly string[], layer: number, path: string): TreeFile {
  const make = (parent: TreeFile, name: string) => {
    const file = newDirectory(0o755, parent.mtime);
    parent.children.set(name, { file, layer });
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

function follow(
  tree: FileTree,
  parts: readonly string[],
  missing: (parent: TreeFile, name: string) => TreeFile | undefined,
): TreeFile | undefined {
  const left = [...parts];
  const trail = [tree.root];
  let hops = 0;
  for (let name = left.shift(); name !== undefined; name = left.shift()) {
    const here = trail.at(-1) ?? tree.root;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (trail.length > 1) trail.pop();
      continue;
    }
    const next = here.children.get(name)?.file ?? missing(here, name);
    if (next?.kind === 'directory') trail.push(next);
    else if (next?.kind === 'symlink' && hops < hopLimit) {
      hops += 1;
      left.unshift(...next.link.split('/'));
      if (next.link.startsWith('/')) trail.length = 1;
    } else return undefined;
  }
  return trail.at(-1);
}

function addHardLink(tree: FileTree, parent: TreeFile, name: string, entry: TarEntry, layer: number): void {
  const parts = splitPath(entry.link);
  const last = parts.pop();
  const file = last === undefined ? undefined : existingDirectory(tree, parts)?.children.get(last)?.file;
  if (!file || file.kind === 'directory')
    throw refusedEntry(
      entry.path,
      `is a hard link to ${printable(entry.link)}, which is not in the archive before it`,
    );
  if (parent.children.get(name)?.file === file) return;
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

function newFile(
  entry: TarEntry,
  kind: Exclude<EntryKind, 'hardlink'>,
  contentPath: string | undefined,
): TreeFile {
  const { major, minor, sizeBytes, storedBytes } = entry;
  const link = kind === 'symlink' ? checkedTarget(entry) : '';
  return {
    kind,
    ...attributesOf(entry),
    major,
    minor,
    sizeBytes,
    storedBytes,
    link,
    contentPath,
    children: new Map(),
    links: 1,
  };
}

function newDirectory(mode: number, mtime: number): TreeFile {
  return {
    kind: 'directory',
    mode,
    uid: 0,
    gid: 0,
    mtime,
    xattrs: new Map(),
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

/** An ext4 inode holds 32-bit ids, and times whose 32 bits reach from 1970 to 2038. */
function attributesOf(entry: TarEntry) {
  const { mode, xattrs } = entry;
  for (const id of [entry.uid, entry.gid])
    if (!(id >= 0 && id < 0xffff_ffff))
      throw refusedEntry(entry.path, `belongs to the id ${id}, which is none`);
  return {
    mode,
    uid: entry.uid,
    gid: entry.gid,
    mtime: Math.min(Math.max(entry.mtime, 0), 0x7fff_ffff),
    xattrs,
  };
}

/** Bytes of disk blocks that a file takes. */
function occupied(file: TreeFile): number {
  return file.kind === 'directory' ? 4096 : Math.ceil(file.storedBytes / 4096) * 4096;
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
