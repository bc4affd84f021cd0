import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BaselineStore, ResultStore } from '../../src/baseline/store.ts';
import { openCache } from '../../src/github/cache.ts';
import { openCacheResults, openCacheStore } from '../../src/github/cache-store.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { storedMeasurement, storeQuery } from '../baseline/stored.ts';
import { openTestRun, type TestRun } from '../baseline/test-run.ts';
import { type ActionsServices, startActionsServices } from './actions-services.ts';

const command = [process.execPath, join(import.meta.dirname, '../../src/cache.ts')] as const;
const measuring = '1'.repeat(64);
const one = 'a'.repeat(40);
const two = 'b'.repeat(40);

let folder: ReturnType<typeof temporaryFolder>;
let services: ActionsServices;
let runs: TestRun[];

beforeEach(async () => {
  folder = temporaryFolder();
  services = await startActionsServices();
  runs = [];
});

afterEach(async () => {
  for (const run of runs) run[Symbol.dispose]();
  folder[Symbol.dispose]();
  await services[Symbol.asyncDispose]();
});

interface StoreRun {
  readonly store: BaselineStore;
  readonly results: ResultStore;
  readonly warnings: readonly string[];
}

/** A run of its own: what it knows of others, it has from the cache. */
function openStore(runId: number, ref = 'refs/heads/main', attempt = 1): StoreRun {
  const run = openTestRun(join(folder.path, `run-${runs.length}`));
  runs.push(run);
  const env = services.environment({ runId, attempt, ref });
  const cache = openCache(run.run, { command, env, timeoutMs: 20_000 });
  const storing = { runId, attempt };
  return {
    store: openCacheStore(run.run.log, cache, storing),
    results: openCacheResults(run.run.log, cache, storing),
    warnings: run.warnings,
  };
}

function allWarnings(): string[] {
  return runs.flatMap(({ warnings }) => warnings);
}

describe('the measurement of a commit', () => {
  test('is found by a pull request when a push has stored it', async () => {
    const measurement = storedMeasurement();
    await openStore(1).store.save(measurement, measuring, undefined);
    const { store } = openStore(2, 'refs/pull/7/merge');
    expect(await store.ofCommit(one, storeQuery())).toEqual({ kind: 'found', measurement });
    expect(await store.ofCommit(two, storeQuery())).toEqual({ kind: 'none' });
    expect(await store.ofCommit(one, storeQuery({ measuringSha256: '2'.repeat(64) }))).toEqual({
      kind: 'none',
    });
    expect(services.cache.entries().map(({ key }) => key)).toEqual([
      expect.stringMatching(new RegExp(`^snapgate-baseline-v1-${'1'.repeat(16)}-${one}-[0-9a-f]{16}-5$`)),
    ]);
    expect(allWarnings()).toEqual([]);
  });

  test('is found where the machine class is not wholly known yet, as of an engine with a builder of its own', async () => {
    const measurement = storedMeasurement();
    await openStore(1).store.save(measurement, measuring, 'main');
    const partly = { ...measurement.fingerprint, engineVersion: undefined, kernelVersion: undefined };
    const found = { kind: 'found', measurement };
    const query = storeQuery({ fingerprint: partly });
    expect(await openStore(2).store.ofCommit(one, query)).toEqual(found);
    expect(await openStore(3).store.latest('main', query)).toEqual(found);
  });

  test('of another machine class is named, and does not hide one of this class', async () => {
    await openStore(1, 'refs/pull/7/merge').store.save(
      storedMeasurement({ hostCpu: 'Other CPU' }),
      measuring,
      undefined,
    );
    const query = storeQuery();
    expect(await openStore(2, 'refs/pull/7/merge').store.ofCommit(one, query)).toEqual({
      kind: 'unusable',
      reason:
        'the stored measurement of aaaaaaa is not used: hostCpu was "Other CPU" there and is "Example CPU" here',
    });
    await openStore(3).store.save(storedMeasurement(), measuring, undefined);
    expect(await openStore(4, 'refs/pull/7/merge').store.ofCommit(one, query)).toMatchObject({
      kind: 'found',
    });
    expect(allWarnings()).toEqual([]);
  });

  test('with too few boots is named, until one with enough is stored', async () => {
    await openStore(1).store.save(storedMeasurement({ boots: 3 }), measuring, undefined);
    const { store } = openStore(2);
    expect(await store.ofCommit(one, storeQuery())).toMatchObject({
      kind: 'unusable',
      reason: expect.stringContaining('it has 3 of the 5 boots'),
    });
    await store.save(storedMeasurement({ boots: 5 }), measuring, undefined);
    expect(await openStore(3).store.ofCommit(one, storeQuery())).toMatchObject({ kind: 'found' });
  });

  test('stored again by a run that is run again is quiet', async () => {
    for (const attempt of [1, 2])
      await openStore(1, 'refs/heads/main', attempt).store.save(storedMeasurement(), measuring, 'main');
    expect(allWarnings()).toEqual([]);
    expect(await openStore(2).store.history('main', storeQuery())).toHaveLength(1);
  });

  test.each([
    ['what is no JSON', () => 'x'],
    ['another record', () => '{"schema":"snapgate/comparison","version":1}'],
    ['a later version', () => JSON.stringify({ ...storedMeasurement(), version: 2 })],
    ['another commit', () => JSON.stringify(storedMeasurement({ commit: two }))],
    ['another machine class', () => JSON.stringify(storedMeasurement({ hostCpu: 'Forged' }))],
    ['deep JSON', () => '['.repeat(1_000_000)],
    [
      'an object without end',
      () =>
        `{"schema":"snapgate/measurement","version":1,"a":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_001)}`,
    ],
  ])('poisoned with %s is ignored with one warning', async (_, text) => {
    await openStore(1).store.save(storedMeasurement(), measuring, undefined);
    services.cache.poison(/baseline/, () => Buffer.from(text()));
    const { store, warnings } = openStore(2);
    expect(await store.ofCommit(one, storeQuery())).toEqual({ kind: 'none' });
    expect(await store.ofCommit(one, storeQuery())).toEqual({ kind: 'none' });
    expect(warnings).toEqual([
      expect.stringMatching(/^A stored record in the cache is ignored: snapgate-baseline-v1-/),
    ]);
    expect(warnings[0]?.length).toBeLessThan(500);
  });

  test('a measurement without a commit is not stored', async () => {
    await openStore(1).store.save(
      { ...storedMeasurement(), subject: { label: 'folder x' } },
      measuring,
      'main',
    );
    expect(services.cache.entries()).toEqual([]);
  });
});

