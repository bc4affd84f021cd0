import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { SnapgateError } from '../host/error.ts';
import { mustRun, runCommand } from '../host/process.ts';
import { publish } from '../host/publish.ts';
import type { Run } from '../host/run.ts';

/** An unpacked kernel package in the cache. */
export interface UnpackedKernel {
  /** The bzImage. */
  readonly path: string;
  /** Folder above lib/modules. */
  readonly modulesDir: string;
}

/** A package as apt would fetch it now. */
interface Package {
  readonly name: string;
  readonly version: string;
}

/** The distributions' metapackages of a kernel for virtual machines. */
const metapackages: Readonly<Record<string, string>> = {
  debian: 'linux-image-cloud-amd64',
  ubuntu: 'linux-image-virtual',
};

/**
 * The newest kernel for virtual machines of the host's own distribution, from the cache or from its packages; no root needed.
 *
 * @param limitBytes of all cached kernels; the least recently used ones go, never this one
 * @throws SnapgateError `host`: neither packages nor a cached kernel, an unknown distribution, not x86-64
 */
export async function resolveDistributionKernel(run: Run, limitBytes: number): Promise<UnpackedKernel> {
  checkArchitecture();
  const folder = join(run.cacheDir, 'kernels');
  mkdirSync(folder, { recursive: true });
  const entry = await currentEntry(run, folder);
  const now = new Date();
  utimesSync(entry, now, now);
  dropOldEntries(folder, entry, limitBytes);
  return openEntry(entry);
}

function checkArchitecture(): void {
  if (process.arch === 'x64') return;
  throw new SnapgateError(
    'host',
    `kernel: auto works on x86-64 hosts; this one is ${process.arch}`,
    'Give kernel: the path of a kernel.',
  );
}

