import { describe, expect, it } from 'vitest';
import { stepTable } from '../../src/report/step-table.ts';
import { side } from './samples.ts';

describe('the table of steps', () => {
  const measured = side('head');
  const ofE2b = { ...measured, fingerprint: { ...measured.fingerprint, engine: 'e2b' } };

  it('is e2b’s alone', () => {
    expect(stepTable(measured)).toEqual([]);
    expect(stepTable(ofE2b)[0]).toBe(`head, boot 1 of ${measured.boots.length}`);
  });

  it('has the script’s titles in its order, for each boot, and bytes to the byte', () => {
    const lines = stepTable(ofE2b);
    const titles = lines.filter((line) => line.startsWith('=== '));
    expect(titles.slice(0, 8)).toEqual([
      '=== Step 1: Build base template ===',
      '=== Step 2: Immediate pause (baseline — no activity) ===',
      '=== Step 3: Resume + sleep 2s + pause (idle drift) ===',
      '=== Step 4: Resume + sleep 5s + pause (longer idle drift) ===',
      '=== Step 5: Resume + write files via envd + pause ===',
      '=== Step 6: Resume + start process via envd + pause ===',
      '=== Step 7: Multi-iteration pause benchmark (10x immediate pause) ===',
      '=== Done ===',
    ]);
    expect(titles).toHaveLength(8 * measured.boots.length);
    const [sample] = measured.boots[0]?.samples ?? [];
    expect(lines.join('\n')).toContain(`memfile diff ${sample?.metrics['memfile.writtenBytes']} B (`);
  });

  it('shows a scenario of the user’s under its name, harmless', () => {
    const [first, ...rest] = ofE2b.scenarios;
    if (first === undefined) throw new Error('no scenario');
    const own = { ...first, name: 'mine\u001b[2J\n=== Done ===' };
    const lines = stepTable({ ...ofE2b, scenarios: [own, ...rest] });
    expect(lines).toContain('=== mine [2J === Done === ===');
  });
});
