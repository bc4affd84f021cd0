import type { MeasureConfig } from '../../src/config/types.ts';
import type { Engine, Scenario, Snapshot } from '../../src/engine/contract.ts';
import type { Run } from '../../src/host/run.ts';
import type { Image } from '../../src/image/types.ts';

/** An engine without a guest, whose snapshots count the cycles of their chain: what is tested is the order of calls alone. */
export function countingEngine(): { engine: Engine; calls: string[] } {
  const calls: string[] = [];
  const depth = new Map<string, number>();
  const engine: Engine = {
    probe: async () => ({ ok: true, checks: [], identity: undefined, fallback: undefined }),
    prepare: async (_image, _options, at) => {
      depth.set(at, 0);
      return { snapshot: { dir: at }, bootMs: 1, readyMs: 2, settled: true };
    },
    fork: async (snapshot, at) => {
      depth.set(at, depth.get(snapshot.dir) ?? 0);
      return { dir: at };
    },
    cycle: async (parent: Snapshot, scenario, { advance }) => {
      const before = depth.get(parent.dir) ?? 0;
      calls.push(`${scenario.name}@${before}`);
      if (advance) depth.set(parent.dir, before + 1);
      return { next: parent, metrics: { 'memfile.writtenBytes': 4096 * (before + 1) }, cycleMs: 1 };
    },
  };
  return { engine, calls };
}

export const image: Image = {
  kind: 'rootfs',
  rootfsPath: '/none',
  rootfsSha256: '',
  rootfsBytes: 1,
  kernelPath: '/none',
  kernelVersion: '',
  kernelSha256: '',
  initrdPath: undefined,
  initrdSha256: undefined,
  init: 'none',
  kernelArgs: [],
};

export function scenario(name: string, more: Partial<Scenario> = {}): Scenario {
  return {
    name,
    run: undefined,
    settleMs: 0,
    check: undefined,
    from: 'previous',
    repeat: 1,
    timeoutMs: 1000,
    ...more,
  };
}

export function measureConfig(
  scenarios: readonly Scenario[],
  more: Partial<MeasureConfig> = {},
): MeasureConfig {
  return {
    memoryBytes: 1,
    vcpus: 1,
    engine: { kind: 'qemu', accel: 'auto' },
    boots: 1,
    plansBoots: false,
    soloBoots: 1,
    maxBoots: 1,
    warmup: 0,
    cycles: 1,
    timeBudgetMs: 60_000,
    bootTimeoutMs: 1,
    readyCommand: undefined,
    scenarios,
    ...more,
  };
}

/** A run that says nothing and keeps nothing. */
export function testRun(dir: string): Run {
  return {
    id: 'test',
    dir,
    cacheDir: dir,
    log: { info: () => {}, warning: () => {}, detail: () => {} },
    ledger: { path: '', add: () => {} },
    signal: new AbortController().signal,
  };
}
