import { mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SnapgateError } from '../host/error.ts';
import { type CommandResult, mustRun, runCommand } from '../host/process.ts';
import type { Run } from '../host/run.ts';
import { formatBytes } from '../host/units.ts';
import { normaliseInodes } from './ext4-times.ts';
import { type FileTree, isIncomplete, keptBytes, walkTree } from './file-tree.ts';
import { naming, refusedEntry } from './tar-error.ts';
import { layOutTree } from './tree-layout.ts';

/** Seconds since 1970 that stand wherever a tool would write "now": 2024-01-01. */
export const fixedTime = 1_704_067_200;

/** What the file system tools are run with: no clock, no locale, and none of the host's configuration. */
export const ext4Environment = {
  LC_ALL: 'C',
  TZ: 'UTC',
  E2FSPROGS_FAKE_TIME: String(fixedTime),
  E2FSCK_TIME: String(fixedTime),
  SOURCE_DATE_EPOCH: String(fixedTime),
  MKE2FS_CONFIG: '/dev/null',
  E2FSCK_CONFIG: '/dev/null',
};

/**
 * Makes the file at `path` an ext4 of `diskSizeBytes` that holds the tree. The same tree gives the same bytes, wherever and whenever,
 * with the same e2fsprogs; no privilege is needed. `scratch` is a folder on the same disk as the tree's contents.
 */
export async function makeExt4(
  run: Run,
  tree: FileTree,
  path: string,
  diskSizeBytes: number,
  scratch: string,
): Promise<void> {
  if (tree.liveBytes > diskSizeBytes || isIncomplete(tree)) throw tooLarge(tree, diskSizeBytes);
  const folder = join(scratch, 'layout');
  const state = join(scratch, 'fakeroot-state');
  writeFileSync(state, layOutTree(tree, folder));
  writeFileSync(path, '', { flag: 'wx' });
  truncateSync(path, diskSizeBytes);
  const inodes = inodeCount(tree.files, diskSizeBytes);
  const args = ['-i', state, '--', 'mke2fs', ...formatArgs(inodes), '-d', folder, path];
  const made = await runCommand(run, 'fakeroot', args, { env: ext4Environment });
  if (made.code !== 0) throw mke2fsError(made, tree, diskSizeBytes);
  rmSync(folder, { recursive: true });
  await setXattrs(run, tree, path, join(scratch, 'xattrs'));
  normaliseInodes(path, tree.root);
}

/**
 * Copies an ext4 (sparse), checks and repairs the copy, and grows it to `diskSizeBytes`. One that is larger is an error that names
 * both sizes.
 */
export async function adoptExt4(
  run: Run,
  source: string,
  path: string,
  diskSizeBytes: number,
): Promise<void> {
  const { size } = statSync(source);
  if (size > diskSizeBytes)
    throw new SnapgateError(
      'image',
      `the ext4 ${source} is ${formatBytes(size)} (${size} bytes) large, and disk-size is ${formatBytes(diskSizeBytes)} (${diskSizeBytes} bytes)`,
      `Raise disk-size to ${Math.ceil(size / mebibyte)}MiB or more, or shrink the file system (resize2fs).`,
    );
  await mustRun(run, 'cp', ['--sparse=always', '--reflink=auto', '--no-preserve=all', '--', source, path]);
  await checkFileSystem(run, path, source);
  if (size === diskSizeBytes) return;
  truncateSync(path, diskSizeBytes);
  await mustRun(run, 'resize2fs', [path], { env: ext4Environment });
  await checkFileSystem(run, path, source);
}

/** Exit status of e2fsck(8): 0 clean, 1 corrected; 4 and above are left uncorrected. */
async function checkFileSystem(run: Run, path: string, source: string): Promise<void> {
  const result = await runCommand(run, 'e2fsck', ['-f', '-y', path], { env: ext4Environment });
  if (result.code === 0 || result.code === 1) return;
  const details = { title: 'last lines of e2fsck', lines: result.tail.slice(-40) };
  if (result.tail.some((line) => line.includes('unsupported feature')))
    throw new SnapgateError(
      'image',
      `the ext4 ${source} has features that e2fsck of this machine does not know`,
      'Make it without them (mke2fs -O ^NAME), or use a newer e2fsprogs here.',
      { details },
    );
  throw new SnapgateError(
    'image',
    `the ext4 ${source} is damaged beyond what e2fsck repairs`,
    'Make it again, or run e2fsck -f on it.',
    { details },
  );
}

/** A fixed id: of the file system and as the seed of its directory hashes. */
const fixedId = '736e6170-6761-4e7e-8000-000000000001';

/** All features are named, so that the defaults of a host's e2fsprogs do not change what a guest writes. Nothing is left to a lazy
 * initialisation, which would be a guest's kernel writing in the background. */
