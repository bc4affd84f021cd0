import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { builtInScenarios } from '../../src/config/scenarios.ts';
import type { GateConfig } from '../../src/config/types.ts';
import type { CycleMetrics, MetricName } from '../../src/engine/contract.ts';
import { compareMeasurements } from '../../src/gate/compare.ts';
import type { Comparison, Row, Verdict } from '../../src/gate/record.ts';
import { studentUpperTail } from '../../src/stats/student.ts';
import { sampleMeasurement } from './sample-measurement.ts';

const meta = { snapgate: '0.1.0', now: '2026-01-02T03:04:05.000Z' };
const mebi = 1024 ** 2;

/** Each boot's number of a scenario and metric: MiB, or ms for a metric of time. */
type Numbers = Readonly<Record<string, Readonly<Partial<Record<MetricName, readonly number[]>>>>>;

function measured(side: 'base' | 'head', numbers: Numbers) {
  const boots = Math.max(
    ...Object.values(numbers).flatMap((metrics) => Object.values(metrics).map((all) => all.length)),
  );
  return sampleMeasurement({
    side,
    boots,
    rounds: 1,
    warmup: 0,
    scenarios: builtInScenarios.filter(({ name }) => name in numbers),
    metrics: (scenario, boot): CycleMetrics =>
      Object.fromEntries(
        Object.entries(numbers[scenario] ?? {}).flatMap(([metric, all]) => {
          const value = all[boot];
          return value === undefined ? [] : [[metric, metric.endsWith('Ms') ? value : value * mebi]];
        }),
      ),
  });
}

function gate(inputs: Readonly<Record<string, string>> = {}, file?: string): GateConfig {
  return readConfig(inputs, file === undefined ? undefined : { path: 'snapgate.yml', text: file }).gate;
}

function compare(base: Numbers | undefined, head: Numbers, config: GateConfig = gate()): Comparison {
  const ofBase = base && measured('base', base);
  return compareMeasurements(ofBase, measured('head', head), config, meta);
}

function rowOf({ rows }: Comparison, scenario = 'idle-2s', metric: MetricName = 'memfile.writtenBytes'): Row {
  const row = rows.find((each) => each.scenario === scenario && each.metric === metric);
  if (row === undefined) throw new Error(`no row of ${scenario}, ${metric}`);
  return row;
}

const memfile = (...all: readonly number[]): Numbers => ({ 'idle-2s': { 'memfile.writtenBytes': all } });

