import { metricLabels } from '../config/metrics.ts';
import type { GateConfig } from '../config/types.ts';
import type { Measurement } from '../measure/record.ts';
import { type Contrast, confidence } from '../stats/contrast.ts';
import { requireComparable, requireMeasured } from './comparable.ts';
import { alpha, type Decision, decide, type Evidence, improves, trendClause } from './decide.ts';
import {
  type Established,
  establishedFacts,
  type Facts,
  type GatheredPair,
  gatherFacts,
  metricsThatGate,
} from './facts.ts';
import { withFloor } from './floor.ts';
import { headlineOf } from './headline.ts';
import { type Comparison, comparisonVersion, type NoVerdict, type Row, type Verdict } from './record.ts';
import { limitsHeadAlone } from './thresholds.ts';

/** Who decided and when, for the record. */
export interface RecordMeta {
  readonly snapgate: string;
  readonly now: string;
}

/**
 * Head against base. Throws SnapgateError('record') when the two cannot be compared or a metric that gates was not measured.
 * Without a base only the caps decide. With `noVerdict` a base was asked for and there is none to compare with: rows that gate by growth
 * are then inconclusive, and a base that is given all the same is only named.
 */
export function compareMeasurements(
  base: Measurement | undefined,
  head: Measurement,
  config: GateConfig,
  meta: RecordMeta & { readonly noVerdict?: NoVerdict | undefined },
): Comparison {
  const { noVerdict } = meta;
  const compared = noVerdict === undefined ? base : undefined;
  if (compared) requireComparable(compared, head);
  const gated = metricsThatGate(head, config);
  const gathered = gatherFacts({ base, head, noVerdict }, config);
  if (!needsNoBoots(gathered, config)) {
    requireMeasured(head, gated);
    if (compared) requireMeasured(compared, gated);
  }
  return concludePair(gathered, establishedFacts(gathered.facts), meta);
}

/** The same bytes twice need no boots, but for what is held against a limit of its own. */
export function needsNoBoots({ identicalImages, pair }: GatheredPair, config: GateConfig): boolean {
  return identicalImages && pair.head.boots.length === 0 && !limitsHeadAlone(config);
}

/** The comparison of one pair, once it is known which of its changes are established. */
export function concludePair(
  { pair, looks, identicalImages, facts }: GatheredPair,
  established: Established,
  meta: RecordMeta,
): Comparison {
  const { base, head, noVerdict } = pair;
  const rows = gatingFirst(withFloor(rowsOf(facts, established), head));
  const verdict = noVerdict ? verdictWithout(rows) : overallVerdict(rows);
  const hasBase = base !== undefined;
  return {
    schema: 'snapgate/comparison',
    version: comparisonVersion,
    snapgate: meta.snapgate,
    createdAt: meta.now,
    verdict,
    headline: headlineOf(verdict, rows, { hasBase, identicalImages, noVerdict }),
    ...(base === undefined ? {} : { base: base.subject }),
    head: head.subject,
    fingerprint: head.fingerprint,
    ...(noVerdict === undefined ? {} : { noVerdict }),
    identicalImages,
    boots: { base: base?.boots.length ?? 0, head: head.boots.length },
    errors: { alpha, confidence, looks },
    rows,
    notes: [...trendNotes(rows), ...notesOf(base, head)],
  };
}

/**
 * One row that fails makes the whole fail; else one that cannot tell makes the whole inconclusive, which is stronger than a
 * warning because it may change the exit status; else a warning; else a pass. The same holds for the comparisons of a matrix.
 */
export function overallVerdict(judged: readonly { readonly verdict?: Verdict | undefined }[]): Verdict {
  const order = ['fail', 'inconclusive', 'warn'] as const;
  return order.find((verdict) => judged.some((each) => each.verdict === verdict)) ?? 'pass';
}

/** With nothing to compare with, no run of rows that are all within their caps is a pass. */
function verdictWithout(rows: readonly Row[]): Verdict {
  return overallVerdict(rows) === 'fail' ? 'fail' : 'inconclusive';
}

function rowsOf(facts: readonly Facts[], established: Established): Row[] {
  return facts
    .filter((fact) => fact.applied.gates || fact.base !== undefined || fact.head !== undefined)
    .map((fact) => rowOf(fact, established));
}

function rowOf(facts: Facts, all: Established): Row {
  const { scenario, metric, applied, base, head, contrast } = facts;
  const established = all.growth.has(facts);
  const evidence: Evidence = { ...facts, established, trendIsPast: all.trend.has(facts) };
  const decision: Decision | undefined = applied.gates ? decide(evidence) : undefined;
  const { failAbove, warnAbove, minGrowth, max, maxTrend } = applied.thresholds;
  return {
    scenario,
    metric,
    gates: applied.gates,
    ...(base === undefined ? {} : { base }),
    ...(head === undefined ? {} : { head }),
    ...(contrast?.growth === undefined ? {} : { growth: contrast.growth }),
    ...(contrast === undefined ? {} : { difference: contrast.difference }),
    ...(contrast?.pValue === undefined ? {} : { pValue: contrast.pValue }),
    thresholds: {
      failAbove,
      minGrowth,
      ...(warnAbove === undefined ? {} : { warnAbove }),
      ...(max === undefined ? {} : { max }),
      ...(maxTrend === undefined ? {} : { maxTrend }),
    },
    ...(contrast && { atMost: definedOf(contrast.atMost) }),
    ...(contrast?.pValue !== undefined && applied.gatesGrowth && { established }),
    ...(decision === undefined ? {} : { verdict: decision.verdict }),
    ...(decision?.failedBy === undefined ? {} : { failedBy: decision.failedBy }),
    improved: improves(evidence),
    reason: decision?.reason ?? 'Does not gate.',
  };
}

function definedOf({ growth, difference }: Contrast['atMost']): NonNullable<Row['atMost']> {
  return {
    ...(growth === undefined ? {} : { growth }),
    ...(difference === undefined ? {} : { difference }),
  };
}

function gatingFirst(rows: readonly Row[]): Row[] {
  return [...rows.filter((row) => row.gates), ...rows.filter((row) => !row.gates)];
}

/** A leak, which medians alone do not show; said of rows that gate, whether a trend is limited or not. */
function trendNotes(rows: readonly Row[]): string[] {
  return rows.flatMap(({ gates, scenario, metric, head, base }) => {
    if (!gates || head?.trend === undefined) return [];
    const ofBase = base === undefined ? '' : base.trend ? ', and on base too' : ', and on base does not';
    return [`${scenario}, ${metricLabels[metric]}: ${trendClause(metric, head.trend)}${ofBase}`];
  });
}

/** A note of both sides stands once; one side's says whose it is. */
function notesOf(base: Measurement | undefined, head: Measurement): string[] {
  const ofBase = base?.notes ?? [];
  const shared = head.notes.filter((note) => ofBase.includes(note));
  const own = (side: string, notes: readonly string[]) =>
    notes.filter((note) => !shared.includes(note)).map((note) => `${side}: ${note}`);
  return [...new Set([...shared, ...own('base', ofBase), ...own('head', head.notes)])];
}
