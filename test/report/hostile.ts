import { floorScenario } from '../../src/config/scenarios.ts';
import { readComparison, readMatrix } from '../../src/gate/read.ts';
import type { Comparison, Matrix } from '../../src/gate/record.ts';
import { readMeasurement } from '../../src/measure/read.ts';
import type { Measurement } from '../../src/measure/record.ts';

/** What a guest, a pull request or whoever wrote a record may put into a string of it. */
export const hostileTexts: readonly string[] = [
  '|',
  '\\|',
  '\\',
  '`',
  '``',
  '```',
  '~~~',
  '\n',
  '\r\n',
  '\n\n### ',
  '\n- ',
  '\n| a | b |\n|---|---|\n',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<details>',
  '</details>',
  '</summary>',
  '<!-- snapgate:default -->',
  '-->',
  '&lt;b&gt;',
  '&#64;team',
  '@team',
  '@org/team',
  'someone@example.org',
  '#1',
  'octo/guest#12',
  'GH-7',
  'https://example.org/?a=1&b=2',
  'www.example.org',
  'ftp://example.org',
  'mailto:a@b.example',
  '![x](https://example.org/y.png)',
  '[click](javascript:alert(1))',
  '[^1]',
  '*bold*',
  '__bold__',
  '~~gone~~',
  '$x^2$',
  ':tada:',
  '\u202egnorw',
  '\u2066x\u2069',
  '\u200b',
  '\u00ad',
  '\u3164',
  '\u2800',
  '\u001b[31mred',
  '\u001b]0;title\u0007',
  '\u009b31m',
  '\u0000',
  '\u0008',
  '\u007f',
  '\u0085',
  '\u2028',
  '\ud800',
  '\udfff',
  '::error::x',
  '%0A::stop-commands::x',
  '漢字',
  '🔴 fail',
  '  ',
  '\t',
  'x',
  '–',
];

export function hostileText(random: () => number, length = 6): string {
  const pick = () => hostileTexts[Math.floor(random() * hostileTexts.length)] ?? '';
  return Array.from({ length: 1 + Math.floor(random() * length) }, pick).join('');
}

/** Values with a fixed set, and the commit and the time, which the schema holds to their digits. */
const trusted = [
  'schema',
  'side',
  'verdict',
  'failedBy',
  'metric',
  'accelerator',
  'init',
  'from',
  'commit',
  'earliest',
  'latest',
  'measuredAt',
  'since',
  'state',
  'at',
];

/** The comparison with every free string in it replaced, but for the floor's name, which makes a line of its own; as read back from a file. */
export function hostileComparison(comparison: Comparison, text: () => string): Comparison {
  return readComparison(JSON.stringify(replaceTexts(comparison, text)), 'hostile.json');
}

/** The same of a matrix, the names of its entries included. */
export function hostileMatrix(matrix: Matrix, text: () => string): Matrix {
  return readMatrix(JSON.stringify(replaceTexts(matrix, text)), 'hostile.json');
}

/** The measurement with every free string in it replaced, as read back from a file; a scenario keeps its new name in all samples. */
export function hostileMeasurement(measurement: Measurement, text: () => string): Measurement {
  const names = new Map(
    measurement.scenarios.map(({ name }, index) => [name, `${index}${text()}`.slice(0, 500)] as const),
  );
  const renamed: Measurement = {
    ...measurement,
    scenarios: measurement.scenarios.map((each) => ({ ...each, name: names.get(each.name) ?? each.name })),
    boots: measurement.boots.map((boot) => ({
      ...boot,
      samples: boot.samples.map((sample) => ({
        ...sample,
        scenario: names.get(sample.scenario) ?? sample.scenario,
      })),
    })),
  };
  const kept = [...trusted, 'name', 'scenario'];
  return readMeasurement(JSON.stringify(replaceTexts(renamed, text, kept)), 'hostile.json');
}

/** What the schemas hold to fewer characters than the rest. */
const longest: Readonly<Record<string, number>> = { by: 100, name: 100 };

function replaceTexts(
  value: unknown,
  text: () => string,
  kept: readonly string[] = trusted,
  key = '',
): unknown {
  if (typeof value === 'string')
    return kept.includes(key) || value === floorScenario ? value : text().slice(0, longest[key] ?? 500);
  if (Array.isArray(value)) return value.map((each) => replaceTexts(each, text, kept, key));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, replaceTexts(each, text, kept, name)]),
  );
}