describe('the verdict of one row', () => {
  const cases: readonly (readonly [
    string,
    readonly number[] | undefined,
    readonly number[],
    Record<string, string>,
    Verdict,
    RegExp,
  ])[] = [
    [
      'established, past the ratio and past the floor',
      [10, 10.1, 9.9],
      [12, 12.1, 11.9],
      {},
      'fail',
      /is established, above 5 % and above 256 KiB\.$/,
    ],
    [
      'past the ratio and the floor, not established',
      [10, 14, 6],
      [12, 17, 8],
      {},
      'inconclusive',
      /is not told from chance/,
    ],
    [
      'established past the floor, the ratio out of reach',
      [100, 100.1, 99.9],
      [103, 103.1, 102.9],
      {},
      'pass',
      /^Growth above 5 % is ruled out\.$/,
    ],
    [
      'established past the floor, the ratio within the interval',
      [10, 10.2, 9.8],
      [10.45, 10.65, 10.25],
      { 'fail-above': '5%' },
      'inconclusive',
      /established|chance/,
    ],
    [
      'established past the ratio, the floor out of reach',
      [1, 1.001, 0.999],
      [1.2, 1.201, 1.199],
      {},
      'pass',
      /a fail needs more than 256 KiB\.$/,
    ],
    [
      'established past the ratio, the floor within the interval',
      [1, 1.02, 0.98],
      [1.24, 1.27, 1.21],
      {},
      'inconclusive',
      /^\+24\.0 % .* is established, but whether it is past the limits is not; a pass is likelier \(67 %\); about \d+ more boots? a side would decide\.$/,
    ],
    ['exactly at the ratio', [4, 4, 4], [5, 5, 5], { 'fail-above': '25%' }, 'pass', /ruled out/],
    [
      'exactly at the floor',
      [4, 4, 4],
      [5, 5, 5],
      { 'min-growth': '1MiB' },
      'pass',
      /needs more than 1\.00 MiB/,
    ],
    [
      'past the warning only',
      [10, 10.1, 9.9],
      [12, 12.1, 11.9],
      { 'fail-above': '30%', 'warn-above': '10%' },
      'warn',
      /above the warning at 10 %\.$/,
    ],
    [
      'past the warning, not past the floor',
      [1, 1.01, 0.99],
      [1.2, 1.21, 1.19],
      { 'fail-above': '30%', 'warn-above': '10%' },
      'pass',
      /./,
    ],
    [
      'past both, which is a failure and no warning',
      [10, 10.1, 9.9],
      [15, 15.1, 14.9],
      { 'fail-above': '30%', 'warn-above': '10%' },
      'fail',
      /./,
    ],
    [
      'smaller, established',
      [12, 12.1, 11.9],
      [10, 10.1, 9.9],
      {},
      'pass',
      /is established: 2\.00 MiB less than base\.$/,
    ],
    ['smaller, not established', [12, 17, 8], [10, 14, 6], {}, 'inconclusive', /not told from chance/],
    ['the same', [10, 10.1, 9.9], [10, 10.1, 9.9], {}, 'pass', /ruled out/],
    ['nothing on both sides', [0, 0, 0], [0, 0, 0], {}, 'pass', /^At most 0 B, and a fail needs more/],
    [
      'something from nothing, past the floor',
      [0, 0, 0],
      [1, 1, 1],
      {},
      'fail',
      /^\+1\.00 MiB \(\+1\.00 MiB … \+1\.00 MiB\) is established/,
    ],
    ['something from nothing, within the floor', [0, 0, 0], [0.2, 0.2, 0.2], {}, 'pass', /./],
    ['nothing from something', [1, 1, 1], [0, 0, 0], {}, 'pass', /1\.00 MiB less than base/],
    [
      'a base that is mostly nothing',
      [0, 0, 3],
      [5, 5, 5.1],
      {},
      'fail',
      /^\+5\.00 MiB \(\+1\.26 MiB … \+6\.81 MiB\) is established/,
    ],
    ['a base that is mostly nothing, but for one large', [0, 0, 5], [5, 5, 5.1], {}, 'inconclusive', /./],
    [
      'one boot of base',
      [10],
      [20, 20.1, 19.9],
      {},
      'inconclusive',
      /^\+100\.0 %, but fewer than two boots on a side give no interval: give it a longer time-budget, or more boots\.$/,
    ],
    ['one boot of head', [10, 10.1, 9.9], [20], {}, 'inconclusive', /fewer than two boots/],
    ['one boot a side and the same number', [10], [10], {}, 'inconclusive', /fewer than two boots/],
    ['no base, no caps', undefined, [10, 11], {}, 'pass', /^No base to compare with\.$/],
    [
      'no base, within the cap',
      undefined,
      [10],
      { 'max-memfile-written': '10MiB' },
      'pass',
      /^Within the cap of 10\.0 MiB; no base\.$/,
    ],
    [
      'no base, past the cap',
      undefined,
      [10.1],
      { 'max-memfile-written': '10MiB' },
      'fail',
      /^10\.1 MiB is above the cap of 10\.0 MiB\.$/,
    ],
    [
      'past the cap though smaller than base',
      [12, 12.1, 11.9],
      [10.1, 10.1, 10.1],
      { 'max-memfile-written': '10MiB' },
      'fail',
      /above the cap/,
    ],
    [
      'past the cap with too few boots for anything else',
      [10],
      [10.1],
      { 'max-memfile-written': '10MiB' },
      'fail',
      /above the cap/,
    ],
    [
      'within the cap and grown',
      [4, 4.1, 3.9],
      [6, 6.1, 5.9],
      { 'max-memfile-written': '10MiB' },
      'fail',
      /is established/,
    ],
  ];

  it.each(cases)('%s', (name, base, head, inputs, verdict, reason) => {
    const comparison = compare(base && memfile(...base), memfile(...head), gate(inputs));
    const row = rowOf(comparison);
    expect([row.verdict, row.reason]).toEqual([verdict, expect.stringMatching(reason)]);
    expect(comparison.verdict).toBe(verdict);
    expect(row.improved).toBe(/less than base|smaller than base/.test(`${row.reason} ${name}`));
  });

  it('does not flag as improved what shrank by no more than the floor', () => {
    const row = rowOf(compare(memfile(1.2, 1.2, 1.2), memfile(1, 1, 1)));
    expect(row).toMatchObject({ verdict: 'pass', improved: false });
  });
});

