import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { builtInScenarios } from '../../src/config/scenarios.ts';
import { acceptGrowth } from '../../src/gate/accept.ts';
import { incomparable } from '../../src/gate/comparable.ts';
import { compareMeasurements } from '../../src/gate/compare.ts';
import { exitCodeOf } from '../../src/gate/exit-code.ts';
import { type Outcome, outcomeOf } from '../../src/gate/outcome.ts';
import { type Comparison, comparisonSchema, type NoVerdict, type Verdict } from '../../src/gate/record.ts';
import { fingerprintSchema, type Measurement } from '../../src/measure/record.ts';
import { growing, side } from '../report/samples.ts';

const meta = { snapgate: '0.1.0', now: '2026-01-02T03:04:05.000Z' };
const gate = (inputs: Readonly<Record<string, string>> = {}, file?: string) =>
  readConfig(inputs, file === undefined ? undefined : { path: 'snapgate.yml', text: file }).gate;

const noBaseline: NoVerdict = { state: 'no-baseline', reason: 'A push to main stores one.' };
const notComparable: NoVerdict = {
  state: 'not-comparable',
  reason: 'vcpus is 1 on base and 2 on head',
};

function without(
  noVerdict: NoVerdict,
  inputs: Readonly<Record<string, string>> = {},
  base?: Measurement,
  file?: string,
): Comparison {
  return compareMeasurements(base, side('head'), gate(inputs, file), { ...meta, noVerdict });
}

describe('a comparison without a verdict', () => {
  it.each([
    [noBaseline, 'no baseline yet: A push to main stores one'],
    [notComparable, 'not comparable: vcpus is 1 on base and 2 on head'],
  ])('is inconclusive, says which state it is, and has the numbers: %o', (noVerdict, headline) => {
    const comparison = without(noVerdict);
    expect(comparison).toMatchObject({ verdict: 'inconclusive', headline, noVerdict });
    expect(comparison.rows[0]?.head?.median).toBe(640 * 4096);
    expect(comparison.rows[0]?.reason).toBe(`${headline.charAt(0).toUpperCase()}${headline.slice(1)}.`);
    expect(comparisonSchema.parse(structuredClone(comparison))).toEqual(comparison);
  });

  it('fails by a cap all the same, and says so first', () => {
    const comparison = without(noBaseline, { 'max-memfile-written': '2MiB' });
    expect(comparison.verdict).toBe('fail');
    expect(comparison.headline).toMatch(
      /^memfile diff of pause 2\.50 MiB per cycle \(cap 2\.00 MiB\); also .*; no baseline yet$/,
    );
  });

  it('is no pass where all caps are held, by whatever metric', () => {
    const held = without(notComparable, { 'max-memfile-written': '4MiB' });
    expect(held.verdict).toBe('inconclusive');
    expect(held.rows[0]?.reason).toBe(
      'Within the cap of 4.00 MiB; not comparable: vcpus is 1 on base and 2 on head.',
    );
    const only = without(noBaseline, { metrics: 'resumeMs', 'max-memfile-changed': '4MiB' });
    expect(only.rows.filter((row) => row.verdict === 'pass')).toHaveLength(6);
    expect(only.verdict).toBe('inconclusive');
  });

  it('names a base that is there and takes no number of it', () => {
    const other = { ...side('base', growing({ pause: 9 })), scenarios: [], boots: side('base').boots };
    const comparison = without(notComparable, {}, other);
    expect(comparison).toMatchObject({ base: { label: 'main' }, boots: { base: 5, head: 5 } });
    for (const row of comparison.rows) {
      expect(row.base ?? row.growth ?? row.difference).toBeUndefined();
      expect(row.improved).toBe(false);
    }
  });

  it('still says which scenario was not measured', () => {
    const head = side('head');
    const cut = {
      ...head,
      boots: head.boots.map((boot) => ({
        ...boot,
        samples: boot.samples.filter(({ scenario }) => scenario !== 'spawn'),
      })),
    };
    const { rows } = compareMeasurements(undefined, cut, gate(), { ...meta, noVerdict: noBaseline });
    expect(rows.find(({ scenario }) => scenario === 'spawn')?.reason).toContain('Not measured on head');
  });
});

