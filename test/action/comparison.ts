import type { Comparison, Row } from '../../src/gate/record.ts';

export function rowOf(changes: Partial<Row> = {}): Row {
  return {
    scenario: 'idle-2s',
    metric: 'memfile.writtenBytes',
    gates: true,
    growth: { value: 0.382, low: 0.33, high: 0.44 },
    thresholds: { failAbove: 0.05, minGrowth: 262144 },
    verdict: 'fail',
    improved: false,
    reason: 'grew by +38.2 %, past +5.0 %',
    ...changes,
  };
}

export function comparisonOf(changes: Partial<Comparison> = {}): Comparison {
  return {
    schema: 'snapgate/comparison',
    version: 1,
    snapgate: '0.0.0',
    createdAt: '2026-01-01T00:00:00.000Z',
    verdict: 'fail',
    headline: 'memfile diff of idle-2s +38 % per cycle (fails above +5 %)',
    head: { label: 'head' },
    fingerprint: {
      engine: 'qemu',
      engineVersion: 'QEMU 7.2.0',
      accelerator: 'tcg',
      machine: 'q35',
      kernelVersion: '6.1.0',
      kernelSha256: 'k',
      memoryBytes: 2 ** 29,
      vcpus: 1,
      hostCpu: 'cpu',
      protocol: 1,
    },
    identicalImages: false,
    boots: { base: 5, head: 5 },
    rows: [rowOf()],
    notes: [],
    ...changes,
  };
}
