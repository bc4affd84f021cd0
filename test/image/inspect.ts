import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What debugfs says of an inode: the tests' own reading of a disk, which shares nothing with what made it. */
export interface Inode {
  readonly number: number;
  readonly type: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  readonly sizeBytes: number;
  /** Sectors of 512 bytes. */
  readonly blocks: number;
  /** Seconds since 1970. */
  readonly atime: number;
  readonly ctime: number;
  readonly mtime: number;
  readonly crtime: number;
  /** `major:minor` of a device. */
  readonly device: string | undefined;
}

/** The inode at a path; its last component not followed. Paths are raw bytes, as latin1. */
export function inodeAt(disk: string, path: string): Inode | undefined {
  const answer = debugfs(disk, `stat ${quote(path)}`);
  const first = /Inode: (\d+)\s+Type: (.+?)\s+Mode:\s+(\d+)/.exec(answer);
  if (!first) return undefined;
  const number = (pattern: RegExp) => Number(pattern.exec(answer)?.[1]);
  const time = (name: string) =>
    Number.parseInt(new RegExp(`^\\s*${name}: 0x([0-9a-f]+)`, 'm').exec(answer)?.[1] ?? '', 16);
  const device = /Device major\/minor number: (\d+):(\d+)/.exec(answer);
  return {
    number: Number(first[1]),
    type: first[2] ?? '',
    mode: Number.parseInt(first[3] ?? '', 8),
    // Printed as signed numbers.
    uid: number(/User:\s+(-?\d+)/) >>> 0,
    gid: number(/Group:\s+(-?\d+)/) >>> 0,
    links: number(/Links: (\d+)/),
    sizeBytes: number(/Size: (\d+)/),
    blocks: number(/Blockcount: (\d+)/),
    atime: time('atime'),
    ctime: time('ctime'),
    mtime: time('mtime'),
    crtime: time('crtime'),
    device: device ? `${Number(device[1])}:${Number(device[2])}` : undefined,
  };
}

/** Content of a file, or the target of a symlink that is too long for its inode. */
export function contentAt(disk: string, path: string): Buffer {
  return withFolder((dir) => {
    debugfs(disk, `dump ${quote(path)} ${join(dir, 'content')}`);
    return readFileSync(join(dir, 'content'));
  });
}

export function textAt(disk: string, path: string): string {
  return contentAt(disk, path).toString('utf8');
}

export function targetAt(disk: string, path: string): string {
  const fast = /^Fast link dest: "(.*)"$/ms.exec(debugfs(disk, `stat ${quote(path)}`))?.[1];
  return fast ?? contentAt(disk, path).toString('latin1');
}

export function xattrsAt(disk: string, path: string): Map<string, Buffer> {
  const listed = debugfs(disk, `ea_list ${quote(path)}`);
  const names = [...listed.matchAll(/^ {2}(\S+) \(\d+\)/gm)].map((match) => match[1] ?? '');
  return withFolder((dir) => {
    const value = (name: string) => {
      debugfs(disk, `ea_get -f ${join(dir, 'value')} ${quote(path)} ${name}`);
      return readFileSync(join(dir, 'value'));
    };
    return new Map(names.map((name) => [name, value(name)]));
  });
}

/** Names in a folder with their inodes' numbers; `<NUMBER>` is a path for all functions here. */
export function inodesIn(disk: string, path: string): Map<string, number> {
  // /INODE/MODE/UID/GID/NAME/SIZE/
  const lines = debugfs(disk, `ls -p ${quote(path)}`).matchAll(/^\/(\d+)\/\d+\/\d+\/\d+\/([^/]+)\/\d*\/$/gm);
  const entries = [...lines].map((match): [string, number] => [match[2] ?? '', Number(match[1])]);
  return new Map(entries.filter(([name]) => name !== '.' && name !== '..'));
}

/** Throws where e2fsck would change anything. */
export function requireClean(disk: string): void {
  e2fsprogs('e2fsck', '-fn', disk);
}

/** Runs one of the tools of e2fsprogs; its output, as raw bytes. Throws for an exit status other than 0. */
export function e2fsprogs(tool: string, ...args: string[]): string {
  return execFileSync(tool, args, {
    env: {
      ...process.env,
      LC_ALL: 'C',
      DEBUGFS_PAGER: '__none__',
      PATH: `${process.env['PATH']}:/usr/sbin:/sbin`,
    },
    encoding: 'latin1',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 ** 2,
  });
}

function debugfs(disk: string, command: string): string {
  return withFolder((dir) => {
    const script = join(dir, 'script');
    writeFileSync(script, `${command}\n`, 'latin1');
    return e2fsprogs('debugfs', '-f', script, disk);
  });
}

function quote(path: string): string {
  return `"${path.replaceAll('"', '""')}"`;
}

function withFolder<T>(use: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'snapgate-inspect-'));
  try {
    return use(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