/** Folder of the newest kernel; where apt has nothing to offer, of the one used last. */
async function currentEntry(run: Run, folder: string): Promise<string> {
  const meta = metapackage();
  const packages = (await findPackages(run, meta)) ?? (await refreshed(run, () => findPackages(run, meta)));
  if (packages === undefined) return usedLast(run, folder, `apt knows no ${meta}`);
  const entry = join(folder, entryName(packages));
  if (existsSync(entry)) return entry;
  run.log.info(`downloading ${packages[0]?.name} ${packages[0]?.version}`);
  const dir = mkdtempSync(join(run.dir, 'kernel-'));
  try {
    const isHere =
      (await download(run, packages, dir)) || (await refreshed(run, () => again(run, meta, dir)));
    if (!isHere) return usedLast(run, folder, `apt could not download ${packages[0]?.name}`);
    return await unpack(run, dir, entry);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function metapackage(): string {
  const release = readFileSync('/etc/os-release', 'utf8');
  const ids = [...release.matchAll(/^(?:ID|ID_LIKE)="?([^"\n]*)"?$/gm)].flatMap((match) =>
    (match[1] ?? '').split(' '),
  );
  const id = ids.find((candidate) => Object.hasOwn(metapackages, candidate));
  const meta = id === undefined ? undefined : metapackages[id];
  if (meta !== undefined) return meta;
  throw new SnapgateError(
    'host',
    'kernel: auto takes the kernel from packages of Debian or Ubuntu, and this host is neither',
    'Give kernel: the path of a kernel.',
  );
}

/** The image package that the metapackage stands for, and its modules where they are apart; undefined where apt does not know. */
async function findPackages(run: Run, meta: string): Promise<Package[] | undefined> {
  const image = (await dependencies(run, meta)).find((name) => /^linux-image-\d/.test(name));
  if (image === undefined) return undefined;
  const modules = (await dependencies(run, image)).filter((name) => /^linux-modules-\d/.test(name));
  const versions = await Promise.all([image, ...modules].map((name) => candidate(run, name)));
  const packages = versions.filter((found) => found !== undefined);
  return packages.length === versions.length ? packages : undefined;
}

async function dependencies(run: Run, name: string): Promise<string[]> {
  const result = await apt(run, 'apt-cache', ['depends', '--important', name]);
  return [...result.stdout.matchAll(/^ +\|?(?:Pre)?Depends: (\S+)$/gm)].map((match) => match[1] ?? '');
}

async function candidate(run: Run, name: string): Promise<Package | undefined> {
  const result = await apt(run, 'apt-cache', ['show', '--no-all-versions', name]);
  const version = /^Version: (\S+)$/m.exec(result.stdout)?.[1];
  return version === undefined ? undefined : { name, version };
}

async function download(run: Run, packages: readonly Package[], dir: string): Promise<boolean> {
  const wanted = packages.map(({ name, version }) => `${name}=${version}`);
  const result = await apt(run, 'apt-get', ['-o', 'APT::Sandbox::User=root', 'download', ...wanted], dir);
  if (result.code === 0) return true;
  for (const line of result.tail.slice(-5)) run.log.detail(line);
  return false;
}

async function again(run: Run, meta: string, dir: string): Promise<boolean> {
  const packages = await findPackages(run, meta);
  return packages !== undefined && (await download(run, packages, dir));
}

/** Tries once more after `apt-get update`, where this user may run it. */
async function refreshed<T>(run: Run, retry: () => Promise<T>): Promise<T | undefined> {
  const isRoot = process.getuid?.() === 0;
  run.log.info('updating the package lists of apt');
  const [command, args] = isRoot ? ['apt-get', ['update']] : ['sudo', ['-n', 'apt-get', 'update']];
  if (!isRoot && !existsSync('/usr/bin/sudo')) return undefined;
  const result = await apt(run, command, args);
  return result.code === 0 ? await retry() : undefined;
}

function apt(run: Run, command: string, args: readonly string[], cwd = '/') {
  return runCommand(run, command, args, { cwd, env: { LC_ALL: 'C' }, timeoutMs: 300_000 });
}

function usedLast(run: Run, folder: string, why: string): string {
  const newest = listEntries(folder)[0];
  if (newest !== undefined) {
    run.log.warning(`${why}: the kernel used last is taken from the cache`);
    return newest.path;
  }
  throw new SnapgateError(
    'host',
    `no kernel to boot guests with: ${why}`,
    'Run: sudo apt-get update. Or give kernel: the path of a kernel.',
  );
}

function entryName(packages: readonly Package[]): string {
  return packages
    .map(({ name, version }) => `${name}_${version.replaceAll(/[^A-Za-z0-9.+~-]/g, '-')}`)
    .join('+');
}

/** Unpacks beside the entry and renames: a concurrent run sees the whole entry or none, and whoever comes second takes the first's. */
async function unpack(run: Run, packagesDir: string, entry: string): Promise<string> {
  const temporary = `${entry}.${run.id}`;
  run.ledger.add({ kind: 'path', path: temporary });
  mkdirSync(temporary);
  try {
    for (const name of readdirSync(packagesDir))
      await mustRun(run, 'dpkg-deb', ['-x', join(packagesDir, name), temporary], { timeoutMs: 120_000 });
    // Where /usr is merged, packages ship usr/lib/modules, and kmod looks in lib/modules.
    if (!existsSync(join(temporary, 'lib'))) symlinkSync('usr/lib', join(temporary, 'lib'));
    await mustRun(run, 'depmod', ['-b', temporary, moduleVersion(temporary)], { timeoutMs: 120_000 });
    publish(temporary, entry);
    return entry;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function moduleVersion(dir: string): string {
  const versions = readdirSync(join(dir, 'lib/modules'));
  if (versions[0] !== undefined && versions.length === 1) return versions[0];
  throw new Error(`expected one kernel's modules in ${dir}, found ${versions.length}`);
}

function openEntry(entry: string): UnpackedKernel {
  return { path: join(entry, 'boot', `vmlinuz-${moduleVersion(entry)}`), modulesDir: entry };
}

/** Whole entries (not those that are being unpacked), the one used last first. */
function listEntries(folder: string): { path: string; usedMs: number }[] {
  return readdirSync(folder)
    .filter((name) => /^linux-image-.*_/.test(name) && !/\.[0-9a-f-]{36}$/.test(name))
    .map((name) => join(folder, name))
    .map((path) => ({ path, usedMs: statSync(path).mtimeMs }))
    .sort((a, b) => b.usedMs - a.usedMs);
}

/** A kernel used within the last day may be in use by another run. */
const keptMs = 24 * 3600 * 1000;

function dropOldEntries(folder: string, current: string, limitBytes: number): void {
  let totalBytes = 0;
  for (const { path, usedMs } of listEntries(folder)) {
    totalBytes += folderBytes(path);
    if (totalBytes <= limitBytes || path === current || Date.now() - usedMs < keptMs) continue;
    rmSync(path, { recursive: true, force: true });
  }
}

function folderBytes(path: string): number {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
