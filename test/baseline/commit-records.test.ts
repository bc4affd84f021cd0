import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CommitRecords, openCommitRecords, trustedMs } from '../../src/baseline/commit-records.ts';
import { imageKey } from '../../src/measure/image-key.ts';
import { temporaryFolder } from './repository.ts';
import { storedMeasurement, storeQuery } from './stored.ts';
import { openTestRun, type TestRun } from './test-run.ts';

let folder: ReturnType<typeof temporaryFolder>;
let current: TestRun;
let records: CommitRecords;
beforeEach(() => {
  folder = temporaryFolder();
  current = openTestRun(folder.path);
  records = open();
});
afterEach(() => {
  current[Symbol.dispose]();
  folder[Symbol.dispose]();
});

/** As of some time after the measurements were taken. */
const open = ({ key = '1', laterMs = 3600e3, limitBytes = 1024 ** 3 } = {}) =>
  openCommitRecords(current.run, key.repeat(64), {
    limitBytes,
    nowMs: () => Date.parse(storedMeasurement().createdAt) + laterMs,
  });
const query = storeQuery({ boots: 1 });
const commit = 'a'.repeat(40);
const dir = () => join(folder.path, 'cache/measurements');

it('keeps a measurement for the next run: of the commit, and of the same bytes', () => {
  const measurement = storedMeasurement({ commit });
  records.save(measurement);
  const next = open();
  expect(next.find(commit, query)).toEqual(measurement);
  expect(next.find('b'.repeat(40), query)).toBeUndefined();
  expect(next.findImage(imageKey(measurement.image) ?? '', query)).toEqual(measurement);
  expect(next.findImage('another', query)).toBeUndefined();
  expect(current.warnings).toEqual([]);
});

it('has none of what was measured in another way, on another machine, or with fewer boots', () => {
  records.save(storedMeasurement({ commit }));
  expect(open({ key: '2' }).find(commit, query)).toBeUndefined();
  const elsewhere = { ...query, fingerprint: { ...query.fingerprint, hostCpu: 'Another CPU' } };
  expect(records.find(commit, elsewhere)).toBeUndefined();
  expect(records.find(commit, { ...query, boots: 6 })).toBeUndefined();
  expect(records.find(commit, { ...query, metrics: ['pauseMs'] })).toBeUndefined();
});

it('takes the place of a record with fewer boots', () => {
  records.save(storedMeasurement({ commit, boots: 2 }));
  records.save(storedMeasurement({ commit, boots: 3 }));
  expect(records.find(commit, query)?.boots).toHaveLength(3);
  expect(readdirSync(dir())).toHaveLength(1);
});

it('passes over what is not what its name says, with one warning', () => {
  records.save(storedMeasurement({ commit }));
  const [name = ''] = readdirSync(dir());
  const text = readFileSync(join(dir(), name), 'utf8');
  const other = 'c'.repeat(40);
  writeFileSync(join(dir(), name.replace(commit, other)), text);
  writeFileSync(join(dir(), name), text.slice(0, 100));
  writeFileSync(join(dir(), 'stray.json'), 'x');
  expect([records.find(commit, query), records.find(other, query)]).toEqual([undefined, undefined]);
  expect(current.warnings).toHaveLength(1);
});

it('keeps the thousand that were used last', () => {
  records.save(storedMeasurement({ commit }));
  const [name = ''] = readdirSync(dir());
  for (let index = 0; index < 1005; index += 1)
    writeFileSync(join(dir(), name.replace(commit, index.toString(16).padStart(40, '0'))), '{}');
  records.save(storedMeasurement({ commit: 'd'.repeat(40) }));
  expect(readdirSync(dir())).toHaveLength(1000);
  expect(records.find('d'.repeat(40), query)).toBeDefined();
});

it('is a warning where it cannot be written', () => {
  writeFileSync(dir(), 'a file');
  records.save(storedMeasurement({ commit }));
  expect(records.find(commit, query)).toBeUndefined();
  expect(current.warnings).toEqual([expect.stringMatching(/^the measurement of aaaaaaa is not kept: /)]);
  expect(existsSync(dir())).toBe(true);
});

it('trusts the newest of a commit, for some hours; the same bytes for ever', () => {
  const [year] = (storedMeasurement().createdAt.match(/^\d+/) ?? []).map(Number);
  const old = storedMeasurement({ commit, boots: 5, createdAt: `${Number(year) - 1}-01-01T00:00:00.000Z` });
  const other = { ...old, image: { ...old.image, rootfsSha256: 'e'.repeat(64) } };
  const now = storedMeasurement({ commit, boots: 2 });
  records.save(other);
  expect(records.find(commit, query)).toBeUndefined();
  expect(records.findImage(imageKey(other.image) ?? '', query)).toEqual(other);
  records.save(now);
  expect(records.find(commit, query)).toEqual(now);
  expect(open({ laterMs: trustedMs }).find(commit, query)).toEqual(now);
  expect(open({ laterMs: trustedMs + 1 }).find(commit, query)).toBeUndefined();
  expect(open({ laterMs: trustedMs + 1 }).findImage(imageKey(now.image) ?? '', query)).toEqual(now);
  // Of a clock that was set back since.
  expect(open({ laterMs: -1 }).find(commit, query)).toBeUndefined();
});

it('keeps no more bytes than it may, but the last one whole', () => {
  const small = open({ limitBytes: 1 });
  for (const letter of 'abc') small.save(storedMeasurement({ commit: letter.repeat(40) }));
  expect(readdirSync(dir())).toHaveLength(1);
});
