import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Scenario } from '../../src/engine/contract.ts';
import { measureBoot, sumMetrics } from '../../src/measure/boot.ts';
import { countingEngine, image, measureConfig, scenario, testRun } from './counting-engine.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'snapgate-test-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function boot(scenarios: Scenario[], rounds: { warmup: number; cycles: number }) {
  const { engine, calls } = countingEngine();
  const config = measureConfig(scenarios, rounds);
  const run = testRun(dir);
  const at = join(dir, 'boot');
  const { boot: record } = await measureBoot({
    run,
    engine,
    image,
    config,
    index: 0,
    dir: at,
    onRound: () => {},
  });
  return { record, calls, left: existsSync(at) };
}

describe('measureBoot', () => {
  it('chains the cycles of all scenarios, warm-up first and marked', async () => {
    const { record, calls } = await boot([scenario('a'), scenario('b')], { warmup: 1, cycles: 2 });
    expect(calls).toEqual(['a@0', 'b@1', 'a@2', 'b@3', 'a@4', 'b@5']);
    expect(
      record.samples.map(({ scenario, round, warmup, position }) => [scenario, round, warmup, position]),
    ).toEqual([
      ['a', 0, true, 0],
      ['b', 0, true, 1],
      ['a', 1, false, 2],
      ['b', 1, false, 3],
      ['a', 2, false, 4],
      ['b', 2, false, 5],
    ]);
  });

  it('gives the sum of a repeated scenario, and each of its cycles', async () => {
    const { record, calls } = await boot([scenario('x3', { repeat: 3 })], { warmup: 0, cycles: 1 });
    expect(calls).toEqual(['x3@0', 'x3@1', 'x3@2']);
    expect(record.samples[0]?.metrics).toEqual({ 'memfile.writtenBytes': 4096 * 6 });
    expect(record.samples[0]?.parts?.map((part) => part['memfile.writtenBytes'])).toEqual([
      4096, 8192, 12288,
    ]);
  });

  it('resumes the base snapshot for `from: base`, beside a chain that goes on', async () => {
    const { calls } = await boot([scenario('chain'), scenario('base', { from: 'base' })], {
      warmup: 0,
      cycles: 3,
    });
    expect(calls).toEqual(['chain@0', 'base@0', 'chain@1', 'base@0', 'chain@2', 'base@0']);
  });

  it('removes its folder', async () => {
    expect((await boot([scenario('a')], { warmup: 0, cycles: 1 })).left).toBe(false);
  });
});

describe('sumMetrics', () => {
  it('leaves out a metric that a part lacks: absent is never zero', () => {
    expect(sumMetrics([{ stateBytes: 1, pauseMs: 2 }, { stateBytes: 3 }])).toEqual({ stateBytes: 4 });
  });
});