describe('several rows', () => {
  const scenarios = ['pause', 'idle-2s', 'idle-5s', 'spawn'];
  const quiet = [10, 10.001, 9.999];
  /** Grown by 12 %, told from none at about 3 % alone. */
  const before = [10, 10.5, 9.5];
  const after = [11.2, 11.6, 10.8];
  const among = (count: number, name: string, all: readonly number[]): Numbers =>
    Object.fromEntries(
      scenarios
        .slice(0, count)
        .map((each) => [each, { 'memfile.writtenBytes': each === name ? all : quiet }]),
    );

  it('one that would fail alone may be chance among many', () => {
    const alone = compare(among(1, 'pause', before), among(1, 'pause', after));
    const many = compare(among(4, 'pause', before), among(4, 'pause', after));
    expect(rowOf(alone, 'pause').verdict).toBe('fail');
    expect(rowOf(many, 'pause').verdict).toBe('inconclusive');
    expect(rowOf(many, 'pause').reason).toContain('may still be chance among the rows that gate');
    expect(rowOf(many, 'idle-2s').verdict).toBe('pass');
    expect(many.verdict).toBe('inconclusive');
  });

  it('that do not gate, or by a cap only, are no chance of a false alarm', () => {
    const add = (numbers: Numbers): Numbers =>
      Object.fromEntries(
        Object.entries(numbers).map(([name, metrics]) => [
          name,
          { ...metrics, 'memfile.changedBytes': quiet, 'rootfs.writtenBytes': quiet, stateBytes: quiet },
        ]),
      );
    const config = gate({ 'max-memfile-changed': '1GiB', 'max-rootfs-written': '1GiB' });
    const comparison = compare(add(among(1, 'pause', before)), add(among(1, 'pause', after)), config);
    expect(rowOf(comparison, 'pause').verdict).toBe('fail');
    expect(rowOf(comparison, 'pause', 'memfile.changedBytes')).toMatchObject({
      verdict: 'pass',
      gates: true,
      improved: false,
    });
    expect(rowOf(comparison, 'pause', 'stateBytes')).toMatchObject({
      gates: false,
      reason: 'Does not gate.',
    });
    expect(rowOf(comparison, 'pause', 'stateBytes').verdict).toBeUndefined();
  });

  it('agree with Holm’s correction done by hand', () => {
    const comparison = compare(among(4, 'pause', before), among(4, 'pause', after));
    // Three quiet rows have p = 1; the fourth must be below 5 % over four, and is not.
    const { growth } = rowOf(comparison, 'pause');
    const logs = (all: readonly number[]) => all.map(Math.log);
    const mean = (all: readonly number[]) => all.reduce((sum, each) => sum + each, 0) / all.length;
    const part = (all: readonly number[]) =>
      logs(all).reduce((sum, each) => sum + (each - mean(logs(all))) ** 2, 0) / (all.length - 1) / all.length;
    const [a, b] = [part(before), part(after)];
    const t = (mean(logs(after)) - mean(logs(before))) / Math.sqrt(a + b);
    const p = 2 * studentUpperTail(t, (a + b) ** 2 / (a ** 2 / 2 + b ** 2 / 2));
    expect(p).toBeGreaterThan(0.05 / 4);
    expect(p).toBeLessThan(0.05);
    expect(growth?.low).toBeGreaterThan(0);
  });

  it('the gravest decides: fail, then inconclusive, then warn', () => {
    const config = gate({ 'fail-above': '50%', 'warn-above': '5%' });
    const base = { pause: { 'memfile.writtenBytes': quiet }, spawn: { 'memfile.writtenBytes': [10, 14, 6] } };
    const warned = { 'memfile.writtenBytes': [12, 12.001, 11.999] };
    const unclear = { 'memfile.writtenBytes': [12, 17, 8] };
    const failed = { 'memfile.writtenBytes': [20, 20.001, 19.999] };
    expect(
      compare(base, { pause: warned, spawn: base.spawn }, config).rows.map((row) => row.verdict),
    ).toContain('warn');
    expect(compare(base, { pause: warned, spawn: unclear }, config).verdict).toBe('inconclusive');
    expect(compare(base, { pause: failed, spawn: unclear }, config).verdict).toBe('fail');
    expect(compare({ pause: base.pause }, { pause: warned }, config).verdict).toBe('warn');
  });
});

