import { linkSync, lstatSync, lutimesSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { type FileTree, type TreeFile, walkTree } from './file-tree.ts';

/**
 * Lays a tree out as a folder, in one order whatever order it came in, and returns what `fakeroot -i` reads: the ownership, modes and
 * devices that its files are to seem to have. On the disk they are ours, and devices are empty files, so no privilege is needed.
 */
export function layOutTree(tree: FileTree, dir: string): string {
  const first = new Map<TreeFile, string>();
  const states: string[] = [];
  mkdirSync(dir, { mode: 0o700 });
  for (const { path, file } of walkTree(tree.root)) {
    const earlier = first.get(file);
    if (earlier !== undefined) {
      linkSync(hostPath(dir, earlier), hostPath(dir, path));
      continue;
    }
    first.set(file, path);
    create(file, hostPath(dir, path));
    states.push(fakerootState(file, hostPath(dir, path)));
  }
  // Last, because every name made in a folder changes its time.
  for (const [file, path] of first) lutimesSync(hostPath(dir, path), file.mtime, file.mtime);
  return `${states.join('\n')}\n`;
}

function create(file: TreeFile, path: Buffer): void {
  if (file.kind === 'directory') mkdirSync(path, { mode: 0o700 });
  else if (file.kind === 'symlink') symlinkSync(Buffer.from(file.link, 'latin1'), path);
  else if (file.contentPath !== undefined) renameSync(file.contentPath, path);
  else writeFileSync(path, '', { mode: 0o600, flag: 'wx' });
}

const formatBits: Readonly<Record<TreeFile['kind'], number>> = {
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
};

/** One line of fakeroot's state (fakeroot's `faked.c`, `save_database`): hexadecimal device, decimal inode, octal mode. */
function fakerootState(file: TreeFile, path: Buffer): string {
  const { dev, ino, nlink } = lstatSync(path, { bigint: true });
  const mode = formatBits[file.kind] | file.mode;
  const isDevice = file.kind === 'character' || file.kind === 'block';
  const rdev = isDevice ? deviceNumber(file.major, file.minor) : 0n;
  return `dev=${dev.toString(16)},ino=${ino},mode=${mode.toString(8)},uid=${file.uid},gid=${file.gid},nlink=${nlink},rdev=${rdev}`;
}

/** glibc's makedev(3). */
function deviceNumber(major: number, minor: number): bigint {
  const high = BigInt(major);
  const low = BigInt(minor);
  return (
    ((high & 0xfffff000n) << 32n) | ((high & 0xfffn) << 8n) | ((low & 0xffffff00n) << 12n) | (low & 0xffn)
  );
}

function hostPath(dir: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(dir), Buffer.from(path, 'latin1')]);
}
