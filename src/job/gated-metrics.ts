import type { Config } from '../config/types.ts';
import { type MetricName, metricNames } from '../engine/contract.ts';
import { metricsOf } from '../engine/metrics.ts';
import type { EngineSettings } from '../engine/settings.ts';
import { gatingMetrics } from '../gate/thresholds.ts';
import { SnapgateError } from '../host/error.ts';

/**
 * Refuses to gate on what the engine cannot give, before anything is built or booted: the verdict would be none.
 *
 * @throws SnapgateError `usage` that names the first such metric
 */
export function checkGatedMetrics({ gate, measure }: Pick<Config, 'gate' | 'measure'>): void {
  const { engine } = measure;
  const given = metricsOf(engine);
  const scenarios = measure.scenarios.map(({ name }) => name);
  const missing = gatingMetrics(gate, scenarios, metricNames).find((name) => !given.includes(name));
  if (missing === undefined) return;
  throw new SnapgateError(
    'usage',
    `${missing} gates, which engine ${nameOf(engine)} cannot give`,
    remedyOf(missing, engine, given),
  );
}

function nameOf(engine: EngineSettings): string {
  return engine.kind === 'command' ? `command with format ${engine.format}` : engine.kind;
}

function remedyOf(missing: MetricName, engine: EngineSettings, given: readonly MetricName[]): string {
  const [file] = missing.split('.');
  if (file === 'rootfs' && engine.kind === 'command' && engine.rootfsFile === undefined)
    return 'Give rootfs-file: the name, in a snapshot’s folder, of the file that holds the disk.';
  const instead = given.find((name) => name.startsWith(`${file}.`)) ?? given[0];
  const whole =
    engine.kind === 'command' && engine.format === 'raw'
      ? 'Whole files tell which pages changed, and not which were written and left the same. '
      : '';
  return `${whole}Set metrics: ${instead}, and have caps and thresholds of metrics that it can give: ${given.join(', ')}.`;
}