describe('outcomeOf and exitCodeOf', () => {
  const real = compareMeasurements(side('base'), side('head'), gate(), meta);
  const ofVerdict = (verdict: Verdict): Comparison => ({ ...real, verdict });
  const failing = compareMeasurements(side('base'), side('head', growing({ pause: 2 })), gate(), meta);
  const acceptance = { by: 'octocat', at: '2026-01-02T03:04:05Z', commit: 'b'.repeat(40) };

  it.each<readonly [string, Comparison, Outcome, number, number]>([
    ['pass', ofVerdict('pass'), 'pass', 0, 0],
    ['warn', ofVerdict('warn'), 'warn', 0, 0],
    ['fail', ofVerdict('fail'), 'fail', 1, 1],
    ['inconclusive', ofVerdict('inconclusive'), 'inconclusive', 0, 2],
    ['no baseline', without(noBaseline), 'no-baseline', 0, 0],
    ['not comparable', without(notComparable), 'not-comparable', 0, 2],
    ['a cap without a baseline', without(noBaseline, { 'max-memfile-written': '1MiB' }), 'fail', 1, 1],
    ['a cap, not comparable', without(notComparable, { 'max-memfile-written': '1MiB' }), 'fail', 1, 1],
    ['accepted', acceptGrowth(failing, acceptance), 'accepted', 0, 0],
    [
      'a cap accepted without a baseline',
      acceptGrowth(without(noBaseline, { 'max-memfile-written': '1MiB' }), acceptance),
      'accepted',
      0,
      0,
    ],
  ])('%s', (_, comparison, outcome, lenient, strict) => {
    expect(outcomeOf(comparison)).toBe(outcome);
    expect(exitCodeOf(comparison, { inconclusive: 'pass' })).toBe(lenient);
    expect(exitCodeOf(comparison, { inconclusive: 'fail' })).toBe(strict);
  });
});

describe('incomparable', () => {
  const base = side('base');

  it('of sides measured alike', () => {
    expect(incomparable(base, side('head'))).toBeUndefined();
  });

  it.each(fingerprintSchema.keyof().options)('names %s and both values', (field) => {
    const value = base.fingerprint[field];
    const other =
      field === 'accelerator' ? 'kvm' : typeof value === 'number' ? value + 1 : `${value} "of another"`;
    const fingerprint = fingerprintSchema.parse({ ...base.fingerprint, [field]: other });
    expect(incomparable(base, { ...side('head'), fingerprint })).toEqual({
      state: 'not-comparable',
      reason: `${field} is ${JSON.stringify(value)} on base and ${JSON.stringify(other)} on head`,
    });
  });

  it('names all fields where another engine has measured, and none that is not known yet', () => {
    const { engineVersion, accelerator } = base.fingerprint;
    const fingerprint = {
      ...base.fingerprint,
      engine: 'firecracker',
      engineVersion: 'Firecracker v1.14.1',
      accelerator: 'kvm' as const,
      kernelVersion: undefined,
    };
    expect(incomparable(base, { ...side('head'), fingerprint })).toEqual({
      state: 'not-comparable',
      reason: [
        'engine is "qemu" on base and "firecracker" on head',
        `engineVersion is ${JSON.stringify(engineVersion)} on base and "Firecracker v1.14.1" on head`,
        `accelerator is ${JSON.stringify(accelerator)} on base and "kvm" on head`,
      ].join('; '),
    });
  });

  it('names a scenario that vanished, before one that is new', () => {
    const [pause, ...others] = builtInScenarios;
    const fewer = side('head', undefined, { scenarios: others });
    const renamed = side('head', undefined, {
      scenarios: pause ? [...others, { ...pause, name: 'mine' }] : [],
    });
    const reason = 'scenario "pause" was measured on base but not on head';
    expect(incomparable(base, fewer)).toEqual({ state: 'not-comparable', reason });
    expect(incomparable(base, renamed)).toEqual({ state: 'not-comparable', reason });
    expect(incomparable(fewer, base)).toEqual({
      state: 'not-comparable',
      reason: 'scenario "pause" was measured on head but not on base',
    });
  });

  it('names what a scenario means now', () => {
    const slower = builtInScenarios.map((each) => ({ ...each, settleMs: each.settleMs + 1 }));
    expect(incomparable(base, side('head', undefined, { scenarios: slower }))).toEqual({
      state: 'not-comparable',
      reason: 'scenario "pause" is not the same on both sides: settleMs is 0 on base and 1 on head',
    });
  });

  it('does not care for the order of scenarios, and bounds what it quotes', () => {
    const turned = side('head', undefined, { scenarios: builtInScenarios.toReversed() });
    expect(incomparable(base, turned)).toBeUndefined();
    const fingerprint = { ...base.fingerprint, hostCpu: '\n'.repeat(500) };
    const found = incomparable(base, { ...side('head'), fingerprint });
    expect(found?.reason.length).toBeLessThan(200);
    expect(found).toMatchObject({ reason: expect.not.stringContaining('\n') });
  });
});
