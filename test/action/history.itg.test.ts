import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { driftFrom, historyFor } from '../../src/action/history.ts';
import { openBranchStore } from '../../src/baseline/branch-store.ts';
import type { BaselineStore } from '../../src/baseline/store.ts';
import { readConfig } from '../../src/config/config.ts';
import { SnapgateError } from '../../src/host/error.ts';
import { decidePair } from '../../src/job/gate.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { commitFiles, createOrigin, git, temporaryFolder } from '../baseline/repository.ts';
import { openTestRun, type TestRun } from '../baseline/test-run.ts';
import { stepsAndCreep, storedMeasurements } from '../gate/stored-history.ts';

const measuringSha256 = '1'.repeat(64);
const commits = 60;

let folder: ReturnType<typeof temporaryFolder>;
let checkout: string;
/** Of each commit of main, the head's last, which is not stored. */
let measurements: Measurement[];
let shas: string[];

beforeAll(async () => {
  folder = temporaryFolder();
  const { clone } = createOrigin(folder.path);
  shas = Array.from({ length: commits }, (_, index) =>
    commitFiles(clone, { Dockerfile: `FROM base:${index}\n` }),
  );
  git(clone, 'tag', 'v1.0.0', shas[10] ?? '');
  git(clone, 'push', '--quiet', '--tags', 'origin', 'HEAD:refs/heads/main');
  checkout = join(folder.path, 'checkout');
  git(folder.path, 'clone', '--quiet', '--depth=1', `file://${join(folder.path, 'origin.git')}`, checkout);
  measurements = storedMeasurements({ commits, seed: 1, growth: stepsAndCreep }).map((measurement, index) => {
    const commit = shas[index] ?? '';
    return { ...measurement, subject: { label: `commit ${commit.slice(0, 7)}`, commit } };
  });
  using run = openTestRun(join(folder.path, 'storing'));
  const store = openStore(run);
  for (const measurement of measurements.slice(0, -1)) await store.save(measurement, measuringSha256, 'main');
  expect(run.warnings).toEqual([]);
}, 120_000);

afterAll(() => folder[Symbol.dispose]());

function openStore({ run }: TestRun, from = checkout): BaselineStore {
  return openBranchStore(run, {
    branch: 'snapgate-baselines',
    checkout: from,
    serverUrl: 'https://github.com',
    token: undefined,
  });
}

function lastTwo(): [Measurement, Measurement] {
  const [base, head] = measurements.slice(-2);
  if (base === undefined || head === undefined) throw new Error('there are sixty');
  return [base, head];
}

async function judge(test: TestRun, inputs: Readonly<Record<string, string>>, store = openStore(test)) {
  const [base, head] = lastTwo();
  const config = readConfig({ 'max-drift': '10%', ...inputs }, undefined);
  const context = { serverUrl: 'https://github.com' };
  const from = await driftFrom(test.run, { mode: 'gate', config, workspace: checkout, context, token: '' });
  const storage = { baselines: store, measuringSha256 };
  const history = await historyFor(test.run, { branch: 'main' }, storage, head, from);
  const pair = { base, head, noVerdict: undefined, notes: [], baseIsNew: false };
  return (await decidePair(config, pair, history)).comparison;
}

describe('sixty measurements stored on a branch', () => {
  test('have two steps at the right commits and a creep that fails', async () => {
    using run = openTestRun(join(folder.path, 'whole'));
    const comparison = await judge(run, { 'drift-window': '3660d' });
    const [row] = comparison.history?.rows ?? [];
    expect(row?.entries).toBe(commits);
    expect(row?.steps.map(({ commit }) => commit)).toEqual([shas[20], shas[40]]);
    expect(row?.drift).toMatchObject({ from: shas[0], established: true });
    expect(comparison).toMatchObject({ verdict: 'fail', history: { branch: 'main', maxDrift: 0.1 } });
    expect(run.warnings).toEqual([]);
  });

  test('are looked at from a tag that the clone does not have', async () => {
    using run = openTestRun(join(folder.path, 'tag'));
    const { history } = await judge(run, { 'drift-from': 'v1.0.0' });
    expect(history?.rows[0]?.drift).toMatchObject({ from: shas[10], entries: commits - 10 });
  });

  test('decide nothing from a commit that was not measured, and warning, note and headline say so', async () => {
    using run = openTestRun(join(folder.path, 'head'));
    const { history, verdict, headline, notes } = await judge(run, { 'drift-from': 'main' });
    expect(history?.rows[0]?.drift).toBeUndefined();
    expect(verdict).toBe('inconclusive');
    expect(headline).toMatch(/^max-drift is not judged: commit [0-9a-f]{7}, which drift-from names, is not/);
    expect(notes).toEqual([
      expect.stringContaining('is not among the 59 stored measurements of branch main'),
    ]);
    expect(run.warnings).toEqual([
      expect.stringMatching(/^drift-from: commit [0-9a-f]{7} is not among the 59 stored/),
    ]);
  });

  test('are no matter where no verdict follows', async () => {
    using run = openTestRun(join(folder.path, 'measures'));
    const config = readConfig({ 'drift-from': 'v9.9.9' }, undefined);
    const context = { serverUrl: 'https://github.com' };
    const request = { mode: 'measure', config, workspace: checkout, context, token: '' } as const;
    expect(await driftFrom(run.run, request)).toBeUndefined();
  });

  test('are not asked for what is no commit', async () => {
    using run = openTestRun(join(folder.path, 'none'));
    const asked = judge(run, { 'drift-from': 'v9.9.9' });
    await expect(asked).rejects.toThrow(SnapgateError);
    await expect(asked).rejects.toThrow(/^drift-from: there is no commit "v9.9.9"/);
  });

  test('are no part of a verdict where the store is down: one warning, and the rows decide', async () => {
    using run = openTestRun(join(folder.path, 'down'));
    const gone = openBranchStore(run.run, {
      branch: 'snapgate-baselines',
      checkout: join(folder.path, 'nowhere'),
      serverUrl: 'https://github.com',
      token: undefined,
    });
    const comparison = await judge(run, {}, gone);
    expect(comparison.history).toBeUndefined();
    expect(comparison.verdict).toBe('pass');
    expect(comparison.notes).toEqual([
      expect.stringMatching(/^max-drift is not judged here: .* has no measurement of branch main/),
    ]);
    expect(run.warnings).toHaveLength(1);
  });
});
