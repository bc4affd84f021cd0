import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DefaultArtifactClient } from '@actions/artifact';
import { restoreCache, saveCache } from '@actions/cache';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../baseline/repository.ts';
import { type ActionsServices, startActionsServices } from './actions-services.ts';

let folder: ReturnType<typeof temporaryFolder>;
let services: ActionsServices;
let file: string;
beforeEach(async () => {
  folder = temporaryFolder();
  services = await startActionsServices();
  mkdirSync(join(folder.path, 'temp'));
  mkdirSync(join(folder.path, 'data'));
  file = join(folder.path, 'data/record.json');
  writeFileSync(file, '{"value":1}');
  vi.stubEnv('RUNNER_TEMP', join(folder.path, 'temp'));
  vi.stubEnv('GITHUB_WORKSPACE', folder.path);
  vi.stubEnv('GITHUB_SERVER_URL', 'https://github.com');
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  as({});
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await services[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** Becomes a job. */
function as(job: { runId?: number; attempt?: number; ref?: string }): void {
  const variables = services.environment({ runId: 11, ...job });
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

const paths = () => [join(folder.path, 'data')];
const feature = 'refs/pull/1/merge';

it('the cache keeps, finds by key and by prefix, and forgets', async () => {
  expect(await saveCache(paths(), 'record-abc')).toBe(1);
  expect(await saveCache(paths(), 'record-abc')).toBe(-1);
  expect(services.cache.entries()).toMatchObject([{ key: 'record-abc', scope: 'refs/heads/main' }]);
  rmSync(file);
  expect(await restoreCache(paths(), 'record-abc')).toBe('record-abc');
  expect(readFileSync(file, 'utf8')).toBe('{"value":1}');
  expect(await restoreCache(paths(), 'record-xyz', ['record-'])).toBe('record-abc');
  expect(await restoreCache(paths(), 'record-')).toBe('record-abc');
  expect(await restoreCache(paths(), 'other')).toBe(undefined);
  services.cache.clear();
  expect(await restoreCache(paths(), 'record-abc')).toBe(undefined);
});

it('the cache of a pull request is not seen by the default branch, and the other way round it is', async () => {
  as({ ref: feature });
  await saveCache(paths(), 'of-the-pull-request');
  as({});
  expect(await restoreCache(paths(), 'of-the-pull-request')).toBe(undefined);
  await saveCache(paths(), 'of-main');
  as({ ref: feature });
  expect(await restoreCache(paths(), 'of-main')).toBe('of-main');
});

it('a poisoned entry restores as something else, or not at all', async () => {
  await saveCache(paths(), 'record');
  services.cache.poison('record', (name, content) =>
    name.endsWith('record.json') ? Buffer.from(`${content} and more`) : content,
  );
  expect(await restoreCache(paths(), 'record')).toBe('record');
  expect(readFileSync(file, 'utf8')).toBe('{"value":1} and more');
  services.cache.poison(/^rec/);
  expect(await restoreCache(paths(), 'record')).toBe(undefined);
});

it('a read-only cache saves nothing and still gives', async () => {
  await saveCache(paths(), 'record');
  services.cache.isReadOnly = true;
  expect(await saveCache(paths(), 'other')).toBe(-1);
  expect(await restoreCache(paths(), 'record')).toBe('record');
  expect(services.cache.entries()).toHaveLength(1);
});

it('a refusal is not tried again', async () => {
  using fault = services.fault({ path: /GetCacheEntryDownloadURL/, status: 403 });
  expect(await restoreCache(paths(), 'record')).toBe(undefined);
  expect(fault.hits).toBe(1);
});

it('artifacts are kept by run and attempt, and got back whole', async () => {
  const client = new DefaultArtifactClient();
  const upload = () => client.uploadArtifact('record', [file], join(folder.path, 'data'));
  const { id, digest } = await upload();
  await expect(upload()).rejects.toThrow(/already exists/);
  as({ attempt: 2 });
  await upload();
  expect(services.artifacts.all()).toMatchObject([
    { id, runId: 11, attempt: 1, name: 'record', digest: `sha256:${digest}` },
    { runId: 11, attempt: 2, name: 'record' },
  ]);
  const { artifact } = await client.getArtifact('record');
  const { downloadPath, digestMismatch } = await client.downloadArtifact(artifact.id, {
    path: join(folder.path, 'out'),
    expectedHash: artifact.digest ?? '',
  });
  expect(digestMismatch).toBe(false);
  expect(readFileSync(join(downloadPath ?? '', 'record.json'), 'utf8')).toBe('{"value":1}');
  as({ runId: 12 });
  await expect(client.getArtifact('record')).rejects.toThrow(/not found/);
});

it('an artifact of more than one block is put together', async () => {
  const big = join(folder.path, 'data/big');
  const content = Buffer.alloc(20 * 1024 ** 2, 'x');
  for (let at = 0; at < content.length; at += 512) content.writeDoubleLE(Math.random(), at);
  writeFileSync(big, content);
  const client = new DefaultArtifactClient();
  const { id = 0 } = await client.uploadArtifact('big', [big], join(folder.path, 'data'), {
    compressionLevel: 0,
  });
  expect(services.artifacts.zip(id).length).toBeGreaterThan(content.length);
  await client.downloadArtifact(id, { path: join(folder.path, 'out') });
  expect(readFileSync(join(folder.path, 'out/big')).equals(content)).toBe(true);
});
