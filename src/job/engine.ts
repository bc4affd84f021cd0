import type { Config } from '../config/types.ts';
import type { Engine, EngineIdentity, EngineReport } from '../engine/contract.ts';
import { createQemuEngine } from '../engine/qemu/engine.ts';
import { unusableHost } from '../engine/unusable-host.ts';
import type { Run } from '../host/run.ts';

export interface ProbedEngine {
  readonly engine: Engine;
  readonly report: EngineReport;
  readonly identity: EngineIdentity;
}

/** The engine that a run measures with. */
export function createEngine(run: Run, accel: Config['measure']['accel']): Engine {
  return createQemuEngine({ run, accel });
}

/** The engine, proven to work on this host. */
export async function openEngine(run: Run, config: Config): Promise<ProbedEngine> {
  const engine = createEngine(run, config.measure.accel);
  const report = await engine.probe();
  if (!report.ok || !report.identity) throw unusableHost(report);
  const { engine: name, version, accelerator, machine } = report.identity;
  run.log.info(`engine: ${name} (${version}), ${accelerator}, machine ${machine}`);
  if (report.fallback) run.log.warning(report.fallback);
  return { engine, report, identity: report.identity };
}
