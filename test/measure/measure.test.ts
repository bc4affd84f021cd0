import { afterAll, describe, expect, it } from 'vitest';
import type { MeasureConfig } from '../../src/config/types.ts';
import { type MeasureRequest, measureNothing, measureSides } from '../../src/measure/measure.ts';
import { type Measurement, measurementSchema } from '../../src/measure/record.ts';
import { temporaryFolder } from '../baseline/repository.ts';
import { countingEngine, image, measureConfig, scenario, testRun } from './counting-engine.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

function requestOf(
  config: Partial<MeasureConfig>,
  more: Partial<MeasureRequest> = {},
): MeasureRequest & { readonly sides: MeasureRequest['sides'] } {
  return {
    engine: countingEngine().engine,
    report: {
      ok: true,
      checks: [],
      identity: { engine: 'qemu', version: '1', accelerator: 'tcg', machine: 'none' },
      fallback: undefined,
    },
    config: measureConfig([scenario('a')], config),
    sides: (['base', 'head'] as const).map((side) => ({ side, subject: { label: side }, image })),
    parallel: false,
    ...more,
  };
}

const bootsOf = (measurements: readonly Measurement[]) => measurements.map(({ boots }) => boots.length);

describe('boots until a gate has decided', () => {
  it('are looked at after each pair from `boots` on, and end with the look that decides', async () => {
    const looks: number[][] = [];
    const decided = (measurements: readonly Measurement[]) => {
      looks.push(bootsOf(measurements));
      return looks.length === 3;
    };
    const measured = await measureSides(
      testRun(folder.path),
      requestOf({ boots: 2, maxBoots: 9 }, { decided }),
    );
    expect(looks).toEqual([
      [2, 2],
      [3, 3],
      [4, 4],
    ]);
    expect(bootsOf(measured)).toEqual([4, 4]);
    expect(measured.map(({ plan }) => plan)).toEqual([
      { leastBoots: 2, mostBoots: 9 },
      { leastBoots: 2, mostBoots: 9 },
    ]);
    expect(measured.flatMap(({ notes }) => notes)).toEqual([]);
  });

  it('are the same side by side, and of a head whose base is stored', async () => {
    for (const [sides, parallel, expected] of [
      [2, true, [3, 3]],
      [1, false, [3]],
    ] as const) {
      const request = requestOf({ boots: 2, maxBoots: 9 });
      let looks = 0;
      const measured = await measureSides(testRun(folder.path), {
        ...request,
        sides: request.sides.slice(-sides),
        parallel,
        decided: () => {
          looks += 1;
          return looks === 2;
        },
      });
      expect(bootsOf(measured)).toEqual(expected);
    }
  });

  it('end at `max-boots` where nothing decides, without a look that could change nothing', async () => {
    let looks = 0;
    const decided = () => {
      looks += 1;
      return false;
    };
    const measured = await measureSides(
      testRun(folder.path),
      requestOf({ boots: 2, maxBoots: 4 }, { decided }),
    );
    expect([bootsOf(measured), looks]).toEqual([[4, 4], 2]);
  });

  it('end with the time budget, which is said', async () => {
    const request = requestOf({ boots: 2, maxBoots: 9, timeBudgetMs: 0 }, { decided: () => false });
    const [base, head] = await measureSides(testRun(folder.path), request);
    expect([base?.boots.length, head?.boots.length]).toEqual([1, 1]);
    expect(head?.notes).toEqual(['time-budget 0 ms ended after 1 of 2 boots a side']);
  });

  it('are `soloBoots` where nobody looks, and no plan is recorded', async () => {
    const measured = await measureSides(
      testRun(folder.path),
      requestOf({ boots: 2, soloBoots: 3, maxBoots: 9 }),
    );
    expect(bootsOf(measured)).toEqual([3, 3]);
    expect(measured.map(({ plan }) => plan)).toEqual([undefined, undefined]);
  });
});

it('a measurement of nothing is a record without boots', () => {
  const measured = measureNothing(requestOf({}, { decided: () => true }));
  expect(bootsOf(measured)).toEqual([0, 0]);
  expect(measured.map((record) => measurementSchema.parse(record))).toEqual(measured);
});
