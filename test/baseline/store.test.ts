import { describe, expect, test } from 'vitest';
import { fingerprintKey, shortKey } from '../../src/baseline/measuring-key.ts';
import { oneWarning } from '../../src/baseline/one-warning.ts';
import { judgeStored, readStored } from '../../src/baseline/stand-in.ts';
import { fingerprintSchema, type Measurement } from '../../src/measure/record.ts';
import { storedMeasurement, storeQuery } from './stored.ts';

function reasonOf(measurement: Measurement, query = storeQuery()): string | undefined {
  const judged = judgeStored(measurement, query);
  return judged.kind === 'unusable' ? judged.reason : undefined;
}

describe('a stored measurement stands in', () => {
  test('when all is equal, and with more boots than asked for', () => {
    const measurement = storedMeasurement();
    for (const boots of [1, 4, 5])
      expect(judgeStored(measurement, storeQuery({ boots }))).toEqual({ kind: 'found', measurement });
  });

  test('not when any field of the fingerprint differs: the reason has its name and both values', () => {
    const { fingerprint } = storedMeasurement();
    for (const field of fingerprintSchema.keyof().options) {
      const there = typeof fingerprint[field] === 'number' ? 77 : field === 'accelerator' ? 'kvm' : 'other';
      const measurement = { ...storedMeasurement(), fingerprint: { ...fingerprint, [field]: there } };
      expect(reasonOf(measurement)).toBe(
        `the stored measurement of aaaaaaa is not used: ${field} was ${JSON.stringify(there)} there and is ${JSON.stringify(fingerprint[field])} here`,
      );
    }
  });

  test('not with fewer boots, and a boot that lacks a scenario does not count', () => {
    expect(reasonOf(storedMeasurement(), storeQuery({ boots: 6 }))).toContain('it has 5 of the 6 boots');
    const measurement = storedMeasurement();
    const boots = measurement.boots.map((boot, index) =>
      index === 0 ? { ...boot, samples: boot.samples.filter(({ scenario }) => scenario !== 'pause') } : boot,
    );
    expect(reasonOf({ ...measurement, boots })).toContain('it has 4 of the 5 boots');
    const onlyWarmup = boots.map((boot) => ({
      ...boot,
      samples: boot.samples.map((sample) => ({ ...sample, warmup: true })),
    }));
    expect(reasonOf({ ...measurement, boots: onlyWarmup })).toContain('it has 0 of the 5 boots');
  });

  test('not with other scenarios', () => {
    const measurement = storedMeasurement();
    const [first, ...others] = measurement.scenarios;
    if (first === undefined) throw new Error('no scenario');
    for (const scenarios of [
      others,
      [{ ...first, settleMs: 7 }, ...others],
      [{ ...first, run: 'true' }, ...others],
      [first, first, ...others],
      [...measurement.scenarios, { ...first, name: '</details>\n::error::' }],
    ])
      expect(reasonOf({ ...measurement, scenarios })).toMatch(/its scenario ".*" is not the one of this run/);
  });

  test('not without a metric that gates', () => {
    const metrics = ['memfile.writtenBytes', 'rootfs.writtenBytes'];
    expect(reasonOf(storedMeasurement(), storeQuery({ metrics }))).toContain('no "rootfs.writtenBytes"');
    expect(reasonOf(storedMeasurement(), storeQuery({ metrics: metrics.slice(0, 1) }))).toBeUndefined();
  });

  test('what a reason quotes is on one line and short', () => {
    const hostCpu = `x\n::error::${'y'.repeat(400)}`;
    const measurement = {
      ...storedMeasurement(),
      fingerprint: { ...storedMeasurement().fingerprint, hostCpu },
    };
    expect(reasonOf(measurement)).not.toContain('\n');
    expect(reasonOf(measurement)?.length).toBeLessThan(300);
  });
});

describe('a stored text', () => {
  const measurement = storedMeasurement();
  const claim = {
    where: 'the place',
    commit: 'a'.repeat(40),
    fingerprintKey: shortKey(fingerprintKey(measurement.fingerprint)),
  };

  test('is the measurement that its place says', () => {
    expect(readStored(JSON.stringify(measurement), claim)).toEqual(measurement);
  });

  test.each([
    ['no JSON', 'x', 'is not JSON'],
    ['another record', '{"schema":"snapgate/comparison","version":1}', 'is not a measurement'],
    ['another version', JSON.stringify({ ...measurement, version: 2 }), 'schema version 2'],
    ['a field more', JSON.stringify({ ...measurement, more: 1 }), 'is not a valid measurement'],
    [
      'another commit',
      JSON.stringify({ ...measurement, subject: { label: 'x', commit: 'b'.repeat(40) } }),
      'it is of bbbbbbb',
    ],
    ['no commit', JSON.stringify({ ...measurement, subject: { label: 'x' } }), 'it is of no commit'],
    [
      'another machine class',
      JSON.stringify({ ...measurement, fingerprint: { ...measurement.fingerprint, vcpus: 2 } }),
      'another machine class',
    ],
  ])('%s is refused', (_, text, why) => {
    expect(() => readStored(text, claim)).toThrow(why);
    expect(() => readStored(text, claim)).toThrow(/^the place /);
  });
});

test('one cause is one warning', () => {
  const said: string[] = [];
  const log = {
    info: (message: string) => said.push(`info ${message}`),
    warning: (message: string) => said.push(`warning ${message}`),
    detail: () => {},
  };
  const warn = oneWarning(log);
  for (const message of ['a', 'b', 'c']) warn(message);
  expect(said).toEqual(['warning a', 'info b', 'info c']);
});
