import { describe, expect, it } from 'vitest';
import { mergeMeasurements, pairOfParts } from '../../src/gate/merge.ts';
import { type Boot, type Measurement, measurementSchema } from '../../src/measure/record.ts';
import { side } from '../report/samples.ts';
import { seededRandom } from '../stats/random.ts';

const random = seededRandom(5);

/** A part of a side as one job of a matrix takes it: its boots start at these seconds. */
function part(
  name: 'base' | 'head',
  seconds: readonly number[],
  more: Partial<Measurement> = {},
): Measurement {
  const measured = side(name, undefined, { boots: seconds.length });
  const boots = measured.boots.map(
    (boot, index): Boot => ({ ...boot, startedAt: timeOf(seconds[index] ?? 0) }),
  );
  return { ...measured, boots, ...more };
}

function timeOf(second: number): string {
  return new Date(Date.UTC(2026, 0, 2, 3, 0, second)).toISOString();
}

function seconds({ boots }: Measurement): number[] {
  return boots.map(({ startedAt }) => new Date(startedAt).getUTCSeconds());
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

const { fingerprint } = side('head');
const faster = { fingerprint: { ...fingerprint, hostCpu: 'Another CPU' } };

describe('mergeMeasurements', () => {
  const parts = [
    part('head', [5, 9]),
    part('base', [4, 8]),
    part('head', [1, 7, 11], { notes: ['no KVM'], createdAt: '2026-01-03T00:00:00.000Z' }),
    part('base', [2], { notes: ['cut', 'no KVM'] }),
    part('head', [3], { ...faster, notes: ['no KVM'] }),
  ];

  it('keeps the plan of boots that one gate looked at, and no plan of boots that were put together', () => {
    const plan = { leastBoots: 2, mostBoots: 3 };
    const [alone, twice] = [part('head', [1, 2], { plan }), part('head', [4, 5], { plan })];
    expect(mergeMeasurements([alone]).map((each) => each.plan)).toEqual([plan]);
    expect(mergeMeasurements([alone, structuredClone(alone)]).map((each) => each.plan)).toEqual([plan]);
    const [merged] = mergeMeasurements([alone, twice]);
    expect(merged?.boots).toHaveLength(4);
    expect(merged).not.toHaveProperty('plan');
    expect(measurementSchema.parse(merged)).toEqual(merged);
  });

  it('puts the boots of a side and machine class together, by the time of their start', () => {
    const merged = mergeMeasurements(parts);
    expect(merged.map((each) => [each.side, each.fingerprint.hostCpu, seconds(each)])).toEqual([
      ['base', 'Example CPU', [2, 4, 8]],
      ['head', 'Example CPU', [1, 5, 7, 9, 11]],
      ['head', 'Another CPU', [3]],
    ]);
    for (const each of merged) {
      expect(each.boots.map(({ index }) => index)).toEqual(each.boots.map((_, index) => index));
      expect(measurementSchema.parse(structuredClone(each))).toEqual(each);
    }
    expect(merged.map(({ notes }) => notes)).toEqual([['cut', 'no KVM'], ['no KVM'], ['no KVM']]);
    expect(merged[1]?.createdAt).toBe('2026-01-03T00:00:00.000Z');
  });

  it('is the same in whatever order the parts were found', () => {
    const wanted = JSON.stringify(mergeMeasurements(parts));
    for (let round = 0; round < 50; round += 1)
      expect(JSON.stringify(mergeMeasurements(shuffled(parts)))).toBe(wanted);
  });

  it('is the same in whatever order, also of boots that started at the same time', () => {
    const same = [
      part('head', [1, 1], { notes: ['a'] }),
      part('head', [1, 1, 1], { notes: ['b'] }),
      { ...side('head', () => 1.2, { boots: 2 }), notes: ['c'] },
    ];
    const wanted = JSON.stringify(mergeMeasurements(same));
    for (let round = 0; round < 20; round += 1)
      expect(JSON.stringify(mergeMeasurements(shuffled(same)))).toBe(wanted);
    expect(mergeMeasurements(same)[0]?.boots).toHaveLength(7);
  });

  it('counts a part that was found twice once, and equal boots of one part each', () => {
    const [first] = parts;
    const again = first === undefined ? [] : [first, structuredClone(first), { ...first, notes: ['again'] }];
    expect(mergeMeasurements(again).map(seconds)).toEqual([[5, 9]]);
    expect(mergeMeasurements([part('head', [1, 1, 1])]).map(seconds)).toEqual([[1, 1, 1]]);
  });

  it('leaves one part as it is but for the numbers of its boots', () => {
    const one = part('head', [1, 2]);
    expect(mergeMeasurements([one])).toEqual([one]);
    expect(mergeMeasurements([])).toEqual([]);
  });

  it.each<readonly [string, Partial<Measurement>, string]>([
    [
      'commit',
      { subject: { label: 'topic', commit: 'c'.repeat(40) } },
      `subject.commit is "${'b'.repeat(40)}" in one and "${'c'.repeat(40)}" in another`,
    ],
    ['commit that is missing', { subject: { label: 'topic' } }, `"${'b'.repeat(40)}"`],
    [
      'image',
      { image: { ...side('head').image, rootfsSha256: 'd'.repeat(64) } },
      `image.rootfsSha256 is "${'b'.repeat(64)}" in one and "${'d'.repeat(64)}" in another`,
    ],
    [
      'initrd on one alone',
      { image: { ...side('head').image, initrdSha256: 'e' } },
      'image.initrdSha256 is not given in one and "e" in another',
    ],
    [
      'scenario',
      {
        scenarios: side('head').scenarios.map((each) =>
          each.name === 'spawn' ? { ...each, run: 'x' } : each,
        ),
      },
      'scenarios.4.run is "if command',
    ],
    ['number of scenarios', { scenarios: side('head').scenarios.slice(0, 5) }, 'scenarios.5'],
  ])('of another %s is an error that names it', (_, more, message) => {
    const pair = [part('head', [1]), part('head', [2], more)];
    for (const order of [pair, pair.toReversed()])
      expect(() => mergeMeasurements(order)).toThrow(
        expect.objectContaining({
          code: 'record',
          message: expect.stringMatching(
            /^two measurements of head cannot be put together: .* in one and .* in another$/,
          ),
        }),
      );
    expect(() => mergeMeasurements(pair)).toThrow(message);
  });

  it('does not hold a base to the image of the head, nor one class to another’s kernel', () => {
    const kernel = {
      ...faster,
      image: { ...side('head').image, kernelSha256: 'f'.repeat(64) },
    };
    expect(mergeMeasurements([part('base', [1]), part('head', [2]), part('head', [3], kernel)])).toHaveLength(
      3,
    );
  });

  it('refuses more boots than a record holds', () => {
    const many = Array.from({ length: 11 }, (_, index) =>
      part(
        'head',
        Array.from({ length: 100 }, (__, boot) => index + boot / 1000),
      ),
    );
    expect(() => mergeMeasurements(many)).toThrow('have 1100 boots together, and a record holds 1000');
    expect(mergeMeasurements(many.slice(0, 10))[0]?.boots).toHaveLength(1000);
  });
});

describe('pairOfParts', () => {
  it('is of the class that has the most boots on both sides, and says what it leaves out', () => {
    const pair = pairOfParts([
      part('head', [1, 2, 3, 4, 5], faster),
      part('base', [6], faster),
      part('head', [7, 8]),
      part('base', [9, 10]),
    ]);
    expect(pair?.noVerdict).toBeUndefined();
    expect([pair?.base, pair?.head].map((each) => each && seconds(each))).toEqual([
      [9, 10],
      [7, 8],
    ]);
    expect(pair?.head.notes).toEqual([
      '6 boots were taken under other conditions and left out: hostCpu "Another CPU"',
    ]);
  });

  it('of sides without a class in common is not comparable, with the field', () => {
    const pair = pairOfParts([part('head', [1, 2], faster), part('base', [3, 4])]);
    expect(pair).toMatchObject({
      base: { side: 'base' },
      head: { side: 'head' },
      noVerdict: {
        state: 'not-comparable',
        reason: 'hostCpu is "Example CPU" on base and "Another CPU" on head',
      },
    });
  });

  it('is without a base where none was measured, and nothing without a head', () => {
    const pair = pairOfParts([part('head', [1]), part('head', [2, 3], faster)]);
    expect(pair?.base).toBeUndefined();
    expect(pair && seconds(pair.head)).toEqual([2, 3]);
    expect(pair?.head.notes[0]).toContain('1 boot was taken under other conditions');
    expect(pairOfParts([part('base', [1])])).toBeUndefined();
    expect(pairOfParts([])).toBeUndefined();
  });
});
