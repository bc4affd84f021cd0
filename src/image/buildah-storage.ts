import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../host/process.ts';
import type { Run } from '../host/run.ts';
import { formatBytes } from '../host/units.ts';
import { claimEntry, isUsedByOthers } from './cache.ts';

export interface BuildahStorage {
  /** In front of each verb. */
  readonly options: readonly string[];
  /** For what a build needs for a time, and leaves where it is killed. */
  readonly temporaryDir: string;
}

const name = 'buildah';
const oldPrefix = `${name}-old-`;

/**
 * A storage of our own for buildah, in the cache: a build that is killed leaves a working container, which must not stay among the
 * user's. The vfs driver mounts nothing, so nothing can stay mounted.
 *
 * @param limitBytes disk that the layers of earlier builds may take
 */
export async function openBuildahStorage(run: Run, limitBytes: number): Promise<BuildahStorage> {
  const dir = join(run.cacheDir, name);
  const root = join(dir, 'storage');
  const temporaryDir = join(dir, 'tmp', run.id);
  const runRoot = join(run.dir, name);
  claimEntry(run, name);
  // Once in a run, or the second side would not find the layers that it shares with the first.
  if (!existsSync(runRoot)) {
    run.ledger.add({ kind: 'buildah-build', root, runRoot, temporaryDir });
    await renew(run, dir, limitBytes);
  }
  for (const path of [root, temporaryDir, runRoot]) mkdirSync(path, { recursive: true });
  return { options: ['--root', root, '--runroot', runRoot, '--storage-driver', 'vfs'], temporaryDir };
}

/**
 * Starts anew where builds were killed, and where the layers have outgrown the limit: vfs keeps a whole copy of the files for each. The
 * old storage is moved aside at once, so that a run that begins at this moment does not lose what it is making.
 */
async function renew(run: Run, dir: string, limitBytes: number): Promise<void> {
  if (!existsSync(dir)) return;
  const usedBytes = await folderBytes(run, dir);
  if (isUsedByOthers(run, name)) return;
  if (usedBytes > limitBytes)
    run.log.info(`the layers of earlier builds take ${formatBytes(usedBytes)}: they are removed`);
  else if (!hasLeftovers(dir)) return;
  renameSync(dir, join(run.cacheDir, `${oldPrefix}${run.id}`));
  for (const old of readdirSync(run.cacheDir).filter((entry) => entry.startsWith(oldPrefix)))
    await removeStorage(run, join(run.cacheDir, old));
}

/** Working containers and temporary folders, where the clean-up of a killed build never came. */
function hasLeftovers(dir: string): boolean {
  const containers = join(dir, 'storage/vfs-containers/containers.json');
  if (existsSync(containers) && readFileSync(containers, 'utf8').includes('"id"')) return true;
  const temporary = join(dir, 'tmp');
  return existsSync(temporary) && readdirSync(temporary).length > 0;
}

/** In a user name space it holds files of other ids, and always folders that their owner may not look into. */
async function removeStorage(run: Run, path: string): Promise<void> {
  if (process.getuid?.() === 0) rmSync(path, { recursive: true, force: true });
  else await runCommand(run, 'buildah', ['unshare', 'rm', '-rf', '--', path]);
}

/** As far as this user may look. */
async function folderBytes(run: Run, path: string): Promise<number> {
  const { stdout } = await runCommand(run, 'du', ['-sk', '--', path]);
  return Number.parseInt(stdout, 10) * 1024;
}
