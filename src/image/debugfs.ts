import { resolve } from 'node:path';
import { SnapgateError } from '../host/error.ts';
import { type CommandResult, runCommand } from '../host/process.ts';
import type { Run } from '../host/run.ts';

/** What a path of an ext4 is, its last component not followed. */
export type Entry =
  | { readonly type: 'file'; readonly mode: number; readonly sizeBytes: number }
  | { readonly type: 'directory' }
  | { readonly type: 'symlink'; readonly target: string }
  | { readonly type: 'other' };

/** Paths of the caller's own making only: debugfs parts words at spaces and knows no other quoting. */
const plainPath = /^\/[A-Za-z0-9._/@+-]*$/;

/** Looks at `paths` in one debugfs; an absent path has no entry in the answer. */
export async function lookUp(
  run: Run,
  rootfsPath: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, Entry>> {
  const asked = [...new Set(paths)].filter((path) => plainPath.test(path));
  const { stdout } = await debugfs(
    run,
    rootfsPath,
    asked.map((path) => `stat ${path}`),
  );
  const entries = new Map<string, Entry>();
  for (const [command, answer] of splitAnswers(stdout.split('\n'))) {
    const path = command.slice('stat '.length);
    const entry = parseEntry(answer);
    if (entry?.type === 'symlink' && entry.target === '')
      entries.set(path, { ...entry, target: await readContent(run, rootfsPath, path) });
    else if (entry) entries.set(path, entry);
  }
  return entries;
}

/** Where a path ends when all symlinks are followed inside the image; undefined where it dangles, loops, or its name is not a plain one. */
export async function resolvePath(
  run: Run,
  rootfsPath: string,
  path: string,
): Promise<{ path: string; entry: Entry } | undefined> {
  let current = path;
  // 40 is Linux's own limit (MAXSYMLINKS).
  for (let hops = 0; hops < 40; hops += 1) {
    const entry = (await lookUp(run, rootfsPath, [current])).get(current);
    if (entry?.type !== 'symlink') return entry && { path: current, entry };
    current = joinTarget(current, entry.target);
  }
  return undefined;
}

/** More than any file has that is read here. */
const textLimitBytes = 1024 ** 2;

/** Text of a small file, symlinks followed; undefined where there is no such file. */
export async function readTextFile(run: Run, rootfsPath: string, path: string): Promise<string | undefined> {
  const found = await resolvePath(run, rootfsPath, path);
  if (found?.entry.type !== 'file' || found.entry.sizeBytes > textLimitBytes) return undefined;
  return readContent(run, rootfsPath, found.path);
}

async function readContent(run: Run, rootfsPath: string, path: string): Promise<string> {
  const { stdout } = await debugfs(run, rootfsPath, [`cat ${path}`]);
  return stdout.slice(stdout.indexOf('\n') + 1);
}

/** Fields of the superblock as `stats -h` names them. */
export async function readSuperblock(run: Run, rootfsPath: string): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await debugfs(run, rootfsPath, ['stats -h']);
  return new Map(
    stdout.split('\n').flatMap((line): [string, string][] => {
      const match = /^([A-Z][^:]+):\s+(.*)$/.exec(line);
      return match ? [[match[1] ?? '', match[2] ?? '']] : [];
    }),
  );
}

/**
 * Runs a script that changes the file system. debugfs exits 0 whatever happened: any line that is not one of its known good ones is an error.
 *
 * @throws SnapgateError `image`
 */
export async function editFileSystem(
  run: Run,
  rootfsPath: string,
  script: readonly string[],
  cwd: string,
): Promise<void> {
  const { tail } = await debugfs(run, rootfsPath, script, { write: true, cwd });
  const bad = tail.filter(
    (line) => !/^debugfs[: ]|^Allocated inode: \d+$|^Setting current time to /.test(line),
  );
  if (bad.length === 0) return;
  throw new SnapgateError(
    'image',
    `the guest's files could not be put into ${rootfsPath}: ${bad[0]}`,
    'If the file system is full, raise disk-size; if it is damaged, run `e2fsck -f` on it.',
    { details: { title: 'last lines of debugfs', lines: bad.slice(-20) } },
  );
}

async function debugfs(
  run: Run,
  rootfsPath: string,
  script: readonly string[],
  options: { write?: boolean; cwd?: string } = {},
): Promise<CommandResult> {
  const result = await runCommand(
    run,
    'debugfs',
    [...(options.write ? ['-w'] : []), '-f', '-', '--', resolve(rootfsPath)],
    {
      input: `${script.join('\n')}\n`,
      timeoutMs: 120_000,
      env: { LC_ALL: 'C', DEBUGFS_PAGER: '__none__', PAGER: 'cat' },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    },
  );
  if (result.code === 0 && !result.tail.some((line) => /while trying to open|Filesystem not open/.test(line)))
    return result;
  throw new SnapgateError(
    'image',
    `${rootfsPath} cannot be read as an ext4 file system`,
    'Give a rootfs that is an ext4 image of the whole file system, without a partition table, or a tar or folder to make one from.',
    { details: { title: 'last lines of debugfs', lines: result.tail.slice(-20) } },
  );
}

/** With -f, debugfs echoes each command as `debugfs: COMMAND` before its answer. */
function splitAnswers(lines: readonly string[]): [string, string[]][] {
  const answers: [string, string[]][] = [];
  for (const line of lines) {
    const command = /^debugfs: (.*)$/.exec(line)?.[1];
    if (command !== undefined) answers.push([command.trim(), []]);
    else answers.at(-1)?.[1].push(line);
  }
  return answers;
}

function parseEntry(answer: readonly string[]): Entry | undefined {
  const first = /^Inode: \d+\s+Type: (.+?)\s+Mode:\s+(\d+)/.exec(answer[0] ?? '');
  if (!first) return undefined;
  switch (first[1]) {
    case 'regular':
      return { type: 'file', mode: Number.parseInt(first[2] ?? '0', 8), sizeBytes: sizeOf(answer) };
    case 'directory':
      return { type: 'directory' };
    case 'symlink':
      return { type: 'symlink', target: linkTarget(answer) };
    default:
      return { type: 'other' };
  }
}

function sizeOf(answer: readonly string[]): number {
  const size = answer.map((line) => /\bSize: (\d+)$/.exec(line)?.[1]).find((found) => found !== undefined);
  return Number(size);
}

/** `Fast link dest: "…"`; empty for a target of 60 bytes and more, which is the content of a block. */
function linkTarget(answer: readonly string[]): string {
  const line = answer.find((candidate) => candidate.startsWith('Fast link dest: "'));
  return line === undefined ? '' : line.slice('Fast link dest: "'.length, -1);
}

function joinTarget(link: string, target: string): string {
  const parent = link.slice(0, link.lastIndexOf('/'));
  const joined = target.startsWith('/') ? target : `${parent}/${target}`;
  // `..` is left to debugfs, which walks it as the kernel would, through symlinked folders too.
  return joined.replace(/\/{2,}/g, '/');
}
