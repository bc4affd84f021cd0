import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { buildFolder } from '../../e2b/layer.ts';
import { cloudEnvironment, copyFromBucket, removeFromBucket } from '../../host/cloud-environment.ts';
import { runCommand } from '../../host/process.ts';
import type { Run } from '../../host/run.ts';
import { requireFreeDisk } from '../../image/disk-space.ts';
import type { BuildStore } from './store.ts';
import { commandFailed } from './tool-failure.ts';

const mebi = 1024 ** 2;
/** Of files whose size nothing says; gcloud's own notes are written under the same limit. */
const defaultMaxBytes = 512 * mebi;
const minMaxBytes = 64 * mebi;
const spareBytes = 256 * mebi;
/** A gigabyte, at a megabyte a second and a half. */
const copyTimeoutMs = 15 * 60_000;

/** Builds in `gs://BUCKET`: what is looked at is copied into the run's folder. */
export function createBucketStore(run: Run, bucket: string): BuildStore {
  const templates = join(run.dir, 'e2b-layers');
  const urlOf = (buildId: string) => `${bucket}/${basename(buildFolder(templates, buildId))}`;
  const fetches = new Map<string, Promise<void>>();
  const fetch = (buildId: string, file: string, maxBytes: number, neededBytes = 0) => {
    const url = `${urlOf(buildId)}/${file}`;
    const path = join(buildFolder(templates, buildId), file);
    const begun = fetches.get(url) ?? copyObject(run, url, path, maxBytes, neededBytes);
    fetches.set(url, begun);
    return begun;
  };
  return {
    argument: bucket,
    claim: (buildId) => run.ledger.add({ kind: 'bucket-folder', url: urlOf(buildId) }),
    present: () => undefined,
    folderOf: (buildId) => buildFolder(templates, buildId),
    need: (buildId, file) => fetch(buildId, file, defaultMaxBytes),
    needData: (buildId, file, maxBytes) => fetch(buildId, file, maxBytes, maxBytes + spareBytes),
    async discard(buildIds) {
      for (const id of buildIds) rmSync(buildFolder(templates, id), { recursive: true, force: true });
      const gone = new Set(buildIds.map(urlOf));
      for (const url of fetches.keys()) if (gone.has(dirname(url))) fetches.delete(url);
      await removeObjects(run, [...gone]);
    },
  };
}

/** One object into one file, which the kernel keeps from growing past its limit. */
async function copyObject(
  run: Run,
  url: string,
  path: string,
  maxBytes: number,
  neededBytes: number,
): Promise<void> {
  requireFreeDisk(run.dir, neededBytes, basename(path));
  mkdirSync(dirname(path), { recursive: true });
  const [command, ...words] = copyFromBucket();
  const args = [...words, url, path];
  const limit = `--fsize=${Math.max(minMaxBytes, maxBytes)}`;
  const options = { cwd: run.dir, env: cloudEnvironment(), timeoutMs: copyTimeoutMs };
  const result = await runCommand(run, 'prlimit', [limit, '--', command, ...args], options);
  if (result.code === 0 && existsSync(path)) return;
  throw commandFailed(
    { command: [command, ...args], result, cwd: run.dir, timeoutMs: copyTimeoutMs },
    `Check that ${command} is logged in and may read ${url}: the tools' own login is another (gcloud auth application-default login).`,
  );
}

/** Builds that are left are a matter of cost, and no reason to lose a measurement: the end of the run tries again. */
async function removeObjects(run: Run, urls: readonly string[]): Promise<void> {
  if (urls.length === 0) return;
  const [command, ...words] = removeFromBucket();
  const options = { cwd: run.dir, env: cloudEnvironment(), timeoutMs: copyTimeoutMs };
  const result = await runCommand(run, command, [...words, ...urls], options);
  if (result.code !== 0) return;
  for (const url of urls) run.ledger.add({ kind: 'bucket-folder', url, gone: true });
}
