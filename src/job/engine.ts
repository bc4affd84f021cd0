import type { Config } from '../config/types.ts';
import type { Engine, EngineReport } from '../engine/contract.ts';
import { createQemuEngine } from '../engine/qemu/engine.ts';
import { SnapgateError } from '../host/error.ts';
import type { Run } from '../host/run.ts';

export interface ProbedEngine {
  readonly engine: Engine;
  readonly report: EngineReport;
}

/** The engine that a run measures with. */
export function createEngine(run: Run, accel: Config['measure']['accel']): Engine {
  return createQemuEngine({ run, accel });
}

/** The engine, proven to work on this host. */
export async function openEngine(run: Run, config: Config): Promise<ProbedEngine> {
  const engine = createEngine(run, config.measure.accel);
  const report = await engine.probe();
  if (!report.ok || !report.identity) throw unusable(report);
  const { engine: name, version, accelerator, machine } = report.identity;
  run.log.info(`engine: ${name} (${version}), ${accelerator}, machine ${machine}`);
  if (report.fallback) run.log.warning(report.fallback);
  return { engine, report };
}

function unusable(report: EngineReport): SnapgateError {
  const failed = report.checks.filter((check) => check.required && !check.ok);
  const first = failed[0];
  return new SnapgateError(
    'host',
    `this machine cannot run guests: ${failed.map((check) => `${check.what}: ${check.found}`).join('; ')}`,
    first?.remedy ?? 'snapgate probe says what is missing.',
    {
      details: {
        title: 'what this machine can do',
        lines: report.checks.map((check) => `${check.ok ? 'ok  ' : 'MISS'} ${check.what}: ${check.found}`),
      },
    },
  );
}