describe('what was stored last of a branch', () => {
  const first = storedMeasurement({ commit: one, createdAt: '2026-01-01T00:00:00.000Z', bytes: 1 });
  const second = storedMeasurement({ commit: two, createdAt: '2026-01-02T00:00:00.000Z', bytes: 2 });

  test('is the newest, with a history of all', async () => {
    await openStore(1).store.save(first, measuring, 'main');
    await openStore(2).store.save(second, measuring, 'main');
    const { store } = openStore(3);
    const query = storeQuery();
    expect(await store.latest('main', query)).toEqual({ kind: 'found', measurement: second });
    expect(await store.latest('main', query, two)).toEqual({ kind: 'found', measurement: first });
    expect(await store.history('main', query)).toMatchObject([
      {
        commit: one,
        boots: 5,
        scenarios: expect.arrayContaining([{ name: 'pause', medians: { 'memfile.writtenBytes': 1 } }]),
      },
      { commit: two },
    ]);
    expect(await store.ofCommit(one, query)).toEqual({ kind: 'found', measurement: first });
    expect(allWarnings()).toEqual([]);
  });

  test('is of that branch, whatever other branches are called', async () => {
    await openStore(1).store.save(first, measuring, 'main');
    const { store } = openStore(2);
    for (const branch of ['mai', 'main-2', 'MAIN', 'a,b', '../main', 'x'.repeat(300)])
      expect(await store.latest(branch, storeQuery())).toEqual({ kind: 'none' });
    await store.save(second, measuring, 'feature/a,b');
    expect(await openStore(3).store.latest('feature/a,b', storeQuery())).toMatchObject({ kind: 'found' });
    expect(allWarnings()).toEqual([]);
  });

  test('of another machine class is named, and each class has its history', async () => {
    await openStore(1).store.save(first, measuring, 'main');
    const other = storeQuery({ fingerprint: { ...storeQuery().fingerprint, hostCpu: 'Other CPU' } });
    expect(await openStore(2).store.latest('main', other)).toMatchObject({
      kind: 'unusable',
      reason: expect.stringContaining('hostCpu was "Example CPU" there'),
    });
    expect(await openStore(2).store.history('main', other)).toEqual([]);
    await openStore(3).store.save(
      storedMeasurement({ commit: two, hostCpu: 'Other CPU' }),
      measuring,
      'main',
    );
    const { store } = openStore(4);
    expect(await store.latest('main', storeQuery())).toEqual({ kind: 'found', measurement: first });
    expect(await store.latest('main', other)).toMatchObject({ kind: 'found' });
  });

  test('of the one commit that is excepted is nothing', async () => {
    await openStore(1).store.save(first, measuring, 'main');
    expect(await openStore(2).store.latest('main', storeQuery(), one)).toEqual({ kind: 'none' });
  });

  test.each([
    ['a measurement that is not in its history', { latest: storedMeasurement({ commit: 'c'.repeat(40) }) }],
    ['a measurement of another class', { latest: storedMeasurement({ hostCpu: 'Forged' }) }],
    ['a history of nonsense', { history: { schema: 'snapgate/history', version: 1, entries: [1] } }],
    ['another version', { version: 9 }],
  ])('poisoned with %s is ignored with one warning, and the next push begins anew', async (_, change) => {
    await openStore(1).store.save(first, measuring, 'main');
    services.cache.poison(/history/, (_name, content) =>
      Buffer.from(JSON.stringify({ ...JSON.parse(content.toString('utf8')), ...change })),
    );
    const { store, warnings } = openStore(2);
    expect(await store.latest('main', storeQuery())).toEqual({ kind: 'none' });
    expect(await store.history('main', storeQuery())).toEqual([]);
    expect(warnings).toHaveLength(1);
    await store.save(second, measuring, 'main');
    expect(await openStore(3).store.latest('main', storeQuery())).toEqual({
      kind: 'found',
      measurement: second,
    });
  });

  test('a history that could not be read is not ended by a new one', async () => {
    await openStore(1).store.save(first, measuring, 'main');
    const fault = services.fault({ path: /GetCacheEntryDownloadURL/, status: 404 });
    const { store, warnings } = openStore(2);
    await store.save(second, measuring, 'main');
    fault[Symbol.dispose]();
    expect(warnings).toHaveLength(1);
    expect(await openStore(3).store.history('main', storeQuery())).toMatchObject([{ commit: one }]);
    expect(await openStore(3).store.ofCommit(two, storeQuery())).toEqual({
      kind: 'found',
      measurement: second,
    });
  });

  test('a cache that is down: one warning for all that is asked of it', async () => {
    services.fault({ path: /CacheService/, status: 403 });
    const { store, warnings } = openStore(1);
    expect(await store.ofCommit(one, storeQuery())).toEqual({ kind: 'none' });
    expect(await store.latest('main', storeQuery())).toEqual({ kind: 'none' });
    expect(await store.history('main', storeQuery())).toEqual([]);
    await store.save(first, measuring, 'main');
    expect(warnings).toEqual([expect.stringContaining('The cache of GitHub Actions failed')]);
  });

  test('an evicted cache has nothing, quietly', async () => {
    await openStore(1).store.save(first, measuring, 'main');
    services.cache.clear();
    const { store, warnings } = openStore(2);
    expect(await store.latest('main', storeQuery())).toEqual({ kind: 'none' });
    expect(warnings).toEqual([]);
  });
});

