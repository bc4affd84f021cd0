import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { spreadOut } from '../../bench/boots.ts';
import { decideRealGates } from '../../bench/real-gates.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { sampleMeasurement } from '../gate/sample-measurement.ts';
import { normalFrom, seededRandom } from '../stats/random.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

const normal = normalFrom(seededRandom(17));
const { fingerprint, scenarios } = sampleMeasurement({
  side: 'head',
  boots: 1,
  metrics: () => ({ 'memfile.writtenBytes': 4096 }),
});
const work = scenarios.slice(0, 1).map((scenario) => ({ ...scenario, name: 'work' }));

/** Boots as `bench boots` writes them: whole pages about a center, and more with each cycle. */
function boots(image: string, count: number, rounds: number, pages: number, perCycle = 0): string[] {
  return Array.from({ length: count }, (_, index) => {
    const ofBoot = pages * Math.exp(0.01 * normal());
    const values = Array.from({ length: rounds + 2 }, (_, round) =>
      Math.round(ofBoot * Math.exp(0.01 * normal()) + perCycle * round),
    );
    return JSON.stringify({
      image,
      startedAt: new Date(60_000 * index).toISOString(),
      readyMs: 1,
      writtenPages: { work: values },
    });
  });
}

function write(name: string, lines: readonly string[]): string {
  const path = join(folder.path, name);
  const head = { schema: 'snapgate/boots', version: 1, fingerprint, scenarios: work, warmup: 2 };
  writeFileSync(path, `${[JSON.stringify(head), ...lines].join('\n')}\n`);
  return path;
}

const simulatedGates = 60;

describe('gates of recorded boots', () => {
  const leakPath = write('leak.jsonl', boots('debian+leak-3', 3, 80, 1000, 3));

  it('pass the guest with itself, fail it with one that dirties a tenth more, and tell the leak', () => {
    const path = write('work.jsonl', [
      ...boots('debian', 200, 8, 3000),
      ...boots('debian+rate-45', 100, 8, 3300),
    ]);
    const { figures, tables } = decideRealGates({ path, leakPath, simulatedGates });
    expect(figures['identicalGates']).toBe(30);
    expect(figures['identicalPass']).toBeGreaterThanOrEqual(28);
    expect(figures['identicalFail']).toBe(0);
    expect(figures).toMatchObject({ grownGates: 20, grownPass: 0, grownFail: 20 });
    expect(figures['trendRatio']).toBeGreaterThan(0.85);
    expect(figures['trendRatio']).toBeLessThan(1.15);
    expect(figures['rate45At8CyclesSmallestAt80']).toBeGreaterThan(0.05);
    expect(figures['rate45At8CyclesSmallestAt80']).toBeLessThan(0.1);
    expect([figures['rate45At8CyclesFoundPredicted'], figures['rate45At8CyclesFoundRate']]).toEqual([1, 1]);
    expect(tables[0]?.rows.map(([name]) => name)).toEqual([
      'debian against itself',
      'debian against debian+rate-45',
    ]);
  });

  it('are of boots that ran at the same time: a host that changes is no growth', () => {
    const early = boots('debian', 60, 8, 3000);
    const later = (image: string) => boots(image, 60, 8, 4000).map((line) => line.replace(/T0/, 'T1'));
    const path = write('changed.jsonl', [...early, ...later('debian'), ...later('debian+rate-1')]);
    const { tables } = decideRealGates({ path, leakPath, simulatedGates });
    const [name, , ...verdicts] = tables[0]?.rows[1] ?? [];
    expect([name, ...verdicts.slice(0, 4)]).toEqual(['debian against debian+rate-1', '20', '20', '0', '0']);
  });

  it('take no boot twice: of few there are few gates', () => {
    const path = write('few.jsonl', boots('debian', 41, 8, 3000));
    const { figures } = decideRealGates({ path, leakPath, simulatedGates });
    const pairs = figures['identicalPairs'] ?? Number.NaN;
    expect(2 * pairs).toBeLessThanOrEqual(41);
    expect(2 * pairs).toBeGreaterThan(41 - 20);
  });

  it('need the guest: without it there is an error that says how to record it', () => {
    const path = write('none.jsonl', boots('journald', 2, 8, 3000));
    expect(() => decideRealGates({ path, leakPath, simulatedGates })).toThrow(/has no boots of debian$/);
  });
});

describe('gates of the boots that are kept', () => {
  const kept = (name: string) => join(import.meta.dirname, '../../bench/data', name);
  const { figures } = decideRealGates({
    path: kept('work.jsonl'),
    leakPath: kept('leak.jsonl'),
    simulatedGates: 200,
  });

  it('do not fail a guest against itself, and pass nearly always', () => {
    expect(figures).toMatchObject({ identicalGates: 30, identicalFail: 0 });
    expect(figures['identicalPass']).toBeGreaterThanOrEqual(25);
  });

  it('do not pass a guest that dirties a tenth more, and fail nearly always', () => {
    const { grownGates = 0, grownPass, grownFail } = figures;
    expect(grownGates).toBeGreaterThanOrEqual(20);
    expect(grownPass).toBe(0);
    expect(grownFail).toBeGreaterThanOrEqual(0.9 * grownGates);
  });

  it('find what calibrate says is found, as often as it says', () => {
    expect(Math.abs((figures['foundRate'] ?? 1) - (figures['foundPredicted'] ?? 0))).toBeLessThanOrEqual(0.1);
    const keys = Object.keys(figures).flatMap((key) => /^(.+Cycles)FoundRate$/.exec(key)?.[1] ?? []);
    expect(keys).toHaveLength(9);
    for (const key of keys) {
      const [found = 1, said = 0] = [figures[`${key}FoundRate`], figures[`${key}FoundPredicted`]];
      expect(Math.abs(found - said)).toBeLessThanOrEqual(0.2);
    }
    // The growth that is found in 80 %, it says.
    const [growth = 1, smallest = 0] = [
      figures['rate38At8CyclesGrowth'],
      figures['rate38At8CyclesSmallestAt80'],
    ];
    expect(Math.abs(growth - smallest)).toBeLessThanOrEqual(0.1 * smallest);
    expect(figures['rate38At8CyclesFoundRate']).toBeGreaterThanOrEqual(0.7);
    expect(figures['rate38At8CyclesFoundRate']).toBeLessThanOrEqual(0.9);
  });

  it('tell the slope of a leak', () => {
    expect(figures['trendRatio']).toBeGreaterThan(0.85);
    expect(figures['trendRatio']).toBeLessThan(1.15);
  });
});

describe('the order in which guests are recorded', () => {
  it('spreads each kind over the whole', () => {
    expect(
      spreadOut(
        new Map([
          ['a', 4],
          ['b', 2],
        ]),
      ),
    ).toEqual(['a', 'b', 'a', 'a', 'b', 'a']);
  });
});
