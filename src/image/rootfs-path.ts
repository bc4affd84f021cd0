import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';
import { type Compression, compressionOf, readStart, withContent } from './decompress.ts';
import { allocatedBytes } from './disk-space.ts';
import { fixedTime } from './ext4.ts';
import { sha256OfFile } from './file-hash.ts';
import { addEntry, type FileTree } from './file-tree.ts';
import { readFolder } from './folder.ts';
import type { RootfsContent } from './rootfs-content.ts';
import { normaliseTimes } from './stamps.ts';
import { damagedTar, naming } from './tar-error.ts';
import { readTar } from './tar-reader.ts';

/** What lies at a path: an ext4, a tar (plain, gzip, zstd, xz) or a folder, told by its content and not by its name. */
export async function readRootfsPath(run: Run, path: string): Promise<RootfsContent> {
  const stat = statSync(path);
  if (stat.isDirectory()) return folderContent(run, path);
  if (!stat.isFile()) throw unknownRootfs(path, 'neither a file nor a folder');
  const start = await readStart({ path, start: 0, bytes: stat.size }, 2048);
  if (isExt(start)) return ext4Content(path);
  const compression = compressionOf(start);
  if (compression !== 'none' || isTar(start)) return tarContent(run, path, stat.size, compression);
  throw unknownRootfs(path, nameOf(start));
}

async function folderContent(run: Run, path: string): Promise<RootfsContent> {
  const hash = createHash('sha256');
  let bytes = 0;
  const count = async (content: AsyncIterable<Buffer>) => {
    for await (const chunk of content) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  };
  // `normaliseTimes` makes later times equal.
  await readFolder(run, path, count, fixedTime);
  const description = `the folder ${path}`;
  return {
    key: `folder:${hash.digest('hex')}`,
    description,
    expectedBytes: bytes,
    form: {
      kind: 'tree',
      fill: async (tree) => {
        await readFolder(run, path, (content) =>
          readTar(content, description, (entry) => addEntry(tree, owned(entry), 0)),
        );
        refuseEmpty(tree);
        normaliseTimes(tree);
        return undefined;
      },
    },
  };
}

/** In a checkout all files are the runner's user's; in the guest they are root's. */
function owned<T extends { uid: number; gid: number }>(entry: T): T {
  const own = (id: number, mine: number | undefined) => (id === mine ? 0 : id);
  return { ...entry, uid: own(entry.uid, process.getuid?.()), gid: own(entry.gid, process.getgid?.()) };
}

async function ext4Content(path: string): Promise<RootfsContent> {
  return {
    key: `ext4:${await sha256OfFile(path)}`,
    description: `the ext4 ${path}`,
    expectedBytes: allocatedBytes(path),
    form: { kind: 'ext4', path },
  };
}

async function tarContent(
  run: Run,
  path: string,
  bytes: number,
  compression: Compression,
): Promise<RootfsContent> {
  const description = `the tar ${path}`;
  return {
    key: `tar:${await sha256OfFile(path)}`,
    description,
    // Root file systems compress to a third or so.
    expectedBytes: compression === 'none' ? bytes : bytes * 3,
    form: {
      kind: 'tree',
      fill: async (tree) => {
        const hasEnd = await withContent(run, { path, start: 0, bytes }, (content) =>
          readTar(content, description, (entry) => addEntry(tree, entry, 0)),
        );
        // A compressed file has an end mark of its own.
        if (!hasEnd && compression === 'none') throw naming(description, damagedTar('it has no end mark'));
        refuseEmpty(tree);
        refuseImageArchive(tree, path);
        return undefined;
      },
    },
  };
}

function refuseEmpty(tree: FileTree): void {
  if (tree.files > 1) return;
  throw new SnapgateError(
    'image',
    `${tree.name} holds no files`,
    'Check that whatever fills it has run. A file system such as an ext4 must not be compressed.',
  );
}

/** `docker save` also writes a tar; unpacked as a root file system it would boot nothing. */
function refuseImageArchive({ root }: FileTree, path: string): void {
  const has = (name: string) => root.children.has(name);
  if (has('usr') || has('bin') || has('sbin') || !(has('manifest.json') || has('oci-layout'))) return;
  throw new SnapgateError(
    'image',
    `rootfs: ${path} is a container image archive, not a root file system`,
    `Give it as image: ${path}.`,
  );
}

/** The magic number of ext2, 3 and 4 in the super block at byte 1024. */
function isExt(start: Buffer): boolean {
  return start.length >= 1082 && start.readUInt16LE(1080) === 0xef53;
}

function isTar(start: Buffer): boolean {
  return (
    start.toString('latin1', 257, 262) === 'ustar' || /^[0-7]{6}\0 $/.test(start.toString('latin1', 148, 156))
  );
}

function nameOf(start: Buffer): string {
  const begins = (text: string) => start.toString('latin1', 0, text.length) === text;
  if (start.length === 0) return 'empty';
  if (begins('QFI\xfb'))
    return 'a qcow2 image (convert it with qemu-img convert -O raw, and give the root file system in it)';
  if (begins('hsqs')) return 'a squashfs (unpack it, and give the folder)';
  if (begins('XFSB')) return 'an XFS file system';
  if (begins('BZh')) return 'compressed with bzip2';
  if (start.toString('latin1', 0x202, 0x206) === 'HdrS') return 'a kernel';
  if (start.length >= 512 && start.readUInt16LE(510) === 0xaa55)
    return 'a disk with partitions (give the root file system alone)';
  return 'none of these';
}

function unknownRootfs(path: string, what: string): SnapgateError {
  return new SnapgateError(
    'image',
    `rootfs: ${path} is ${what}`,
    'Give an ext4, a tar (plain, gzip, zstd or xz), or a folder.',
  );
}
