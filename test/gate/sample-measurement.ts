import { builtInScenarios } from '../../src/config/scenarios.ts';
import type { CycleMetrics, Scenario } from '../../src/engine/contract.ts';
import type { Measurement, Sample } from '../../src/measure/record.ts';

const mebi = 1024 ** 2;

export interface SampleOptions {
  readonly side: 'base' | 'head';
  readonly boots?: number;
  readonly rounds?: number;
  readonly warmup?: number;
  readonly scenarios?: readonly Scenario[];
  /** The metrics of a cycle; the warm-up's own are asked for too. */
  readonly metrics: (scenario: string, boot: number, round: number) => CycleMetrics;
}

/** A measurement with known numbers: what the tests of the gate and of the reports compare. */
export function sampleMeasurement(options: SampleOptions): Measurement {
  const { side, boots = 5, rounds = 3, warmup = 1, scenarios = builtInScenarios } = options;
  const letter = side === 'base' ? 'a' : 'b';
  return {
    schema: 'snapgate/measurement',
    version: 1,
    snapgate: '0.1.0',
    createdAt: '2026-01-02T03:04:05.000Z',
    side,
    subject: { label: side === 'base' ? 'main' : 'topic', commit: letter.repeat(40) },
    image: {
      rootfsSha256: letter.repeat(64),
      rootfsBytes: 300 * mebi,
      kernelVersion: '6.1.0-49-cloud-amd64',
      kernelSha256: 'c'.repeat(64),
      init: 'systemd',
    },
    fingerprint: {
      engine: 'qemu',
      engineVersion: 'QEMU 7.2.22',
      accelerator: 'tcg',
      machine: 'microvm',
      kernelVersion: '6.1.0-49-cloud-amd64',
      kernelSha256: 'c'.repeat(64),
      memoryBytes: 512 * mebi,
      vcpus: 1,
      hostCpu: 'Example CPU',
      protocol: 1,
    },
    environment: {
      os: 'Debian GNU/Linux 12',
      hostKernel: '6.1.0',
      cpu: 'Example CPU',
      cores: 2,
      memoryBytes: 8192 * mebi,
      node: 'v24.0.0',
    },
    scenarios: scenarios.map(({ name, settleMs, from, repeat, timeoutMs, run, check }) => ({
      name,
      settleMs,
      from,
      repeat,
      timeoutMs,
      ...(run === undefined ? {} : { run }),
      ...(check === undefined ? {} : { check }),
    })),
    boots: Array.from({ length: boots }, (_, index) => ({
      index,
      startedAt: '2026-01-02T03:04:05.000Z',
      bootMs: 4000,
      readyMs: 9000,
      settled: true,
      samples: samplesOf(scenarios, warmup, rounds, (scenario, round) =>
        options.metrics(scenario, index, round),
      ),
    })),
    notes: [],
  };
}

function samplesOf(
  scenarios: readonly Scenario[],
  warmup: number,
  rounds: number,
  metrics: (scenario: string, round: number) => CycleMetrics,
): Sample[] {
  return Array.from({ length: warmup + rounds }, (_, round) => round).flatMap((round) =>
    scenarios.map((scenario, place) => ({
      scenario: scenario.name,
      round,
      warmup: round < warmup,
      position: round * scenarios.length + place,
      atMs: 10_000 + round * 1000,
      cycleMs: 500,
      metrics: { ...metrics(scenario.name, round) },
    })),
  );
}
