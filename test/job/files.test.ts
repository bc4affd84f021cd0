import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { version } from '../../src/host/version.ts';
import { compareFiles, readRecordFile } from '../../src/job/compare.ts';
import { checkOutputDir, recordNames, writeRecord, writeText } from '../../src/job/files.ts';
import { renderRecord } from '../../src/job/report.ts';
import { maxRecordBytes } from '../../src/measure/parse.ts';
import { json } from '../../src/report/json.ts';
import { temporaryFolder, writeFiles } from '../baseline/repository.ts';
import { growing, side } from '../report/samples.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

const at = (name: string) => join(folder.path, name);

describe('the folder for records', () => {
  it('holds records as they are read back, indented, with a line break at the end', () => {
    const record = side('head');
    const path = writeRecord(folder.path, 'measurement.json', record);
    expect(readFileSync(path, 'utf8')).toBe(`${JSON.stringify(record, null, 2)}\n`);
    expect(JSON.parse(renderRecord(path, json))).toEqual(record);
  });

  it('that cannot take a file is an error of the host', () => {
    mkdirSync(at('report.md'));
    expect(() => writeText(folder.path, 'report.md', 'x')).toThrow(
      expect.objectContaining({ code: 'host', message: `${at('report.md')} cannot be written (EISDIR)` }),
    );
  });
});

describe('a folder for records that a commit may have made', () => {
  it('is checked without a trace', () => {
    checkOutputDir(at('a/b'));
    expect(readdirSync(folder.path)).toEqual([]);
    mkdirSync(at('c'));
    checkOutputDir(at('c'));
    expect(readdirSync(folder.path)).toEqual(['c']);
  });

  it('is an error before anything is measured where it cannot be made', () => {
    writeFiles(folder.path, { file: '' });
    expect(() => checkOutputDir(at('file/report'))).toThrow(
      expect.objectContaining({ code: 'host', message: expect.stringContaining('cannot be written') }),
    );
  });

  it.each(recordNames)('has no symlink called %s written through', (name) => {
    writeFiles(folder.path, { victim: 'precious' });
    symlinkSync(at('victim'), at(name));
    expect(() => checkOutputDir(folder.path)).toThrow(`${at(name)} is a symlink`);
    expect(() => writeText(folder.path, name, 'x')).toThrow(`${at(name)} cannot be written (ELOOP)`);
    expect(readFileSync(at('victim'), 'utf8')).toBe('precious');
  });

  it('makes no file where a symlink leads nowhere', () => {
    symlinkSync(at('new'), at('report.md'));
    expect(() => writeText(folder.path, 'report.md', 'x')).toThrow(/ELOOP/);
    expect(existsSync(at('new'))).toBe(false);
  });

  it.each(['link', 'link/', './link'])('is not itself a symlink: %s', (path) => {
    mkdirSync(at('elsewhere'));
    symlinkSync(at('elsewhere'), at('link'));
    const dir = `${folder.path}/${path}`;
    for (const write of [() => checkOutputDir(dir), () => writeText(dir, 'report.md', 'x')])
      expect(write).toThrow(`${at('link')} is a symlink`);
    expect(readdirSync(at('elsewhere'))).toEqual([]);
  });
});

describe('stored records', () => {
  it('of two sides make a comparison by this version, with both measurements beside it', () => {
    writeRecord(folder.path, 'measurement-base.json', side('base'));
    writeRecord(folder.path, 'measurement-head.json', side('head', growing({ pause: 2 })));
    const input = compareFiles(
      at('measurement-base.json'),
      at('measurement-head.json'),
      readConfig({}, undefined).gate,
    );
    expect(input.comparison).toMatchObject({ verdict: 'fail', snapgate: version });
    expect(input.comparison.createdAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    expect([input.base, input.head]).toEqual([side('base'), side('head', growing({ pause: 2 }))]);
  });

  it('are read up to the limit of a record', () => {
    writeFiles(folder.path, { record: '' });
    expect(readRecordFile(at('record'))).toBe('');
    truncateSync(at('record'), maxRecordBytes + 1);
    expect(() => readRecordFile(at('record'))).toThrow(
      expect.objectContaining({
        code: 'record',
        message: expect.stringContaining('too large to be a record'),
      }),
    );
  });

  it('that are not there are an error that names the file', () => {
    expect(() => readRecordFile(at('gone'))).toThrow(
      expect.objectContaining({ code: 'record', message: `there is no file ${at('gone')}` }),
    );
    expect(() => readRecordFile(folder.path)).toThrow(`${folder.path} cannot be read (EISDIR)`);
  });
});