function formatArgs(inodes: number): string[] {
  const features = [
    'has_journal,ext_attr,resize_inode,dir_index,filetype,extent,64bit,flex_bg,sparse_super,large_file,huge_file',
    'dir_nlink,extra_isize,metadata_csum',
  ].join(',');
  const extended = `hash_seed=${fixedId},root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0`;
  const sizes = ['-b', '4096', '-I', '256', '-N', String(inodes), '-m', '0'];
  return [
    '-q',
    '-F',
    '-t',
    'ext4',
    '-O',
    `none,${features}`,
    ...sizes,
    '-U',
    fixedId,
    '-L',
    'rootfs',
    '-E',
    extended,
  ];
}

/** One inode for 16 KiB of disk, as mke2fs does it; more, in steps, where the tree needs them. */
function inodeCount(files: number, diskSizeBytes: number): number {
  const step = 16_384;
  const wanted = Math.max(diskSizeBytes / 16_384, files * 1.25 + 1024);
  return Math.ceil(wanted / step) * step;
}

const mebibyte = 1024 ** 2;

/** What the tree takes on an ext4: contents, inodes, the journal, and maps; a little more than it will be. */
function neededBytes(tree: FileTree): number {
  const contents = isIncomplete(tree) ? Math.max(tree.liveBytes, keptBytes(tree)) : tree.liveBytes;
  const journal = contents < 1024 * mebibyte ? 16 * mebibyte : 64 * mebibyte;
  return contents * 1.02 + inodeCount(tree.files, contents) * 256 + journal;
}

function tooLarge(tree: FileTree, diskSizeBytes: number): SnapgateError {
  const needed = Math.max(neededBytes(tree), diskSizeBytes + mebibyte);
  const step = 64 * mebibyte;
  const enough = Math.ceil((needed * 1.1) / step) * 64;
  return new SnapgateError(
    'image',
    `${tree.name} needs about ${formatBytes(needed)} as a disk, and disk-size is ${formatBytes(diskSizeBytes)}`,
    `Raise disk-size to ${enough}MiB or more, or make the image smaller.`,
  );
}

function mke2fsError(made: CommandResult, tree: FileTree, diskSizeBytes: number): SnapgateError {
  const says = (pattern: RegExp) => made.tail.some((line) => pattern.test(line));
  if (says(/Could not allocate (block|inode)|not enough/i) && !says(/No space left on device/))
    return tooLarge(tree, diskSizeBytes);
  return new SnapgateError(
    'host',
    `mke2fs could not make an ext4 of ${tree.name}`,
    'Its last lines say why.',
    {
      details: { title: 'last lines of mke2fs', lines: made.tail.slice(-40) },
    },
  );
}

/** mke2fs takes xattrs from the folder, where `security.capability` needs root; so they are set afterwards, by debugfs. */
async function setXattrs(run: Run, tree: FileTree, path: string, dir: string): Promise<void> {
  const commands: string[] = [];
  const values = new Map<string, string>();
  mkdirSync(dir);
  const seen = new Set();
  for (const { path: name, file } of [{ path: '/', file: tree.root }, ...walkTree(tree.root)]) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const [key, value] of file.xattrs) {
      // debugfs takes a command a line.
      if (/[\n\r\0]/.test(name))
        throw naming(
          tree.name,
          refusedEntry(name, 'has an extended attribute, and a line break in its path'),
        );
      // Labels of SELinux are on every file, and few.
      const text = value.toString('latin1');
      const valuePath = values.get(text) ?? join(dir, String(values.size));
      if (!values.has(text)) writeFileSync(valuePath, value);
      values.set(text, valuePath);
      commands.push(`ea_set -f ${[valuePath, name, key].map(quote).join(' ')}`);
    }
  }
  if (commands.length > 0) await runDebugfs(run, tree, path, commands, dirname(dir));
}

/** One word for debugfs. */
function quote(word: string): string {
  return `"${word.replaceAll('"', '""')}"`;
}

async function runDebugfs(
  run: Run,
  tree: FileTree,
  path: string,
  commands: readonly string[],
  dir: string,
): Promise<void> {
  const script = join(dir, 'debugfs-commands');
  writeFileSync(script, Buffer.from(`${commands.join('\n')}\n`, 'latin1'));
  const result = await runCommand(run, 'debugfs', ['-w', '-f', script, path], {
    env: ext4Environment,
    onStdout: () => {},
  });
  const complaints = result.tail.filter((line) => !/^debugfs \d/.test(line));
  if (result.code === 0 && complaints.length === 0) return;
  if (complaints.some((line) => /No space left|Could not allocate/.test(line)))
    throw tooLarge(tree, tree.limitBytes);
  throw new SnapgateError(
    'host',
    `the extended attributes of ${tree.name} could not be set`,
    'The last lines of debugfs say why.',
    { details: { title: 'last lines of debugfs', lines: complaints.slice(-40) } },
  );
}