describe('thresholds of a scenario and metric', () => {
  const both = (idle: readonly number[], spawn: readonly number[]): Numbers => ({
    'idle-2s': { 'memfile.writtenBytes': idle, resumeMs: idle.map((each) => each * 10) },
    spawn: { 'memfile.writtenBytes': spawn, resumeMs: spawn.map((each) => each * 10) },
  });
  const base = both([10, 10.1, 9.9], [10, 10.1, 9.9]);
  const head = both([12, 12.1, 11.9], [12, 12.1, 11.9]);
  const verdicts = (file: string, inputs: Record<string, string> = {}) => {
    const comparison = compare(base, head, gate(inputs, file));
    return ['idle-2s', 'spawn'].flatMap((scenario) =>
      (['memfile.writtenBytes', 'resumeMs'] as const).map(
        (metric) => rowOf(comparison, scenario, metric).verdict,
      ),
    );
  };

  it.each([
    ['{}', {}, ['fail', undefined, 'fail', undefined]],
    [
      'gate: {idle-2s: {memfile.writtenBytes: {fail-above: 30%}}}',
      {},
      ['pass', undefined, 'fail', undefined],
    ],
    [
      'gate: {idle-2s: {memfile.writtenBytes: {min-growth: 3MiB}}}',
      {},
      ['pass', undefined, 'fail', undefined],
    ],
    [
      'gate: {spawn: {memfile.writtenBytes: {fail-above: 30%, warn-above: 10%}}}',
      {},
      ['fail', undefined, 'warn', undefined],
    ],
    [
      'gate: {spawn: {memfile.writtenBytes: {fail-above: 1%}}}',
      { 'fail-above': '30%' },
      ['pass', undefined, 'fail', undefined],
    ],
    [
      'gate: {spawn: {memfile.writtenBytes: {max: 11MiB}}}',
      { 'fail-above': '30%' },
      ['pass', undefined, 'fail', undefined],
    ],
    [
      'gate: {spawn: {memfile.writtenBytes: {max: 20MiB, fail-above: 30%}}}',
      { 'max-memfile-written': '11MiB' },
      ['fail', undefined, 'pass', undefined],
    ],
    [
      'gate: {spawn: {memfile.writtenBytes: {max: 20MiB}}}',
      { 'max-memfile-written': '11MiB', 'fail-above': '30%' },
      ['fail', undefined, 'pass', undefined],
    ],
    // 20 ms more is established, past 5 %, and below the 50 ms that a metric of time needs unless it says otherwise.
    ['gate: {spawn: {resumeMs: {}}}', {}, ['fail', undefined, 'fail', 'pass']],
    ['gate: {spawn: {resumeMs: {min-growth: 10ms}}}', {}, ['fail', undefined, 'fail', 'fail']],
    ['gate: {spawn: {resumeMs: {max: 119ms}}}', {}, ['fail', undefined, 'fail', 'fail']],
    [
      'gate: {idle-2s: {resumeMs: {min-growth: 10ms}}}',
      { metrics: 'resumeMs' },
      [undefined, 'fail', undefined, 'pass'],
    ],
  ] as const)('%s with %o', (file, inputs, expected) => {
    expect(verdicts(file, inputs)).toEqual(expected);
  });

  it('are in the record, as they were applied', () => {
    const file = 'gate: {spawn: {resumeMs: {max: 119ms, warn-above: 1%}}}';
    const { thresholds } = rowOf(compare(base, head, gate({}, file)), 'spawn', 'resumeMs');
    expect(thresholds).toEqual({ failAbove: 0.05, warnAbove: 0.01, minGrowth: 50, max: 119 });
  });
});