describe('the measurements of a head', () => {
  const ref = 'refs/pull/7/merge';
  const pair = {
    base: storedMeasurement({ commit: one }),
    head: storedMeasurement({ commit: two }),
    notes: ['what was not as usual'],
  };
  const head = 'd'.repeat(40);

  test('are found by later runs of the same pull request, the newest first', async () => {
    await openStore(1, ref).results.save(head, measuring, { base: undefined, head: pair.base, notes: [] });
    await openStore(2, ref).results.save(head, measuring, pair);
    expect(await openStore(3, ref).results.load(head, measuring)).toEqual(pair);
    expect(await openStore(4, 'refs/pull/8/merge').results.load(head, measuring)).toBeUndefined();
    expect(await openStore(5, ref).results.load('e'.repeat(40), measuring)).toBeUndefined();
    expect(await openStore(5, ref).results.load(head, '2'.repeat(64))).toBeUndefined();
    expect(allWarnings()).toEqual([]);
  });

  test('without a base', async () => {
    await openStore(1, ref).results.save(head, measuring, { base: undefined, head: pair.head, notes: [] });
    expect(await openStore(2, ref).results.load(head, measuring)).toEqual({
      base: undefined,
      head: pair.head,
      notes: [],
    });
  });

  test('with why there is no base', async () => {
    const noVerdict = { state: 'no-baseline', reason: 'none is stored' } as const;
    const alone = { base: undefined, head: pair.head, noVerdict, notes: [] };
    await openStore(1, ref).results.save(head, measuring, alone);
    expect(await openStore(2, ref).results.load(head, measuring)).toEqual(alone);
  });

  test.each([
    ['another head', { headSha: 'e'.repeat(40) }],
    ['another measuring', { measuringSha256: '3'.repeat(64) }],
    ['no head', { head: undefined }],
    ['a base that is none', { base: { schema: 'snapgate/measurement' } }],
    ['a field more', { more: 1 }],
  ])('poisoned with %s are ignored with one warning', async (_, change) => {
    await openStore(1, ref).results.save(head, measuring, pair);
    services.cache.poison(/result/, (_name, content) =>
      Buffer.from(JSON.stringify({ ...JSON.parse(content.toString('utf8')), ...change })),
    );
    const { results, warnings } = openStore(2, ref);
    expect(await results.load(head, measuring)).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining('snapgate-result-v1-')]);
  });
});
