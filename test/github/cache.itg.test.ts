import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cache, openCache } from '../../src/github/cache.ts';
import { maxRecordBytes } from '../../src/measure/parse.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { openTestRun, type TestRun } from '../baseline/test-run.ts';
import { type ActionsServices, startActionsServices } from './actions-services.ts';
import type { Fault } from './faults.ts';

const command = [process.execPath, join(import.meta.dirname, '../../src/cache.ts')] as const;

let folder: ReturnType<typeof temporaryFolder>;
let current: TestRun;
let services: ActionsServices;

beforeEach(async () => {
  folder = temporaryFolder();
  current = openTestRun(folder.path);
  services = await startActionsServices();
});

afterEach(async () => {
  current[Symbol.dispose]();
  folder[Symbol.dispose]();
  await services[Symbol.asyncDispose]();
});

function cacheOf(more: { env?: Record<string, string>; timeoutMs?: number; run?: TestRun } = {}): Cache {
  const { env = {}, timeoutMs, run = current } = more;
  return openCache(run.run, {
    command,
    env: { ...services.environment({ runId: 1 }), ...env },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

function foldersLeft(): string[] {
  return readdirSync(current.run.dir).filter((name) => name.startsWith('cache-'));
}

describe('a cache that works', () => {
  test('gives a run with another folder what was saved, and leaves no trace of either', async () => {
    const before = { env: { ...process.env }, cwd: readdirSync(process.cwd()) };
    await cacheOf().save('a-1', 'text "with" everything: ü\n');
    using other = openTestRun(join(folder.path, 'other'));
    expect(await cacheOf({ run: other }).restore(['a-'])).toEqual({
      kind: 'entry',
      key: 'a-1',
      text: 'text "with" everything: ü\n',
    });
    expect([...current.warnings, ...other.warnings]).toEqual([]);
    expect(foldersLeft()).toEqual([]);
    expect({ env: { ...process.env }, cwd: readdirSync(process.cwd()) }).toEqual(before);
  });

  test('has nothing under other keys, and says nothing about it', async () => {
    const cache = cacheOf();
    await cache.save('a-1', 'text');
    expect(await cache.restore(['b-', 'c-'])).toEqual({ kind: 'nothing' });
    expect(current.warnings).toEqual([]);
  });

  test('keeps the first text of a key, and its newest of a prefix', async () => {
    const cache = cacheOf();
    await cache.save('a-1', 'first');
    await cache.save('a-1', 'second');
    await cache.save('a-2', 'third');
    expect(await cache.restore(['a-1'])).toMatchObject({ text: 'first' });
    expect(await cache.restore(['a-'])).toMatchObject({ text: 'third' });
    expect(current.warnings).toEqual([]);
  });

  test('takes several calls at once', async () => {
    const cache = cacheOf();
    const keys = ['a', 'b', 'c'];
    await Promise.all(keys.map((key) => cache.save(key, `text of ${key}`)));
    const restored = await Promise.all(keys.map((key) => cache.restore([key])));
    expect(restored).toEqual(keys.map((key) => ({ kind: 'entry', key, text: `text of ${key}` })));
  });

  test('refuses what is too large for any reader', async () => {
    await cacheOf().save('a', 'x'.repeat(maxRecordBytes + 1));
    expect(current.warnings).toEqual([expect.stringContaining('too large')]);
    expect(services.requests).toEqual([]);
  });
});

describe('no cache', () => {
  test.each([
    ['no variables', { ACTIONS_RESULTS_URL: '', ACTIONS_RUNTIME_TOKEN: '' }],
    ['no token', { ACTIONS_RUNTIME_TOKEN: '' }],
    ['an Enterprise Server without one', { GITHUB_SERVER_URL: 'https://github.example.com' }],
  ])('%s: one line of progress, no warning, nothing asked twice', async (_, env) => {
    const cache = cacheOf({ env });
    expect(await cache.restore(['a'])).toEqual({ kind: 'trouble' });
    await cache.save('a', 'text');
    expect(await cache.restore(['a'])).toEqual({ kind: 'trouble' });
    expect(current.warnings).toEqual([]);
    expect(current.infos).toEqual([expect.stringContaining('No measurements are kept in the cache')]);
    expect(services.requests).toEqual([]);
  });
});

describe('a cache that may not be used', () => {
  test('by cache-mode: one warning that says so', async () => {
    const cache = cacheOf({ env: { ACTIONS_CACHE_MODE: 'none' } });
    expect(await cache.restore(['a'])).toEqual({ kind: 'trouble' });
    await cache.save('a', 'text');
    expect(current.warnings).toEqual([expect.stringMatching(/may not be used.*cache-mode 'none'/)]);
    expect(services.requests).toEqual([]);
  });

  test('by the service, which refuses to write', async () => {
    services.cache.isReadOnly = true;
    const cache = cacheOf();
    expect(await cache.restore(['a'])).toEqual({ kind: 'nothing' });
    await cache.save('a', 'text');
    await cache.save('b', 'text');
    expect(current.warnings).toEqual([expect.stringMatching(/may not be used.*cache write denied/)]);
  });

  test.each([
    ['restore', 'GetCacheEntryDownloadURL', 'cache read denied: no scopes'],
    ['save', 'CreateCacheEntry', 'cache write denied: read-only'],
  ] as const)('by a 403 to %s', async (call, method, msg) => {
    services.fault({ path: new RegExp(method), status: 403, body: { code: 'permission_denied', msg } });
    const cache = cacheOf();
    await (call === 'restore' ? cache.restore(['a']) : cache.save('a', 'text'));
    expect(current.warnings).toEqual([expect.stringContaining(msg)]);
    expect(current.warnings[0]).toContain('may not be used');
  });
});

const failures: readonly (readonly [string, Omit<Fault, 'path'>, RegExp])[] = [
  ['401', { status: 401 }, /\(401\)/],
  ['403', { status: 403 }, /\(403\)/],
  ['404', { status: 404 }, /\(404\)/],
  ['422', { status: 422 }, /\(422\)/],
  ['429', { status: 429, headers: { 'retry-after': '3600' } }, /Rate limited.*\(429\)/],
  ['500 without end', { status: 500 }, /no answer within 4 s/],
  ['503 without end', { status: 503 }, /no answer within 4 s/],
  ['a connection that is cut', { dropConnection: true }, /ECONNRESET|hang up|no answer within|[Ll]ocal/],
  ['silence', { hangMs: Number.POSITIVE_INFINITY }, /no answer within 4 s/],
  ['no JSON', { status: 200, body: '<html>' }, /no answer within 4 s/],
];

describe('a cache that fails', () => {
  test.each(failures)('%s: one warning, bounded time, not asked again', async (_, fault, cause) => {
    services.fault({ path: /CacheService/, ...fault });
    const cache = cacheOf({ timeoutMs: 4000 });
    const started = performance.now();
    expect(await cache.restore(['a'])).toEqual({ kind: 'trouble' });
    const asked = services.requests.length;
    expect(await cache.restore(['b'])).toEqual({ kind: 'trouble' });
    expect(services.requests).toHaveLength(asked);
    await cache.save('a', 'text');
    await cache.save('b', 'text');
    expect(performance.now() - started).toBeLessThan(12_000);
    expect(current.warnings).toEqual([expect.stringMatching(cause)]);
    expect(current.warnings[0]).toMatch(/^The cache of GitHub Actions failed .*The verdict stands\./);
    expect(current.infos.filter((line) => line.startsWith('The cache'))).toHaveLength(1);
    expect(foldersLeft()).toEqual([]);
  });

  test('a 503 that passes is no trouble', async () => {
    services.fault({ path: /CreateCacheEntry/, status: 503, times: 1 });
    await cacheOf().save('a', 'text');
    expect(services.cache.entries()).toHaveLength(1);
    expect(current.warnings).toEqual([]);
  });

  test.each([
    ['the archive is gone', { method: 'GET', path: /^\/blob/, status: 404 }],
    ['the archive may not be read', { method: 'GET', path: /^\/blob/, status: 403 }],
    ['the archive does not come', { method: 'GET', path: /^\/blob/, hangMs: Number.POSITIVE_INFINITY }],
  ] satisfies [string, Fault][])('%s', async (_, fault) => {
    await cacheOf().save('a', 'text');
    services.fault(fault);
    expect(await cacheOf({ timeoutMs: 4000 }).restore(['a'])).not.toMatchObject({ kind: 'entry' });
    expect(current.warnings).toHaveLength(1);
  });

  test.each([
    ['upload refused', { method: 'PUT', path: /^\/blob/, status: 403 }],
    ['upload silent', { method: 'PUT', path: /^\/blob/, hangMs: Number.POSITIVE_INFINITY }],
    ['not finished', { path: /Finalize/, status: 404 }],
  ] satisfies [string, Fault][])('%s: one warning, without the signed address', async (_, fault) => {
    services.fault(fault);
    await cacheOf({ timeoutMs: 4000 }).save('a', 'text');
    expect(services.cache.entries()).toEqual([]);
    expect(current.warnings).toEqual([expect.stringContaining('nothing of this run is kept')]);
    expect(current.warnings[0]).not.toContain('sig=');
  });

  test('a helper that is not there', async () => {
    const cache = openCache(current.run, { command: [process.execPath, '/no/such.js'], env: {} });
    expect(await cache.restore(['a'])).toEqual({ kind: 'trouble' });
    expect(current.warnings).toEqual([expect.stringContaining('ended with 1')]);
  });
});

/** What a run that may write to the cache could put there: an archive of its own making under a key that is looked for. */
async function plant(archive: Buffer): Promise<void> {
  const cache = cacheOf();
  await cache.save('honest', 'text');
  const version = services.cache.entries()[0]?.version;
  const token = services.environment({ runId: 1 })['ACTIONS_RUNTIME_TOKEN'];
  const call = async (method: string, body: object): Promise<unknown> => {
    const url = `${services.url}/twirp/github.actions.results.api.v1.CacheService/${method}`;
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    return answer.json();
  };
  const created = Object(await call('CreateCacheEntry', { key: 'planted', version }));
  await fetch(created.signed_upload_url, { method: 'PUT', body: new Uint8Array(archive) });
  await call('FinalizeCacheEntryUpload', { key: 'planted', version, size_bytes: String(archive.length) });
}

interface Member {
  /** What the archive says that its name is. */
  readonly name: string;
  /** Makes it at a path, for tar to take. */
  readonly make: (path: string) => void;
}

function file(name: string, text: string): Member {
  return { name, make: (path) => writeFileSync(path, text) };
}

function archiveOf(members: readonly Member[]): Buffer {
  const made = join(folder.path, 'made');
  mkdirSync(made);
  const tar = join(folder.path, 'made.tar');
  for (const [index, { name, make }] of members.entries()) {
    make(join(made, `member-${index}`));
    const rename = `--transform=flags=r;s,.*,${name},`;
    execFileSync('tar', ['-P', '--format=gnu', '-rf', tar, '-C', made, rename, `member-${index}`]);
  }
  return execFileSync('zstd', ['-q', '-c', tar], { maxBuffer: 2 ** 30 });
}

describe('an archive that somebody else made', () => {
  const record = 'snapgate-record.json';

  test.each([
    ['an absolute path', (outside: string) => [file(join(outside, 'owned'), 'x')]],
    ['a path upwards', () => [file(`${'../'.repeat(12)}tmp/owned-by-cache-test`, 'x')]],
    ['a path beside it', () => [file('../owned', 'x')]],
    ['another name', () => [file('other.json', 'x')]],
    [
      'a file through a symbolic link',
      (outside: string) => [
        { name: 'link', make: (path: string) => symlinkSync(outside, path) },
        file('link/owned', 'x'),
      ],
    ],
    [
      'a symbolic link in its place',
      () => [{ name: record, make: (path: string) => symlinkSync('/etc/passwd', path) }],
    ],
    ['a folder in its place', () => [{ name: record, make: (path: string) => mkdirSync(path) }]],
    [
      'a FIFO in its place',
      () => [{ name: record, make: (path: string) => void execFileSync('mkfifo', [path]) }],
    ],
    [
      'a link and a file over it',
      (outside: string) => [
        { name: record, make: (path: string) => symlinkSync(join(outside, 'owned'), path) },
        file(record, 'over'),
      ],
    ],
  ])('%s writes nothing outside the folder of the call', async (_, members) => {
    const outside = join(folder.path, 'outside');
    mkdirSync(outside);
    await plant(archiveOf(members(outside)));

    const restored = await cacheOf({ timeoutMs: 20_000 }).restore(['planted']);

    expect(readdirSync(outside)).toEqual([]);
    expect(existsSync('/tmp/owned-by-cache-test')).toBe(false);
    expect(readdirSync(current.run.dir).sort()).toEqual(
      ['ledger.jsonl', 'owner'].filter((name) => existsSync(join(current.run.dir, name))),
    );
    // Where it is a record at all, it is the text of the archive's last file, and never of this machine.
    if (restored.kind === 'entry') expect(['x', 'over']).toContain(restored.text);
    else expect(current.warnings).toEqual([expect.stringContaining('is ignored')]);
  });

  test('200 MB of zeros end at the limit of a record', async () => {
    const bomb: Member = {
      name: record,
      make: (path) => void execFileSync('truncate', ['-s', '200M', path]),
    };
    const archive = archiveOf([bomb]);
    expect(archive.length).toBeLessThan(100_000);
    await plant(archive);
    expect(await cacheOf().restore(['planted'])).toEqual({ kind: 'nothing' });
    expect(current.warnings).toEqual([expect.stringContaining('at most 64.0 MiB')]);
  });

  test('an archive that is larger than any record is not downloaded to its end', async () => {
    await plant(Buffer.alloc(80 * 2 ** 20));
    expect(await cacheOf().restore(['planted'])).not.toMatchObject({ kind: 'entry' });
    expect(current.warnings).toHaveLength(1);
  });

  test('no archive', async () => {
    const cache = cacheOf();
    await cache.save('a', 'text');
    services.cache.poison('a');
    expect(await cache.restore(['a'])).toEqual({ kind: 'nothing' });
    expect(current.warnings).toEqual([expect.stringContaining('is damaged')]);
    await cache.save('b', 'text');
    expect(await cache.restore(['b'])).toMatchObject({ text: 'text' });
  });
});

test('the end of the run ends a call that hangs, and is thrown', async () => {
  services.fault({ path: /CacheService/, hangMs: Number.POSITIVE_INFINITY });
  const ended = expect(cacheOf().restore(['a'])).rejects.toMatchObject({ code: 'interrupted' });
  await setTimeout(1500);
  current.abort();
  await ended;
  expect(current.warnings).toEqual([]);
});

test('the token is on no command line and in no file', async () => {
  services.fault({ path: /CacheService/, hangMs: Number.POSITIVE_INFINITY });
  const token = services.environment({ runId: 1 })['ACTIONS_RUNTIME_TOKEN'] ?? '';
  const call = cacheOf({ timeoutMs: 4000 }).restore(['a']);
  await setTimeout(2000);
  const grep = (...paths: string[]) =>
    spawnSync('grep', ['-rlaF', '-f', '-', ...paths], { input: token, encoding: 'utf8' });
  const commands = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => `/proc/${pid}/cmdline`);
  expect(services.requests).toHaveLength(1);
  expect(grep('-s', ...commands).stdout).toBe('');
  expect(grep(current.run.dir)).toMatchObject({ status: 1, stdout: '' });
  await call;
});
