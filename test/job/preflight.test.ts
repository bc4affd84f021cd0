import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import type { MeasureConfig } from '../../src/config/types.ts';
import { planLanes } from '../../src/job/preflight.ts';

const gibi = 1024 ** 3;
const config: MeasureConfig = {
  memoryBytes: gibi,
  vcpus: 1,
  engine: { kind: 'qemu', accel: 'auto' },
  boots: 5,
  plansBoots: false,
  soloBoots: 5,
  maxBoots: 5,
  cycles: 5,
  warmup: 2,
  timeBudgetMs: 1,
  bootTimeoutMs: 1,
  readyCommand: undefined,
  scenarios: [],
};
const roomy = { cores: 2, availableMemoryBytes: 8 * gibi, freeDiskBytes: 8 * gibi };

describe('planLanes', () => {
  it('runs a pair side by side where there are cores, memory and disk for two guests', () => {
    expect(planLanes(config, 2, roomy)).toBe(2);
  });

  it.each([
    ['cores', { ...roomy, cores: 1 }],
    ['memory', { ...roomy, availableMemoryBytes: 2 * gibi }],
    ['disk', { ...roomy, freeDiskBytes: 2 * gibi }],
  ])('runs one guest at a time where %s are short', (_, host) => {
    expect(planLanes(config, 2, host)).toBe(1);
  });

  it('runs one guest at a time where its engine knows of no other, and leaves the room to it', () => {
    const engine = readConfig({ engine: 'e2b' }, undefined).measure.engine;
    expect(planLanes({ ...config, engine }, 2, roomy)).toBe(1);
    expect(planLanes({ ...config, engine }, 2, { ...roomy, freeDiskBytes: 0 })).toBe(1);
  });

  it('has room for the Diff of Firecracker beside its parent', () => {
    const engine = readConfig({ engine: 'firecracker' }, undefined).measure.engine;
    const host = { ...roomy, freeDiskBytes: 2 * gibi };
    expect(planLanes(config, 1, host)).toBe(1);
    expect(() => planLanes({ ...config, engine }, 1, host)).toThrow('needs 2.50 GiB of free disk');
  });

  it('runs one guest at a time for one side', () => {
    expect(planLanes(config, 1, roomy)).toBe(1);
  });

  it('says what is short when there is no room for one', () => {
    expect(() => planLanes(config, 2, { ...roomy, freeDiskBytes: gibi })).toThrow(
      'the run needs 1.50 GiB of free disk, and there are 1.00 GiB',
    );
    expect(() => planLanes(config, 2, { ...roomy, availableMemoryBytes: gibi })).toThrow(
      'the guest needs 1.25 GiB of free memory, and there are 1.00 GiB',
    );
  });
});
