import { type MetricName, metricNames, type Scenario } from '../engine/contract.ts';
import { exactBytes, exactPercent, exactTime } from './exact.ts';
import type { ConfigFile } from './file.ts';
import { type InputGroup, inputs } from './inputs.ts';
import { isTimeMetric } from './metrics.ts';
import type { Thresholds } from './types.ts';

/** What a snapgate.yml decides. */
export type Rules = Pick<ConfigFile, 'settings' | 'scenarios' | 'overrides'>;

/** Where there is no file. */
export const noRules: Rules = { settings: new Map(), scenarios: [], overrides: {} };

/** What a file says of each thing, as people read it: equal where it means the same. */
export type Said = ReadonlyMap<string, string>;

/** What stands under `defaults:`, of one group of inputs. */
export function settingsOf({ settings }: Rules, group: InputGroup): Said {
  const names = inputs.filter((input) => input.group === group).map(({ name }) => name);
  return new Map(
    names.flatMap((name) => {
      const setting = settings.get(name);
      return setting === undefined ? [] : [[name, setting.text] as const];
    }),
  );
}

/** What stands under `gate:`. */
export function thresholdsOf({ overrides }: Rules): Said {
  const said = new Map<string, string>();
  for (const [scenario, metrics] of Object.entries(overrides)) {
    for (const metric of metricNames) {
      const own = metrics[metric];
      if (own !== undefined) said.set(`thresholds of ${metric} in ${scenario}`, thresholdsText(own, metric));
    }
  }
  return said;
}

/** Names of the scenarios that one file defines and the other does not. */
export function vanishedScenarios(before: Rules, after: Rules): readonly string[] {
  return before.scenarios.map(({ name }) => name).filter((name) => !isDefined(after, name));
}

/** What stands under `scenarios:`, of those that the other file defines too. */
export function definitionsOf(rules: Rules, other: Rules): Said {
  const common = rules.scenarios.filter(({ name }) => isDefined(other, name));
  return new Map(common.flatMap(definitionOf));
}

function isDefined({ scenarios }: Rules, wanted: string): boolean {
  return scenarios.some(({ name }) => name === wanted);
}

function thresholdsText(own: Partial<Thresholds>, metric: MetricName): string {
  const amount = isTimeMetric(metric) ? exactTime : exactBytes;
  const parts = [
    ['fail-above', own.failAbove, exactPercent],
    ['warn-above', own.warnAbove, exactPercent],
    ['min-growth', own.minGrowth, amount],
    ['max', own.max, amount],
  ] as const;
  const texts = parts.flatMap(([name, value, show]) =>
    value === undefined ? [] : [`${name} ${show(value)}`],
  );
  return texts.length === 0 ? 'the general ones' : texts.join(', ');
}

function definitionOf(scenario: Scenario): readonly (readonly [string, string])[] {
  const fields = [
    ['run', scenario.run],
    ['settle', exactTime(scenario.settleMs)],
    ['check', scenario.check],
    ['from', scenario.from],
    ['repeat', String(scenario.repeat)],
    ['timeout', exactTime(scenario.timeoutMs)],
  ] as const;
  return fields.flatMap(([field, text]) =>
    text === undefined ? [] : [[`${field} of scenario ${scenario.name}`, text] as const],
  );
}
