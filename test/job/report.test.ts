import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { calibrate } from '../../src/gate/calibrate.ts';
import { renderRecord } from '../../src/job/report.ts';
import { readMeasurement } from '../../src/measure/read.ts';
import { bisectionTable } from '../../src/report/bisection-table.ts';
import { calibrationTable } from '../../src/report/calibration-table.ts';
import { json } from '../../src/report/json.ts';
import { markdown } from '../../src/report/markdown.ts';
import { terminal } from '../../src/report/terminal.ts';
import { noisyMeasurement } from '../gate/noisy-measurement.ts';
import { bisection as sampleBisection } from '../report/sample-bisection.ts';
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

  it('may be a bisection or a calibration, as the verb shows it', async () => {
    const sampleCalibration = await calibrate({
      measurement: noisyMeasurement({ boots: 6, between: 0.002, within: 0.005, seed: 1, pages: 2560 }),
      setting: { config: readConfig({}, undefined).gate, plan: { leastBoots: 2, mostBoots: 3 } },
      meta: { snapgate: '0.1.0', now: '2026-01-02T03:04:05.000Z' },
      effort: { gates: 10, triedGates: 10, seed: 1 },
    });
    const colour = false;
    const typed = terminal({ colour });
    const [bisection, calibration] = [stored('e.json', sampleBisection), stored('f.json', sampleCalibration)];
    const shown = bisectionTable(sampleBisection, { colour, reproduce: undefined });
    expect(renderRecord(bisection, typed)).toBe(shown);
    expect(renderRecord(calibration, typed)).toBe(calibrationTable(sampleCalibration, { colour }));
    expect(JSON.parse(renderRecord(bisection, json))).toEqual(sampleBisection);
    expect(JSON.parse(renderRecord(calibration, json))).toEqual(sampleCalibration);
    // Nothing in a record ends the block that it is shown in.
    const hostile = { ...sampleBisection, headline: 'a\n```\n<b>' };
    const lines = renderRecord(stored('g.json', hostile), markdown).split('\n');
    expect(lines.filter((line) => line.startsWith('```'))).toEqual(['```text', '```']);
    expect(lines[1]).toBe('FOUND  a ˋˋˋ <b>');
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
