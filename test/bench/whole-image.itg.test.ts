import { expect, test } from 'vitest';
import { measureComparison } from '../../bench/whole-image.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { openTestRun } from '../baseline/test-run.ts';

/** The bench itself throws where any of the ways finds another number of differences than were made. */
test('the bench of the whole-image comparison measures it and its peers in one run', async () => {
  using folder = temporaryFolder();
  using test = openTestRun(folder.path);
  const { tables, figures } = await measureComparison(test.run, {
    bytes: 8 * 1024 ** 2,
    differingPages: 50,
    repetitions: 2,
  });
  expect(tables.map(({ rows }) => rows.length)).toEqual([4]);
  for (const name of ['speedupOverCmpList', 'ratioToCmp', 'ratioToCat'])
    expect(figures[name], name).toBeGreaterThan(0);
});
