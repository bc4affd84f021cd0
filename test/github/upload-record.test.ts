import { describe, expect, it } from 'vitest';
import { readForeignMeasurement, readUpload, type UploadRecord } from '../../src/github/upload-record.ts';
import { SnapgateError } from '../../src/host/error.ts';
import type { Measurement } from '../../src/measure/record.ts';
import { side } from '../report/samples.ts';

const gate: UploadRecord = { schema: 'snapgate/upload', version: 1, kind: 'gate', key: 'default' };
const entry: UploadRecord = { ...gate, kind: 'entry', entry: '512m', side: 'head' };

function faultOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof SnapgateError && error.code === 'record') return error.message;
    throw error;
  }
}

function upload(record: object): string | undefined {
  return faultOf(() => readUpload(JSON.stringify(record), 'upload.json'));
}

describe('an upload record', () => {
  it('is of a gate or of an entry, with what it needs', () => {
    const failure = { code: 'guest', message: 'm'.repeat(1000) } as const;
    const whole = { ...gate, pullRequest: 7, headSha: 'a'.repeat(40), failure };
    for (const record of [gate, entry, whole, { ...entry, shard: '1', pullRequest: 7 }])
      expect(readUpload(JSON.stringify(record), 'it')).toEqual(record);
  });

  it.each<[string, object]>([
    ['of another kind', { ...gate, schema: 'snapgate/measurement' }],
    ['of another version', { ...gate, version: 2 }],
    ['an unknown field', { ...gate, extra: 1 }],
    ['a field of an entry in a gate', { ...gate, entry: '512m' }],
    ['no side', { ...gate, kind: 'entry', entry: '512m' }],
    ['an unknown side', { ...entry, side: 'left' }],
    ['a key with a slash', { ...gate, key: '../default' }],
    ['a key with a line', { ...gate, key: 'a\n' }],
    ['a key that is too long', { ...gate, key: 'k'.repeat(65) }],
    ['an entry that is empty', { ...entry, entry: '' }],
    ['a number that is a text', { ...gate, pullRequest: '7' }],
    ['a number below 1', { ...gate, pullRequest: 0 }],
    ['a commit that is short', { ...gate, headSha: 'abc' }],
    ['a commit in capitals', { ...gate, headSha: 'A'.repeat(40) }],
    ['an unknown code', { ...gate, failure: { code: 'constructor', message: 'm' } }],
    ['a message that is too long', { ...gate, failure: { code: 'guest', message: 'm'.repeat(1001) } }],
    ['too much', { ...gate, failure: { code: 'guest', message: 'm'.repeat(20_000) } }],
    ['a list', []],
  ])('is refused with %s', (_, record) => {
    expect(upload(record)).toMatch(/^upload\.json /);
  });

  it('is refused where it nests without end, or is no JSON', () => {
    for (const text of ['{"a":'.repeat(2000), '['.repeat(10_000) + ']'.repeat(10_000), '', 'null', '\u0000'])
      expect(faultOf(() => readUpload(text, 'it'))).toBeDefined();
  });
});

describe('a foreign measurement', () => {
  const measurement = side('head');
  const read = (changes: Partial<Measurement>, of: 'base' | 'head' = 'head') =>
    faultOf(() => readForeignMeasurement(JSON.stringify({ ...measurement, ...changes }), 'it', of));
  const scenarios = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...first(), name: `s${index}` }));
  const first = () => {
    const [scenario] = measurement.scenarios;
    if (scenario === undefined) throw new Error('no scenario');
    return scenario;
  };
  const samplesOf = (count: number) => {
    const [boot] = measurement.boots;
    const [sample] = boot?.samples ?? [];
    if (boot === undefined || sample === undefined) throw new Error('no sample');
    return [{ ...boot, samples: Array.from({ length: count }, () => ({ ...sample, metrics: {} })) }];
  };

  it('is read as it is', () => {
    expect(readForeignMeasurement(JSON.stringify(measurement), 'it', 'head')).toEqual(measurement);
  });

  it('is refused where it is of the other side', () => {
    expect(read({}, 'base')).toContain('it is of head, not of base');
  });

  it('is refused where comparing it would take long', () => {
    expect(read({ scenarios: scenarios(1000) })).toBeUndefined();
    expect(read({ scenarios: scenarios(1001) })).toContain('scenarios');
    expect(read({ scenarios: scenarios(1000), boots: samplesOf(20_001) })).toContain(
      'more than can be compared',
    );
    expect(read({ notes: Array.from({ length: 1001 }, () => '') })).toContain('notes');
  });

  it('is refused where two scenarios have one name', () => {
    expect(read({ scenarios: [first(), first()] })).toContain('one name');
  });

  it('is refused where a number would overflow sums', () => {
    const [boot] = measurement.boots;
    const [sample] = boot?.samples ?? [];
    if (boot === undefined || sample === undefined) throw new Error('no sample');
    const huge = { ...sample, metrics: { 'memfile.writtenBytes': 1e300 } };
    expect(read({ boots: [{ ...boot, samples: [huge] }] })).toContain('Too big');
    expect(read({ boots: [{ ...boot, samples: [{ ...sample, parts: [huge.metrics] }] }] })).toContain(
      'Too big',
    );
  });

  it('is refused in a moment where it is made to cost memory', () => {
    const text = JSON.stringify(measurement);
    const started = Date.now();
    for (const filling of ['1,'.repeat(7_000_000), '['.repeat(7_000_000), '{},'.repeat(5_000_000)])
      expect(
        faultOf(() =>
          readForeignMeasurement(text.replace('"notes":[]', `"notes":[${filling}1]`), 'it', 'head'),
        ),
      ).toMatch(/values|deep/);
    expect(Date.now() - started).toBeLessThan(5000);
  });
});
