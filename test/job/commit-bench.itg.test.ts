import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openWorkTree } from '../../src/baseline/git.ts';
import { readConfig } from '../../src/config/config.ts';
import type { Engine, EngineIdentity } from '../../src/engine/contract.ts';
import { type CommitBench, OutdatedRecords, openCommitBench } from '../../src/job/commit-bench.ts';
import { commitFiles, git, temporaryFolder } from '../baseline/repository.ts';
import { openTestRun, type TestRun } from '../baseline/test-run.ts';

let folder: ReturnType<typeof temporaryFolder>;
const runs: TestRun[] = [];
let repository: string;
let commits: { commit: string; subject: string }[];
beforeEach(() => {
  folder = temporaryFolder();
  repository = join(folder.path, 'repository');
  mkdirSync(repository);
  git(repository, 'init', '--quiet');
  commits = ['zero', 'one', 'two', 'three'].map((subject, place) => {
    const files = { '.gitmodules': '', notes: `${place}\n` };
    return { commit: commitFiles(repository, files, subject), subject };
  });
});
afterEach(() => {
  for (const each of runs.splice(0)) each[Symbol.dispose]();
  folder[Symbol.dispose]();
});

interface Fake {
  readonly buildMs?: number;
  /** What the builder has chosen. */
  readonly engineVersion?: string;
}

/** A fake of an engine whose guests come from a builder of its own: e2b without guests. What was built is listed by the commit's notes. */
function fakeEngine({ buildMs = 0, engineVersion = 'Firecracker v1' }: Fake, built: string[]): Engine {
  return {
    probe: async () => ({ ok: true, checks: [], identity: undefined, fallback: undefined }),
    build: async ({ checkout }) => {
      await wait(buildMs);
      built.push(git(checkout, 'log', '-1', '--format=%s'));
      return { kind: 'built', builder: 'e2b', checkout, sha256: '0'.repeat(64), rootfs: undefined };
    },
    prepare: async (_image, _options, dir) => {
      const versions = { engineVersion, kernelVersion: '6.1' };
      return { snapshot: { dir }, bootMs: 1, readyMs: 1, settled: true, versions };
    },
    fork: async (_snapshot, dir) => ({ dir }),
    cycle: async (parent) => ({ next: parent, metrics: { 'memfile.writtenBytes': 4096 }, cycleMs: 1 }),
  };
}

const identity: EngineIdentity = { engine: 'e2b', version: undefined, accelerator: 'kvm', machine: 'e2b' };

/** Each in a run of its own; the cache is of all. */
async function openBench(fake: Fake, built: string[], timeBudgetMs = 60_000): Promise<CommitBench> {
  const config = readConfig({ engine: 'e2b', scenarios: 'pause', cycles: '3', warmup: '0' }, undefined);
  const engine = fakeEngine(fake, built);
  const current = openTestRun(folder.path);
  runs.push(current);
  const report = { ok: true, checks: [], identity, fallback: undefined };
  return await openCommitBench(current.run, {
    config: { ...config, measure: { ...config.measure, timeBudgetMs } },
    checkout: repository,
    inputs: undefined,
    git: await openWorkTree(current.run, repository),
    engine: { engine, report, identity },
  });
}

const at = (place: number) => {
  const commit = commits[place];
  if (commit === undefined) throw new Error('there are four');
  return commit;
};

async function bootsOf(bench: CommitBench, place: number, boots: number): Promise<number | undefined> {
  return (await bench.measure(at(place), boots)).measurement?.boots.length;
}

test('the three commits used last stay checked out, and are built once for all their boots', async () => {
  const built: string[] = [];
  const bench = await openBench({}, built);
  for (const boots of [1, 2, 3])
    for (const place of [0, 1, 2]) expect(await bootsOf(bench, place, boots)).toBe(boots);
  expect(built).toEqual(['zero', 'one', 'two']);
  expect(await bootsOf(bench, 3, 1)).toBe(1);
  expect(git(repository, 'worktree', 'list').split('\n')).toHaveLength(4);
  expect(await bootsOf(bench, 0, 4)).toBe(4);
  expect(await bootsOf(bench, 2, 4)).toBe(4);
  expect(built).toEqual(['zero', 'one', 'two', 'three', 'zero']);
  // What all commits lack is said once.
  expect(runs[0]?.warnings).toEqual([expect.stringMatching(/submodules/)]);
});

test('builds are paid from the time budget, and a run that has none still gets on', async () => {
  const built: string[] = [];
  const bench = await openBench({ buildMs: 20 }, built, 10);
  const cut = await bench.measure(at(0), 3);
  expect(cut.measurement).toMatchObject({ boots: [{ index: 0 }], notes: [] });
  expect(await bench.measure(at(1), 1)).toMatchObject({ measurement: undefined, outOfTime: true });
  expect(built).toEqual(['zero']);
  const next = await openBench({ buildMs: 20 }, built, 10);
  expect([await bootsOf(next, 0, 1), await bootsOf(next, 1, 1)]).toEqual([1, 1]);
  expect(built).toEqual(['zero', 'one']);
});

test('what was kept with another VMM is said to be outdated, and is not in the way of the next run', async () => {
  const built: string[] = [];
  expect(await bootsOf(await openBench({}, built), 0, 1)).toBe(1);
  const updated = { engineVersion: 'Firecracker v2' };
  const bench = await openBench(updated, built);
  expect(await bootsOf(bench, 0, 1)).toBe(1);
  expect(built).toEqual(['zero']);
  await expect(bench.measure(at(1), 1)).rejects.toBeInstanceOf(OutdatedRecords);
  bench.startOver();
  expect([await bootsOf(bench, 0, 1), await bootsOf(bench, 1, 1)]).toEqual([1, 1]);
  expect(built).toEqual(['zero', 'one', 'zero']);
  const later = await openBench(updated, built);
  expect([await bootsOf(later, 0, 1), await bootsOf(later, 1, 1), await bootsOf(later, 2, 1)]).toEqual([
    1, 1, 1,
  ]);
  expect(built).toEqual(['zero', 'one', 'zero', 'two']);
});
