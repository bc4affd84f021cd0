import type { GateConfig, Thresholds } from '../config/types.ts';
import type { BootPlan, Measurement } from '../measure/record.ts';
import { compareMeasurements, type RecordMeta } from './compare.ts';
import type { Row } from './record.ts';

/** What a search for the commit of a growth starts with: the growth between its two ends, by the gate's own rules. */
export type Ends =
  /** The rows that fail, and those that more boots would tell of. */
  | { readonly kind: 'grown'; readonly rows: readonly Row[]; readonly undecided: readonly Row[] }
  | { readonly kind: 'not-grown'; readonly reason: string }
  /** More boots would tell. */
  | { readonly kind: 'undecided'; readonly reason: string; readonly undecided: readonly Row[] };

/**
 * Whether BAD has grown against GOOD past the limits, as the gate of a pull request says it, caps and trends aside. `plan` is how often it is looked: each
 * look spends its share of the chance of a false alarm.
 *
 * @throws SnapgateError `record` where the two cannot be compared
 */
export function compareEnds(
  good: Measurement,
  bad: Measurement,
  config: GateConfig,
  { plan, ...meta }: RecordMeta & { readonly plan: BootPlan },
): Ends {
  const [base, head] = [
    { ...good, side: 'base' as const, plan },
    { ...bad, side: 'head' as const, plan },
  ];
  const { rows, verdict, headline } = compareMeasurements(base, head, growthAlone(config), meta);
  const gating = rows.filter(({ gates }) => gates);
  const grown = gating.filter((row) => row.verdict === 'fail');
  const undecided = gating.filter((row) => row.verdict === 'inconclusive');
  if (grown.length > 0) return { kind: 'grown', rows: grown, undecided };
  if (verdict === 'inconclusive') return { kind: 'undecided', reason: headline, undecided };
  return { kind: 'not-grown', reason: headline };
}

/** What gates by growth against another commit: a cap is passed by a size, and a trend is of one image, which no commit need have made at once. */
export function growthAlone({ defaults, overrides, ...config }: GateConfig): GateConfig {
  const alone = (own: Partial<Thresholds>) => ({ ...own, max: undefined, maxTrend: undefined });
  const ofScenario = (metrics: GateConfig['overrides'][string]) =>
    Object.fromEntries(Object.entries(metrics).map(([metric, own]) => [metric, alone(own)]));
  const scenarios = Object.entries(overrides).map(([scenario, metrics]) => [scenario, ofScenario(metrics)]);
  return {
    ...config,
    caps: {},
    defaults: { ...defaults, max: undefined, maxTrend: undefined },
    overrides: Object.fromEntries(scenarios),
  };
}