describe('the headline', () => {
  const pair = (idle: readonly number[], spawn: readonly number[]): Numbers => ({
    'idle-2s': { 'memfile.writtenBytes': idle },
    spawn: { 'memfile.writtenBytes': spawn },
  });
  const steady = [10, 10.01, 9.99];
  const times = (factor: number) => steady.map((each) => each * factor);

  it.each([
    [pair(steady, steady), {}, 'no growth above 5 %'],
    [pair(times(1.2), steady), {}, 'memfile diff of idle-2s +20.0 % per cycle (fails above +5 %)'],
    [
      pair(times(1.2), times(1.5)),
      {},
      'memfile diff of spawn +50.0 % per cycle (fails above +5 %); also idle-2s',
    ],
    [
      pair(times(1.2), times(0.5)),
      {},
      'memfile diff of idle-2s +20.0 % per cycle (fails above +5 %); improved: spawn −50.0 %',
    ],
    [pair(steady, times(0.5)), {}, 'memfile diff of spawn −50.0 % per cycle (improved)'],
    [pair(times(0.8), times(0.5)), {}, 'memfile diff of spawn −50.0 % per cycle (improved); also idle-2s'],
    [
      pair(times(1.2), steady),
      { 'fail-above': '40%', 'warn-above': '12.5%' },
      'memfile diff of idle-2s +20.0 % per cycle (warns above +12.5 %)',
    ],
    [
      pair(times(1.2), steady),
      { 'max-memfile-written': '11MiB' },
      'memfile diff of idle-2s 12.0 MiB per cycle (cap 11.0 MiB)',
    ],
    [pair([5, 20], [10, 10]), {}, 'memfile diff of idle-2s +24.9 % per cycle (not enough to decide)'],
  ])('%o with %o', (head, inputs, headline) => {
    const boots = head['spawn']?.['memfile.writtenBytes']?.length ?? 0;
    expect(
      compare(pair(steady.slice(0, boots), steady.slice(0, boots)), head, gate(inputs)).headline,
    ).toMatch(new RegExp(`^${headline.replace(/[+().%]/g, '\\$&')}$`));
  });

  it('names six scenarios and counts the rest', () => {
    const names = builtInScenarios.map(({ name }) => name);
    const all = (value: number): Numbers =>
      Object.fromEntries(names.map((name) => [name, { 'memfile.writtenBytes': [value, value, value] }]));
    expect(compare(all(3), all(6)).headline).toBe(
      'memfile diff of pause +100.0 % per cycle (fails above +5 %); also idle-2s, idle-5s, write-64k, spawn, pause-x10',
    );
  });
});
