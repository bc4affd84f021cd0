import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { measureCosts } from '../../bench/cycle-cost.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { openTestRun } from '../baseline/test-run.ts';

const mebi = 1024 ** 2;

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

test('the bench of a cycle measures snapgate and its peers in one run', async () => {
  using test = openTestRun(folder.path);
  const { tables, figures } = await measureCosts(test.run, {
    sizes: [16 * mebi, 24 * mebi, 32 * mebi],
    dirtyPages: [200, 2000],
    repetitions: 1,
    peerRepetitions: 1,
  });
  expect(tables.map(({ rows }) => rows.length)).toEqual([3, 2]);
  for (const name of ['cmpRatioAt2GiB', 'costRatio2GiBTo256MiB', 'cycleMsAt200Pages', 'cycleMsAt2000Pages'])
    expect(figures[name], name).toBeGreaterThan(0);
});

test('a bench that does not exist is an error that lists what does', () => {
  const { status, stderr } = spawnSync(process.execPath, [runner, 'nope'], { encoding: 'utf8' });
  expect(status).toBe(64);
  expect(stderr).toMatch(/no bench "nope"[\s\S]*cycle-cost: /);
});

const runner = join(import.meta.dirname, '../../bench/run.ts');
