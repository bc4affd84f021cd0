import type { GateConfig } from '../config/types.ts';
import { type MetricName, metricNames } from '../engine/contract.ts';
import type { Measurement } from '../measure/record.ts';
import { type Contrast, contrastSides } from '../stats/contrast.ts';
import { holmEstablished } from '../stats/holm.ts';
import { requireComparable, requireMeasured } from './comparable.ts';
import { alpha, type Decision, decide, type Evidence, improves } from './decide.ts';
import { headlineOf } from './headline.ts';
import { type Comparison, comparisonVersion, type Row, type Verdict } from './record.ts';
import { measuredMetrics, summarizeSide } from './summarize.ts';
import { gatingMetrics, thresholdsFor } from './thresholds.ts';

/**
 * Head against base. Throws SnapgateError('record') when the two cannot be compared or a metric that gates was not measured.
 * Without a base only the caps decide.
 */
export function compareMeasurements(
  base: Measurement | undefined,
  head: Measurement,
  config: GateConfig,
  meta: { readonly snapgate: string; readonly now: string },
): Comparison {
  if (base) requireComparable(base, head);
  requireGatedMetrics(base, head, config);
  const identicalImages = base !== undefined && sameImage(base.image, head.image);
  const rows = gatingFirst(readRows(base, head, config, identicalImages));
  const verdict = overallVerdict(rows);
  return {
    schema: 'snapgate/comparison',
    version: comparisonVersion,
    snapgate: meta.snapgate,
    createdAt: meta.now,
    verdict,
    headline: headlineOf(verdict, rows, { hasBase: base !== undefined, identicalImages }),
    ...(base === undefined ? {} : { base: base.subject }),
    head: head.subject,
    fingerprint: head.fingerprint,
    identicalImages,
    boots: { base: base?.boots.length ?? 0, head: head.boots.length },
    rows,
    notes: notesOf(base, head),
  };
}

/**
 * One row that fails makes the whole fail; else one that cannot tell makes the whole inconclusive, which is stronger than a
 * warning because it may change the exit status; else a warning; else a pass.
 */
export function overallVerdict(rows: readonly Row[]): Verdict {
  const order = ['fail', 'inconclusive', 'warn'] as const;
  return order.find((verdict) => rows.some((row) => row.verdict === verdict)) ?? 'pass';
}

function requireGatedMetrics(base: Measurement | undefined, head: Measurement, config: GateConfig): void {
  const scenarios = head.scenarios.map((scenario) => scenario.name);
  const overridden = Object.values(config.overrides).flatMap((metrics) => metricNamesOf(metrics));
  const named = [...config.gatedMetrics, ...metricNamesOf(config.caps), ...overridden];
  const gated = gatingMetrics(config, scenarios, named);
  requireMeasured(head, gated);
  if (base) requireMeasured(base, gated);
}

function metricNamesOf(record: Readonly<Partial<Record<MetricName, unknown>>>): MetricName[] {
  return metricNames.filter((metric) => record[metric] !== undefined);
}

function sameImage(base: Measurement['image'], head: Measurement['image']): boolean {
  const fields = ['rootfsSha256', 'kernelSha256', 'initrdSha256', 'init'] as const;
  return fields.every((field) => base[field] === head[field]);
}

type Facts = Omit<Evidence, 'established'> & { readonly scenario: string };

function readRows(
  base: Measurement | undefined,
  head: Measurement,
  config: GateConfig,
  identicalImages: boolean,
): Row[] {
  const measured = new Set([base, head].flatMap((side) => (side ? measuredMetrics(side) : [])));
  const metrics = metricNames.filter((metric) => measured.has(metric));
  const facts = head.scenarios.flatMap(({ name }) =>
    metrics.map((metric) => readFacts(base, head, config, name, metric, identicalImages)),
  );
  const established = establishedFacts(facts);
  return facts
    .filter((fact) => fact.applied.gates || fact.base !== undefined || fact.head !== undefined)
    .map((fact) => rowOf(fact, established.has(fact)));
}

function readFacts(
  base: Measurement | undefined,
  head: Measurement,
  config: GateConfig,
  scenario: string,
  metric: MetricName,
  identicalImages: boolean,
): Facts {
  const ofBase = base && summarizeSide(base, scenario, metric);
  const ofHead = summarizeSide(head, scenario, metric);
  const contrast = ofBase && ofHead && contrastSides(ofBase.bootMedians, ofHead.bootMedians);
  const applied = thresholdsFor(config, scenario, metric);
  return {
    scenario,
    metric,
    applied,
    base: ofBase,
    head: ofHead,
    hasBase: base !== undefined,
    contrast,
    identicalImages,
  };
}

/** Several rows are several chances of a false alarm: only those that gate by growth count, and Holm's correction is over them. */
function establishedFacts(facts: readonly Facts[]): ReadonlySet<Facts> {
  const tested = facts.filter((fact) => fact.applied.gatesGrowth && fact.contrast?.pValue !== undefined);
  const pValues = tested.map((fact) => fact.contrast?.pValue ?? 1);
  const established = holmEstablished(pValues, alpha);
  return new Set(tested.filter((fact, index) => established[index] && excludesNone(fact.contrast)));
}

/** The interval that is shown must say it too; it is wider than the test's where a stray boot pulls mean and median apart. */
function excludesNone(contrast: Contrast | undefined): boolean {
  const interval = contrast?.growth ?? contrast?.difference;
  if (interval?.low === undefined || interval.high === undefined) return false;
  return interval.low > 0 || interval.high < 0;
}

function rowOf(facts: Facts, established: boolean): Row {
  const { scenario, metric, applied, base, head, contrast } = facts;
  const evidence: Evidence = { ...facts, established };
  const decision: Decision | undefined = applied.gates ? decide(evidence) : undefined;
  const { failAbove, warnAbove, minGrowth, max } = applied.thresholds;
  return {
    scenario,
    metric,
    gates: applied.gates,
    ...(base === undefined ? {} : { base }),
    ...(head === undefined ? {} : { head }),
    ...(contrast?.growth === undefined ? {} : { growth: contrast.growth }),
    ...(contrast === undefined ? {} : { difference: contrast.difference }),
    thresholds: {
      failAbove,
      minGrowth,
      ...(warnAbove === undefined ? {} : { warnAbove }),
      ...(max === undefined ? {} : { max }),
    },
    ...(decision === undefined ? {} : { verdict: decision.verdict }),
    improved: improves(evidence),
    reason: decision?.reason ?? 'Does not gate.',
  };
}

function gatingFirst(rows: readonly Row[]): Row[] {
  return [...rows.filter((row) => row.gates), ...rows.filter((row) => !row.gates)];
}

/** A note of both sides stands once; one side's says whose it is. */
function notesOf(base: Measurement | undefined, head: Measurement): string[] {
  const ofBase = base?.notes ?? [];
  const shared = head.notes.filter((note) => ofBase.includes(note));
  const own = (side: string, notes: readonly string[]) =>
    notes.filter((note) => !shared.includes(note)).map((note) => `${side}: ${note}`);
  return [...new Set([...shared, ...own('base', ofBase), ...own('head', head.notes)])];
}
