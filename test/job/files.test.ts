import { mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { version } from '../../src/host/version.ts';
import { compareFiles, readRecordFile } from '../../src/job/compare.ts';
import { writeRecord, writeText } from '../../src/job/files.ts';
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

describe('stored records', () => {
  it('of two sides make a comparison by this version, with both measurements beside it', () => {
    writeRecord(folder.path, 'base.json', side('base'));
    writeRecord(folder.path, 'head.json', side('head', growing({ pause: 2 })));
    const input = compareFiles(at('base.json'), at('head.json'), readConfig({}, undefined).gate);
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
