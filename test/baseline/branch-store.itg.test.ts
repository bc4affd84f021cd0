import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BranchStoreOptions, folderOfBranch, openBranchStore } from '../../src/baseline/branch-store.ts';
import { historyEntryOf, toHistory } from '../../src/baseline/history.ts';
import { fingerprintKey, shortKey } from '../../src/baseline/measuring-key.ts';
import type { BaselineStore } from '../../src/baseline/store.ts';
import { serveGit } from './git-server.ts';
import { commitFiles, createOrigin, git, temporaryFolder } from './repository.ts';
import { type StoredOptions, storedMeasurement, storeQuery } from './stored.ts';
import { openTestRun, type TestRun } from './test-run.ts';

const measuring = '1'.repeat(64);
const one = 'a'.repeat(40);
const two = 'b'.repeat(40);
const baselines = 'snapgate-baselines';
const ofClass = shortKey(fingerprintKey(storeQuery().fingerprint));
const measurements = `measurements/${'1'.repeat(16)}/${ofClass}`;
const history = `history/${'1'.repeat(16)}/${ofClass}`;

let folder: ReturnType<typeof temporaryFolder>;
let origin: string;
let author: string;
let checkout: string;
let runs: TestRun[];

beforeEach(() => {
  folder = temporaryFolder();
  runs = [];
  author = createOrigin(folder.path).clone;
  origin = join(folder.path, 'origin.git');
  git(origin, 'config', 'uploadpack.allowFilter', 'true');
  git(origin, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
  commitFiles(author, { Dockerfile: 'FROM base\n' });
  git(author, 'push', '--quiet', 'origin', 'HEAD:refs/heads/main');
  checkout = join(folder.path, 'checkout');
  git(folder.path, 'clone', '--quiet', '--depth=1', `file://${origin}`, checkout);
});

afterEach(() => {
  for (const run of runs) run[Symbol.dispose]();
  folder[Symbol.dispose]();
});

function openRun(): TestRun {
  const run = openTestRun(join(folder.path, `run-${runs.length}`));
  runs.push(run);
  return run;
}

function openStore(more: Partial<BranchStoreOptions> & { readonly in?: TestRun } = {}): BaselineStore {
  const { in: run = openRun(), ...options } = more;
  return openBranchStore(run.run, {
    branch: baselines,
    checkout,
    serverUrl: 'https://github.com',
    token: undefined,
    ...options,
  });
}

function allWarnings(): string[] {
  return runs.flatMap(({ warnings }) => warnings);
}

function filesOf(branch = baselines): string[] {
  return git(origin, 'ls-tree', '-r', '--name-only', branch).split('\n');
}

function dayOf(day: number): string {
  return new Date(Date.UTC(2026, 0, day)).toISOString();
}

const query = storeQuery();

describe('a branch that works', () => {
  test('is made by the first that stores, apart from all other history', async () => {
    const measurement = storedMeasurement({ createdAt: dayOf(1) });
    await openStore().save(measurement, measuring, 'main');
    expect(filesOf()).toEqual([
      `${history}/main/20260101T000000.000Z-${one.slice(0, 12)}.json`,
      `${measurements}/${one}.json`,
    ]);
    expect(git(origin, 'rev-list', '--count', baselines)).toBe('1');
    expect(git(origin, 'log', '-1', '--format=%an %ae %cn %ce %s', baselines)).toBe(
      `snapgate noreply@snapgate.invalid snapgate noreply@snapgate.invalid Measurement of ${one.slice(0, 12)}`,
    );
    const text = git(origin, 'cat-file', 'blob', `${baselines}:${measurements}/${one}.json`);
    expect(JSON.parse(text)).toEqual(measurement);
    expect(allWarnings()).toEqual([]);
  });

  test('leaves the checkout as it was', async () => {
    const state = () => ({
      status: git(checkout, 'status', '--porcelain', '--ignored'),
      refs: git(checkout, 'for-each-ref'),
      files: readdirSync(join(checkout, '.git'), { recursive: true, encoding: 'utf8' }).sort(),
      config: readFileSync(join(checkout, '.git/config'), 'utf8'),
    });
    const before = state();
    const store = openStore();
    await store.save(storedMeasurement(), measuring, 'main');
    await store.latest('main', query);
    expect(state()).toEqual(before);
  });

  test.each([
    ['the server can leave files out', 'true'],
    ['the server sends all files', 'false'],
  ])('gives what was stored, where %s', async (_, filter) => {
    git(origin, 'config', 'uploadpack.allowFilter', filter);
    const stored = [1, 2, 3].map((day) =>
      storedMeasurement({ commit: `${day}`.repeat(40), createdAt: dayOf(day), bytes: day * 4096 }),
    );
    for (const measurement of stored) await openStore().save(measurement, measuring, 'main');
    const store = openStore();
    for (const measurement of stored)
      expect(await store.ofCommit(measurement.subject.commit ?? '', query)).toEqual({
        kind: 'found',
        measurement,
      });
    expect(await store.ofCommit(one, query)).toEqual({ kind: 'none' });
    expect(await store.latest('main', query)).toEqual({ kind: 'found', measurement: stored[2] });
    expect(await store.latest('main', query, '3'.repeat(40))).toEqual({
      kind: 'found',
      measurement: stored[1],
    });
    expect(await store.latest('mai', query)).toEqual({ kind: 'none' });
    expect(await store.history('main', query)).toEqual(stored.map(historyEntryOf));
    expect(allWarnings()).toEqual([]);
  });

  test('fetches only the files that it reads', async () => {
    for (const day of [1, 2, 3, 4])
      await openStore().save(
        storedMeasurement({ commit: `${day}`.repeat(40), createdAt: dayOf(day) }),
        measuring,
        'main',
      );
    const run = openRun();
    await openStore({ in: run }).latest('main', query);
    const [repository = ''] = readdirSync(run.run.dir).filter((name) => name.startsWith('baseline-branch-'));
    const objects = git(join(run.run.dir, repository), 'cat-file', '--batch-all-objects', '--batch-check');
    expect(objects.split('\n').filter((line) => line.includes(' blob '))).toHaveLength(1);
  });

  test('a measurement is found where the machine class is not wholly known yet, as of an engine with a builder of its own', async () => {
    const measurement = storedMeasurement();
    await openStore().save(measurement, measuring, 'main');
    const partly = { ...measurement.fingerprint, engineVersion: undefined, kernelVersion: undefined };
    const found = { kind: 'found', measurement };
    const asked = storeQuery({ fingerprint: partly });
    expect(await openStore().ofCommit(one, asked)).toEqual(found);
    expect(await openStore().latest('main', asked)).toEqual(found);
  });

  test('a measurement of another machine class, and one with too few boots, are named', async () => {
    await openStore().save(storedMeasurement({ hostCpu: 'Other CPU' }), measuring, 'main');
    expect(await openStore().ofCommit(one, query)).toEqual({
      kind: 'unusable',
      reason:
        'the stored measurement of aaaaaaa is not used: hostCpu was "Other CPU" there and is "Example CPU" here',
    });
    expect(await openStore().latest('main', query)).toMatchObject({ kind: 'unusable' });
    expect(await openStore().history('main', query)).toEqual([]);
    await openStore().save(storedMeasurement({ boots: 2 }), measuring, 'main');
    expect(await openStore().ofCommit(one, query)).toMatchObject({
      reason: expect.stringContaining('2 of the 5 boots'),
    });
    await openStore().save(storedMeasurement({ boots: 6 }), measuring, undefined);
    expect(await openStore().ofCommit(one, query)).toMatchObject({ kind: 'found' });
    expect(allWarnings()).toEqual([]);
  });

  test('the newest is the last measured, in whatever order they are stored', async () => {
    const late = storedMeasurement({ commit: two, createdAt: dayOf(9) });
    await openStore().save(late, measuring, 'main');
    await openStore().save(storedMeasurement({ commit: one, createdAt: dayOf(1) }), measuring, 'main');
    expect(await openStore().latest('main', query)).toEqual({ kind: 'found', measurement: late });
  });

  test('the same again changes nothing', async () => {
    for (const _ of [1, 2]) await openStore().save(storedMeasurement(), measuring, 'main');
    expect(git(origin, 'rev-list', '--count', baselines)).toBe('1');
  });

  test('what else is on the branch stays', async () => {
    commitFiles(author, { 'README.md': 'about\n', 'a/b': 'c' });
    git(author, 'push', '--quiet', 'origin', `HEAD:refs/heads/${baselines}`);
    await openStore().save(storedMeasurement(), measuring, undefined);
    expect(filesOf()).toEqual(['Dockerfile', 'README.md', 'a/b', `${measurements}/${one}.json`]);
    expect(git(origin, 'rev-parse', `${baselines}^`)).toBe(git(author, 'rev-parse', 'HEAD'));
  });

  test('a measurement without a commit is not stored', async () => {
    await openStore().save({ ...storedMeasurement(), subject: { label: 'folder x' } }, measuring, 'main');
    expect(() => git(origin, 'rev-parse', '--verify', baselines)).toThrow();
  });

  test('every branch has a folder of its own, with a name for any file system', async () => {
    const names = [
      'main',
      'Main',
      'a/b',
      'a-b',
      'a%2Fb',
      '..',
      '.',
      '.git',
      'con.txt',
      'ü',
      '\ud800',
      `${'x'.repeat(300)}1`,
      `${'x'.repeat(300)}2`,
      'a b',
      "it's",
      '*',
      '|',
    ];
    const folders = names.map(folderOfBranch);
    expect(new Set(folders).size).toBe(names.length);
    for (const name of folders) expect(name).toMatch(/^[A-Za-z0-9_%-]{1,120}$|^.{80}~[0-9a-f]{16}$/);
    for (const name of ['a/b', '..']) await openStore().save(storedMeasurement(), measuring, name);
    expect(filesOf().filter((path) => path.startsWith('history'))).toEqual([
      expect.stringContaining('/%2E%2E/'),
      expect.stringContaining('/a%2Fb/'),
    ]);
    expect(await openStore().latest('a/b', query)).toMatchObject({ kind: 'found' });
  });
});

/** Somebody else's push, between our fetch and our push. */
function commitToOrigin(message: string): void {
  const tree = git(origin, 'rev-parse', 'main^{tree}');
  git(origin, 'update-ref', `refs/heads/${baselines}`, git(origin, 'commit-tree', '-m', message, tree));
}

describe('runs that store at once', () => {
  test.each([2, 8])('%d of them all end up on the branch, though it is not there yet', async (count) => {
    const stored = Array.from({ length: count }, (_, index) =>
      storedMeasurement({ commit: String(index).repeat(40), createdAt: dayOf(index + 1) }),
    );
    await Promise.all(stored.map((measurement) => openStore().save(measurement, measuring, 'main')));
    expect(allWarnings()).toEqual([]);
    expect(filesOf()).toHaveLength(2 * count);
    expect(git(origin, 'rev-list', '--count', baselines)).toBe(String(count));
    expect(await openStore().history('main', query)).toEqual(stored.map(historyEntryOf));
  });

  test('several saves of one run', async () => {
    const store = openStore();
    const commits = ['1', '2', '3'].map((digit) => digit.repeat(40));
    await Promise.all(commits.map((commit) => store.save(storedMeasurement({ commit }), measuring, 'main')));
    expect(filesOf()).toHaveLength(6);
  });

  test('one that is always too late gives up after ten tries, with one warning', async () => {
    const pauses: number[] = [];
    await using server = await serveGit(folder.path);
    git(origin, 'config', 'http.receivepack', 'true');
    git(checkout, 'remote', 'set-url', 'origin', `${server.url}/origin.git`);
    server.refuse = (path) => {
      if (path.includes('service=git-receive-pack')) commitToOrigin(`push ${pauses.length}`);
      return undefined;
    };
    const pause = async (tries: number) => void pauses.push(tries);
    await openStore({ pause }).save(storedMeasurement(), measuring, 'main');
    expect(pauses).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(allWarnings()).toEqual([expect.stringMatching(/changed by other runs.*concurrency/)]);
  });
});

describe('what somebody put on the branch', () => {
  async function storedThen(change: (clone: string) => void, options: StoredOptions = {}): Promise<void> {
    await openStore().save(storedMeasurement(options), measuring, 'main');
    const clone = join(folder.path, 'vandal');
    git(folder.path, 'clone', '--quiet', '-b', baselines, `file://${origin}`, clone);
    change(clone);
    git(clone, 'add', '--all');
    git(clone, 'commit', '--quiet', '-m', 'change');
    git(clone, 'push', '--quiet', 'origin', 'HEAD');
  }

  const file = `${measurements}/${one}.json`;

  test.each([
    ['no JSON', (clone: string) => writeFileSync(join(clone, file), '{')],
    [
      'a later version',
      (clone: string) =>
        writeFileSync(join(clone, file), JSON.stringify({ ...storedMeasurement(), version: 2 })),
    ],
    [
      'another commit',
      (clone: string) => writeFileSync(join(clone, file), JSON.stringify(storedMeasurement({ commit: two }))),
    ],
    [
      'another machine',
      (clone: string) =>
        writeFileSync(join(clone, file), JSON.stringify(storedMeasurement({ hostCpu: 'Forged' }))),
    ],
    ['deep JSON', (clone: string) => writeFileSync(join(clone, file), '['.repeat(1_000_000))],
    ['bytes that are no text', (clone: string) => writeFileSync(join(clone, file), Buffer.alloc(1000, 0xff))],
    ['65 MiB', (clone: string) => writeFileSync(join(clone, file), Buffer.alloc(65 * 2 ** 20, 32))],
    ['a symbolic link', (clone: string) => execFileSync('ln', ['-sf', '/etc/passwd', join(clone, file)])],
    ['nothing in it', (clone: string) => writeFileSync(join(clone, file), '')],
  ])('a measurement with %s is ignored with one warning', async (_, change) => {
    await storedThen(change);
    const run = openRun();
    const store = openStore({ in: run });
    expect(await store.ofCommit(one, query)).toEqual({ kind: 'none' });
    expect(await store.latest('main', query)).toEqual({ kind: 'none' });
    expect(run.warnings).toEqual([expect.stringContaining(`${file} on branch ${baselines} is ignored: `)]);
  });

  test('a folder in the place of a file, a file in the place of a folder', async () => {
    await storedThen((clone) => {
      execFileSync('rm', ['-r', join(clone, file), join(clone, 'history')]);
      mkdirSync(join(clone, file));
      writeFileSync(join(clone, file, 'x'), 'x');
      writeFileSync(join(clone, 'history'), 'x');
    });
    expect(await openStore().ofCommit(one, query)).toEqual({ kind: 'none' });
    expect(await openStore().latest('main', query)).toEqual({ kind: 'none' });
    expect(await openStore().history('main', query)).toEqual([]);
    expect(allWarnings()).toEqual([]);
    const before = filesOf();
    await openStore().save(storedMeasurement({ commit: two }), measuring, 'main');
    expect(allWarnings()).toEqual([expect.stringMatching(/A file is where a folder should be/)]);
    expect(filesOf()).toEqual(before);
  });

  test('a damaged newest measurement is passed over', async () => {
    await openStore().save(storedMeasurement({ commit: two, createdAt: dayOf(1) }), measuring, 'main');
    await storedThen((clone) => writeFileSync(join(clone, file), '{'), { createdAt: dayOf(2) });
    expect(await openStore().latest('main', query)).toMatchObject({
      measurement: { subject: { commit: two } },
    });
  });

  test('names that are no entries, and entries that are none', async () => {
    const good = historyEntryOf(storedMeasurement());
    const entry = (name: string) => `${history}/main/${name}`;
    await storedThen((clone) => {
      const forged = JSON.stringify(toHistory(good === undefined ? [] : [{ ...good, commit: two }]));
      for (const [name, text] of [
        [entry('20990101T000000.000Z-cccccccccccc.json'), 'x'],
        [entry('20990101T000000.001Z-dddddddddddd.json'), forged],
        [entry('99999999T999999.999Z-$(touch x).json'), 'x'],
        [entry('..json'), 'x'],
        [entry('-h'), 'x'],
        [entry('new\nline.json'), 'x'],
        [`${measurements}/--output=x.json`, 'x'],
        [`${measurements}/${two}.json.json`, 'x'],
      ] as const)
        writeFileSync(join(clone, name), text);
    });
    const run = openRun();
    const store = openStore({ in: run });
    expect(await store.latest('main', query)).toMatchObject({ kind: 'found' });
    expect(await store.history('main', query)).toEqual([good]);
    expect(run.warnings).toHaveLength(1);
  });

  test('a history of 1100 commits is read as its newest 1000, in one request', async () => {
    const entries = Array.from({ length: 1100 }, (_, index) => ({
      ...(historyEntryOf(storedMeasurement()) ?? { commit: one }),
      commit: index.toString(16).padStart(40, '0').split('').reverse().join(''),
      measuredAt: new Date(Date.UTC(2026, 0, 1) + index * 60_000).toISOString(),
    }));
    await storedThen(
      (clone) => {
        for (const entry of entries) {
          const time = entry.measuredAt.replaceAll(/[-:]/g, '');
          const text = JSON.stringify({ schema: 'snapgate/history', version: 1, entries: [entry] });
          writeFileSync(join(clone, `${history}/main/${time}-${entry.commit.slice(0, 12)}.json`), text);
        }
      },
      { createdAt: dayOf(1) },
    );
    const started = performance.now();
    const read = await openStore().history('main', query);
    expect(read.map(({ commit }) => commit)).toEqual(entries.slice(-1000).map(({ commit }) => commit));
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(allWarnings()).toEqual([]);
  });
});

describe('a branch that cannot be used', () => {
  const token = 'ghs_secret-of-the-run';
  const authorization = `basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;

  test('the token goes to its server alone, and is on no command line, in no file and in no log', async () => {
    await using server = await serveGit(folder.path, authorization);
    git(origin, 'config', 'http.receivepack', 'true');
    git(checkout, 'remote', 'set-url', 'origin', `${server.url}/origin.git`);
    const run = openRun();
    let seen = '';
    const pause = async () => {};
    const watch = setInterval(() => {
      seen += spawnSync('sh', ['-c', "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"], {
        encoding: 'utf8',
      }).stdout;
    }, 20);
    const store = openStore({ in: run, serverUrl: server.url, token, pause });
    await store.save(storedMeasurement(), measuring, 'main');
    clearInterval(watch);
    expect(await openStore({ serverUrl: server.url, token }).latest('main', query)).toMatchObject({
      kind: 'found',
    });
    expect(new Set(server.authorizations)).toEqual(new Set([authorization]));
    expect(seen).toContain('push');
    const secrets = [token, authorization.slice(6)];
    for (const secret of secrets) {
      expect(seen).not.toContain(secret);
      expect(spawnSync('grep', ['-rlaF', secret, run.run.dir]).status).toBe(1);
    }
    expect(allWarnings()).toEqual([]);

    for (const address of ['git@127.0.0.1:origin.git', 'ssh://git@127.0.0.1:22/origin.git']) {
      git(checkout, 'remote', 'set-url', 'origin', address);
      expect(await openStore({ serverUrl: server.url, token }).latest('main', query)).toMatchObject({
        kind: 'found',
      });
    }

    git(checkout, 'remote', 'set-url', 'origin', `${server.url}/origin.git`);
    const elsewhere = openRun();
    await openStore({ in: elsewhere, serverUrl: 'https://github.com', token }).save(
      storedMeasurement(),
      measuring,
      'main',
    );
    expect(server.authorizations.at(-1)).toBeUndefined();
    expect(elsewhere.warnings).toEqual([expect.stringContaining('contents: write')]);
  });

  test.each([
    [401, 'all'],
    [403, 'all'],
    [403, 'receive-pack'],
    [404, 'all'],
    [429, 'all'],
    [500, 'all'],
    [503, 'receive-pack'],
  ] as const)('%d of %s: one warning with the permission', async (status, of) => {
    await using server = await serveGit(folder.path, authorization);
    server.refuse = (path) => (of === 'all' || path.includes(of) ? status : undefined);
    git(checkout, 'remote', 'set-url', 'origin', `${server.url}/origin.git`);
    const run = openRun();
    const store = openStore({ in: run, serverUrl: server.url, token, pause: async () => {} });
    expect(await store.ofCommit(one, query)).toEqual({ kind: 'none' });
    expect(await store.latest('main', query)).toEqual({ kind: 'none' });
    await store.save(storedMeasurement(), measuring, 'main');
    expect(run.warnings).toEqual([
      expect.stringMatching(/^branch snapgate-baselines cannot be .*The verdict stands\..*contents: write/s),
    ]);
    expect(run.warnings[0]).not.toContain(token);
  });

  test('a server that has trouble twice is asked again', async () => {
    await using server = await serveGit(folder.path);
    git(origin, 'config', 'http.receivepack', 'true');
    git(checkout, 'remote', 'set-url', 'origin', `${server.url}/origin.git`);
    const left = new Map([
      ['git-upload-pack', 2],
      ['git-receive-pack', 2],
    ]);
    server.refuse = (path) => {
      const service = /service=([a-z-]+)/.exec(path)?.[1] ?? '';
      const failures = left.get(service) ?? 0;
      left.set(service, failures - 1);
      return failures > 0 ? 503 : undefined;
    };
    const pauses: number[] = [];
    await openStore({ pause: async (tries) => void pauses.push(tries) }).save(
      storedMeasurement(),
      measuring,
      'main',
    );
    expect(pauses).toEqual([1, 2, 1, 2]);
    expect(filesOf()).toHaveLength(2);
    expect(allWarnings()).toEqual([]);
  });

  test('a server that does not answer: bounded time, and it is asked once to read and once to write', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    git(checkout, 'remote', 'set-url', 'origin', `http://127.0.0.1:${port}/origin.git`);
    const run = openRun();
    const store = openStore({ in: run, token, timeoutMs: 2000 });
    const started = performance.now();
    await store.ofCommit(one, query);
    await store.latest('main', query);
    await store.save(storedMeasurement(), measuring, 'main');
    silent.close();
    expect(performance.now() - started).toBeLessThan(7000);
    expect(run.warnings).toEqual([expect.stringContaining('git took too long')]);
  });

  test('no server at all, no repository, no origin', async () => {
    for (const url of ['http://127.0.0.1:1/x.git', `file://${folder.path}/nowhere.git`]) {
      git(checkout, 'remote', 'set-url', 'origin', url);
      const run = openRun();
      expect(await openStore({ in: run }).latest('main', query)).toEqual({ kind: 'none' });
      expect(run.warnings).toEqual([expect.stringContaining('contents: write')]);
    }
    git(checkout, 'remote', 'remove', 'origin');
    const run = openRun();
    expect(await openStore({ in: run }).latest('main', query)).toEqual({ kind: 'none' });
    expect(run.warnings).toEqual([expect.stringContaining('no remote called origin')]);
  });

  test('a protected branch', async () => {
    mkdirSync(join(origin, 'hooks'), { recursive: true });
    const hook = '#!/bin/sh\necho "GH006: Protected branch update failed for $1." >&2\nexit 1\n';
    writeFileSync(join(origin, 'hooks/update'), hook, { mode: 0o755 });
    await openStore().save(storedMeasurement(), measuring, 'main');
    expect(allWarnings()).toEqual([expect.stringMatching(/A rule protects the branch.*contents: write/)]);
    expect(() => git(origin, 'rev-parse', '--verify', baselines)).toThrow();
  });

  test('no branch yet has nothing, quietly', async () => {
    const store = openStore();
    expect(await store.ofCommit(one, query)).toEqual({ kind: 'none' });
    expect(await store.latest('main', query)).toEqual({ kind: 'none' });
    expect(await store.history('main', query)).toEqual([]);
    expect(allWarnings()).toEqual([]);
  });

  test('an address that would run a program is not followed', async () => {
    const mark = join(folder.path, 'ran');
    git(checkout, 'config', 'remote.origin.url', `ext::sh -c touch% ${mark}`);
    git(checkout, 'config', 'protocol.ext.allow', 'always');
    expect(await openStore().latest('main', query)).toEqual({ kind: 'none' });
    expect(existsSync(mark)).toBe(false);
    expect(allWarnings()).toHaveLength(1);
  });

  test('no hook of the checkout or of a template runs', async () => {
    const mark = join(folder.path, 'ran');
    for (const name of ['pre-push', 'reference-transaction', 'post-commit', 'pre-auto-gc'])
      writeFileSync(join(checkout, '.git/hooks', name), `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    await openStore().save(storedMeasurement(), measuring, 'main');
    expect(filesOf()).toHaveLength(2);
    expect(existsSync(mark)).toBe(false);
  });

  test('variables of git that name another repository are not followed', async () => {
    const elsewhere = join(folder.path, 'elsewhere');
    git(folder.path, 'init', '--quiet', elsewhere);
    const names = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY'];
    process.env['GIT_DIR'] = join(elsewhere, '.git');
    process.env['GIT_WORK_TREE'] = elsewhere;
    process.env['GIT_INDEX_FILE'] = join(elsewhere, 'index');
    process.env['GIT_OBJECT_DIRECTORY'] = join(elsewhere, 'objects');
    try {
      // The address of origin is asked of the checkout, which those variables hide: that is the runner's doing, and is said.
      await openStore().save(storedMeasurement(), measuring, 'main');
    } finally {
      for (const name of names) delete process.env[name];
    }
    expect(git(elsewhere, 'count-objects')).toMatch(/^0 objects/);
    expect(existsSync(join(elsewhere, 'index'))).toBe(false);
  });

  test('the end of the run is thrown', async () => {
    const run = openRun();
    const store = openStore({ in: run });
    run.abort();
    await expect(store.latest('main', query)).rejects.toMatchObject({ code: 'interrupted' });
    expect(run.warnings).toEqual([]);
  });
});
