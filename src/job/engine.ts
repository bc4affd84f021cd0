import type { Config } from '../config/types.ts';
import { createCommandEngine } from '../engine/command/engine.ts';
import type { Engine, EngineIdentity, EngineReport } from '../engine/contract.ts';
import { createE2bEngine } from '../engine/e2b/engine.ts';
import { createFirecrackerEngine } from '../engine/firecracker/engine.ts';
import { identityWords } from '../engine/identity-words.ts';
import { createQemuEngine } from '../engine/qemu/engine.ts';
import type { EngineSettings } from '../engine/settings.ts';
import { unusableHost } from '../engine/unusable-host.ts';
import type { Run } from '../host/run.ts';

export interface ProbedEngine {
  readonly engine: Engine;
  readonly report: EngineReport;
  readonly identity: EngineIdentity;
}

/**
 * The engine that a run measures with.
 *
 * @param checkout absolute path that the settings' relative paths start at
 */
export function createEngine(run: Run, settings: EngineSettings, checkout: string): Engine {
  switch (settings.kind) {
    case 'qemu':
      return createQemuEngine(run, settings);
    case 'firecracker':
      return createFirecrackerEngine(run, settings, checkout);
    case 'e2b':
      return createE2bEngine(run, settings, checkout);
    case 'command':
      return createCommandEngine(run, settings, checkout);
  }
}

/** The engine, proven to work on this host. */
export async function openEngine(run: Run, config: Config, checkout: string): Promise<ProbedEngine> {
  const engine = createEngine(run, config.measure.engine, checkout);
  const report = await engine.probe();
  if (!report.ok || !report.identity) throw unusableHost(report);
  run.log.info(`engine: ${identityWords(report.identity)}`);
  if (report.fallback) run.log.warning(report.fallback);
  return { engine, report, identity: report.identity };
}
