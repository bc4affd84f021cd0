import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Cell, compareWays, disagreeingPages, type Way } from '../../bench/agreement.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { openTestRun } from '../baseline/test-run.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

test('the oracle guest on QEMU and on the FAKE Firecracker: no page is told differently', async () => {
  using test = openTestRun(folder.path);
  const extent = { oraclePages: [0, 7], scenarios: [], firecracker: undefined };
  const { tables, figures } = await compareWays(test.run, extent);
  expect(figures).toEqual({ cells: 4, disagreeingPages: 0 });
  expect(tables.map(({ rows }) => rows.map((row) => row.slice(1)))).toEqual([
    [
      ['0', '0', '0'],
      ['7', '7', '0'],
      ['0', '0', '0'],
      ['7', '7', '0'],
    ],
  ]);
});

const written = (...pages: number[]): Way => ({ of: 'written', how: 'a', pages: new Set(pages) });
const changed = (...pages: number[]): Way => ({ of: 'changed', how: 'b', pages: new Set(pages) });
const cell = (...ways: Way[]): Cell => ({ guest: 'g', cycle: 'c', engine: 'e', ways });

test.each<[string, Cell, number]>([
  ['ways that agree', cell(written(1, 2), written(2, 1), changed(1), changed(1)), 0],
  ['a page that one lacks', cell(written(1, 2), written(1)), 1],
  ['as many pages, but others', cell(written(1, 2), written(2, 3)), 2],
  ['a number against pages', cell(written(1, 2), { of: 'written', how: 'n', pages: 5 }), 3],
  ['no number at all', cell(written(1), { of: 'written', how: 'n', pages: Number.NaN }), Number.NaN],
  ['a page that changed and was not written', cell(written(1), changed(2)), 1],
])('%s', (_, given, expected) => {
  expect(disagreeingPages(given)).toBe(expected);
});
