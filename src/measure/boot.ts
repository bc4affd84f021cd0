import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { MeasureConfig } from '../config/types.ts';
import type {
  CycleMetrics,
  Engine,
  GuestOptions,
  GuestVersions,
  Scenario,
  Snapshot,
} from '../engine/contract.ts';
import { metricNames } from '../engine/contract.ts';
import type { Run } from '../host/run.ts';
import type { Image } from '../image/types.ts';
import type { Boot, Sample } from './record.ts';

export interface BootJob {
  readonly run: Run;
  readonly engine: Engine;
  readonly image: Image;
  readonly config: MeasureConfig;
  /** 0-based number of this boot among its side's. */
  readonly index: number;
  /** Empty folder for this boot's snapshots; removed at the end. */
  readonly dir: string;
  readonly onRound: (round: number) => void;
}

/** A boot with what it told beside its samples. */
export interface MeasuredBoot {
  readonly boot: Boot;
  readonly versions: GuestVersions;
  /** Sentences for the report, each once. */
  readonly notes: readonly string[];
}

/** One cold boot and all its cycles. */
export async function measureBoot(job: BootJob): Promise<MeasuredBoot> {
  const startedAt = new Date();
  mkdirSync(job.dir, { recursive: true });
  try {
    const bootDir = makeDir(job.dir, 'base');
    const booted = await job.engine.prepare(job.image, guestOptions(job.config), bootDir);
    const { bootMs, readyMs, settled, metrics, versions = {} } = booted;
    const notes = new Set(booted.notes);
    const samples = await runCycles(job, booted.snapshot, startedAt.getTime(), notes);
    const times = { startedAt: startedAt.toISOString(), bootMs, readyMs, settled };
    const boot = { index: job.index, ...times, ...(metrics && { snapshot: metrics }), samples };
    return { boot, versions, notes: [...notes] };
  } finally {
    rmSync(job.dir, { recursive: true, force: true });
  }
}

function guestOptions(config: MeasureConfig): GuestOptions {
  const { memoryBytes, vcpus, bootTimeoutMs, readyCommand } = config;
  return { memoryBytes, vcpus, bootTimeoutMs, readyCommand };
}

async function runCycles(
  job: BootJob,
  base: Snapshot,
  startedAtMs: number,
  notes: Set<string>,
): Promise<Sample[]> {
  const { config, engine } = job;
  const keepsBase = config.scenarios.some((scenario) => scenario.from === 'base');
  const chain = { tip: keepsBase ? await engine.fork(base, makeDir(job.dir, 'chain')) : base };
  const samples: Sample[] = [];
  for (let round = 0; round < config.warmup + config.cycles; round += 1) {
    job.onRound(round);
    for (const scenario of config.scenarios) {
      job.run.signal.throwIfAborted();
      const began = Date.now();
      const parts = await runScenario(engine, scenario, chain, base, notes);
      samples.push({
        scenario: scenario.name,
        round,
        warmup: round < config.warmup,
        position: samples.length,
        atMs: began - startedAtMs,
        cycleMs: Date.now() - began,
        metrics: sumMetrics(parts),
        ...(scenario.repeat > 1 ? { parts } : {}),
      });
    }
  }
  return samples;
}

async function runScenario(
  engine: Engine,
  scenario: Scenario,
  chain: { tip: Snapshot },
  base: Snapshot,
  notes: Set<string>,
): Promise<CycleMetrics[]> {
  const parts: CycleMetrics[] = [];
  for (let part = 0; part < scenario.repeat; part += 1) {
    const advance = scenario.from === 'previous';
    const result = await engine.cycle(advance ? chain.tip : base, scenario, { advance });
    if (advance) chain.tip = result.next;
    for (const note of result.notes ?? []) notes.add(note);
    parts.push(result.metrics);
  }
  return parts;
}

/** Sum of each metric that every part has. */
export function sumMetrics(parts: readonly CycleMetrics[]): CycleMetrics {
  const sums: Partial<Record<(typeof metricNames)[number], number>> = {};
  for (const name of metricNames) {
    const values = parts.map((part) => part[name]).filter((value) => value !== undefined);
    if (values.length === parts.length) sums[name] = values.reduce((sum, value) => sum + value, 0);
  }
  return sums;
}

function makeDir(parent: string, name: string): string {
  const dir = join(parent, name);
  mkdirSync(dir);
  return dir;
}
