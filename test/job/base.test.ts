import { describe, expect, it } from 'vitest';
import type { Run } from '../../src/host/run.ts';
import { settleBase, type Wanted } from '../../src/job/base.ts';
import type { ExpectedFingerprint } from '../../src/measure/record.ts';
import { storedMeasurement } from '../baseline/stored.ts';

const nothing = () => {};
const run: Run = {
  id: 'test',
  dir: '/none',
  cacheDir: '/none',
  log: { info: nothing, warning: nothing, detail: nothing },
  ledger: { path: '', add: nothing },
  signal: new AbortController().signal,
};

const measurement = storedMeasurement();

/** What a head would be measured with that differs from the base in these fields. */
function wanted(changed: Partial<ExpectedFingerprint>): Wanted {
  const { fingerprint, scenarios } = measurement;
  return { fingerprint: { ...fingerprint, ...changed }, scenarios, boots: 5, commit: undefined };
}

const settle = (changed: Parameters<typeof wanted>[0]) =>
  settleBase(run, { kind: 'measurement', measurement }, wanted(changed), undefined);

describe('a measurement that is named as the base', () => {
  it('stands where nothing differs, or is not known yet', async () => {
    expect((await settle({})).base).toEqual({ kind: 'measurement', measurement });
    const { base } = await settle({ engineVersion: undefined, kernelVersion: undefined });
    expect(base).toEqual({ kind: 'measurement', measurement });
  });

  it.each<[string, Parameters<typeof wanted>[0]]>([
    ['engine', { engine: 'firecracker', accelerator: 'kvm' }],
    ['engineVersion', { engineVersion: 'QEMU 99.0.0' }],
    ['machine', { machine: 'another' }],
  ])('is refused where the %s is another, with all fields that differ', async (_, changed) => {
    const { fingerprint } = measurement;
    const differs = Object.entries(changed).map(
      ([field, there]) =>
        `${field} is ${JSON.stringify(Object.entries(fingerprint).find(([name]) => name === field)?.[1])} on base and ${JSON.stringify(there)} on head`,
    );
    const refused = settle(changed);
    await expect(refused).rejects.toMatchObject({ name: 'SnapgateError', code: 'record' });
    await expect(refused).rejects.toThrow(/^base and head cannot be compared: /);
    for (const difference of differs) await expect(refused).rejects.toThrow(difference);
  });

  it('is not compared with a head of another machine, which is nobody’s mistake', async () => {
    expect((await settle({ hostCpu: 'Another CPU' })).base).toMatchObject({
      kind: 'none',
      noVerdict: { state: 'not-comparable', reason: expect.stringContaining('hostCpu is ') },
    });
  });
});
