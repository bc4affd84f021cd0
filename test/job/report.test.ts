import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { renderRecord } from '../../src/job/report.ts';
import { readMeasurement } from '../../src/measure/read.ts';
import { json } from '../../src/report/json.ts';
import { markdown } from '../../src/report/markdown.ts';
import { terminal } from '../../src/report/terminal.ts';
import { matrixOf, pairOf, reportOf, side } from '../report/samples.ts';

const dir = mkdtempSync(join(tmpdir(), 'snapgate-report-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function stored(name: string, record: object): string {
  const path = join(dir, name);
  writeFileSync(path, JSON.stringify(record));
  return path;
}

const head = readMeasurement(JSON.stringify(side('head')), 'head.json');
const { comparison } = reportOf(side('base'), head);
const matrix = matrixOf({ small: pairOf({ spawn: 2 }), gone: 'its job failed' });

describe('a record that is shown again', () => {
  it.each([json, markdown, terminal({ colour: false })])('is of its kind, as $name', (exporter) => {
    expect(renderRecord(stored('a.json', comparison), exporter)).toBe(exporter.render({ comparison }));
    expect(renderRecord(stored('b.json', matrix), exporter)).toBe(exporter.renderMatrix({ matrix }));
    expect(renderRecord(stored('c.json', head), exporter)).toBe(exporter.renderMeasurement(head));
  });

  it('must be valid: a matrix with an unknown key is refused', () => {
    const path = stored('d.json', { ...matrix, stray: 1 });
    expect(() => renderRecord(path, json)).toThrow(
      expect.objectContaining({
        code: 'record',
        message: expect.stringContaining('is not a valid comparison of a matrix'),
      }),
    );
  });
});
