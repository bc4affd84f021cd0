import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfigFile } from '../../src/config/file.ts';
import { acceptGrowth } from '../../src/gate/accept.ts';
import { readComparison, readMatrix } from '../../src/gate/read.ts';
import { readMeasurement } from '../../src/measure/read.ts';
import { emitSchemas } from '../../src/report/schemas.ts';
import { accepts } from './json-schema.ts';
import {
  acceptance,
  growing,
  matrixOf,
  noBaseline,
  pairOf,
  reportOf,
  side,
  withoutVerdict,
} from './samples.ts';

const schemas = new Map(
  Object.entries(emitSchemas()).map(([name, text]) => [name, JSON.parse(text) as unknown]),
);
const committed = join(import.meta.dirname, '../../schema');

/** Whether our own reader takes it. */
function takes(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}

type Json = Record<string, unknown>;

/** A deep copy with one more key in every object of it, each in a copy of its own: unknown keys in every place. */
function withStrayKeys(value: unknown, wrap: (part: unknown) => unknown = (part) => part): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  const entries = Object.entries(value);
  const deeper = entries.flatMap(([key, part]) =>
    withStrayKeys(part, (changed) =>
      wrap(Array.isArray(value) ? value.with(Number(key), changed) : { ...value, [key]: changed }),
    ),
  );
  return Array.isArray(value) ? deeper.slice(0, 20) : [wrap({ ...value, stray: 1 }), ...deeper.slice(0, 40)];
}

/** The same with each key of each object taken away. */
function withMissingKeys(value: unknown, wrap: (part: unknown) => unknown = (part) => part): unknown[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value))
    return value
      .slice(0, 1)
      .flatMap((part) => withMissingKeys(part, (changed) => wrap(value.with(0, changed))));
  return Object.entries(value).flatMap(([key, part]) => {
    const { [key]: _, ...rest } = value as Json;
    return [wrap(rest), ...withMissingKeys(part, (changed) => wrap({ ...value, [key]: changed }))];
  });
}

const head = { ...side('head', growing({ spawn: 2 })), notes: ['a note'] };
const records = [
  [
    'comparison.schema.json',
    reportOf(side('base'), head, {}, 'gate: {pause: {resumeMs: {max: 1s, warn-above: 1%}}}').comparison,
    readComparison,
  ],
  ['comparison.schema.json', reportOf(undefined, head).comparison, readComparison],
  ['comparison.schema.json', withoutVerdict(noBaseline).comparison, readComparison],
  [
    'comparison.schema.json',
    acceptGrowth(reportOf(side('base'), head).comparison, acceptance),
    readComparison,
  ],
  [
    'matrix.schema.json',
    acceptGrowth(matrixOf({ small: pairOf(), gone: 'its job failed' }), acceptance),
    readMatrix,
  ],
  ['measurement.schema.json', head, readMeasurement],
  ['measurement.schema.json', { ...head, boots: [], scenarios: [], notes: [] }, readMeasurement],
] as const;

describe('the emitted schemas', () => {
  it('are the committed ones', () => {
    for (const [name, text] of Object.entries(emitSchemas()))
      expect(readFileSync(join(committed, name), 'utf8')).toBe(text);
  });

  it('are the same at every call', () => {
    expect(emitSchemas()).toEqual(emitSchemas());
  });

  it.each(records)('%s accepts what is written', (name, record) => {
    expect(accepts(schemas.get(name), JSON.parse(JSON.stringify(record)))).toBe(true);
  });

  it.each(records)(
    '%s refuses an unknown key in every place, and so does the reader',
    (name, record, read) => {
      const strays = withStrayKeys(JSON.parse(JSON.stringify(record)));
      expect(strays.length).toBeGreaterThan(3);
      for (const stray of strays) {
        expect(accepts(schemas.get(name), stray)).toBe(false);
        expect(takes(() => read(JSON.stringify(stray), 'stray.json'))).toBe(false);
      }
    },
  );

  it.each(records)('%s and the reader agree on every key that may be missing', (name, record, read) => {
    for (const short of withMissingKeys(JSON.parse(JSON.stringify(record)))) {
      const text = JSON.stringify(short);
      expect([text, accepts(schemas.get(name), short)]).toEqual([
        text,
        takes(() => read(text, 'short.json')),
      ]);
    }
  });
});

describe('the schema of snapgate.yml', () => {
  const schema = schemas.get('snapgate.yml.schema.json');

  it.each([
    'defaults: {dockerfile: D, boots: 5, scenarios: [pause], metrics: resumeMs, comment: false, accel: kvm}',
    'scenarios: {mine: {run: x, settle: 2s, check: y, from: base, repeat: 3, timeout: 1min}}',
    'scenarios: {mine: {}}\ngate: {mine: {memfile.writtenBytes: {fail-above: 5%, warn-above: 1%, min-growth: 1MiB, max: 2MiB}}}',
    'defaults:\nscenarios:\ngate:\n',
    'scenario: {}',
    'defaults: {boots: "5"}',
    'defaults: {boots: 2.5}',
    'defaults: {memory-size: 512}',
    'defaults: {accel: hvf}',
    'defaults: {github-token: x}',
    'defaults: {scenarios: 5}',
    'scenarios: {Mine: {}}',
    `scenarios: {${'x'.repeat(41)}: {}}`,
    'scenarios: {mine: {run: ""}}',
    'scenarios: {mine: {repeat: 0}}',
    'scenarios: {mine: {repeat: 101}}',
    'scenarios: {mine: {from: head}}',
    'scenarios: {mine: {runn: x}}',
    'gate: {pause: {memfile.writenBytes: {}}}',
    'gate: {pause: {resumeMs: {fail-above: 5}}}',
    'gate: {pause: {resumeMs: {fail-abov: 5%}}}',
    'gate: 5',
  ])('and the reader agree on %s', (text) => {
    expect(accepts(schema, parse(text))).toBe(takes(() => readConfigFile(text, 'snapgate.yml')));
  });
});
