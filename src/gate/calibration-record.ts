import { z } from 'zod';
import { metricNames } from '../engine/contract.ts';
import { fingerprintSchema, subjectSchema } from '../measure/record.ts';

export const calibrationVersion = 1;

const share = z.number().min(0).max(1);
const count = z.int().nonnegative();

/** Gates of an image with itself. */
export const gatesSchema = z.strictObject({
  gates: z.int().positive(),
  pass: count,
  warn: count,
  fail: count,
  inconclusive: count,
  /** Pairs of boots that they took. */
  medianPairs: z.number(),
  meanPairs: z.number(),
  /** Share of them that failed, which none should, with its 95 % interval where they are independent of each other. */
  falseAlarms: z.strictObject({ value: share, low: share.optional(), high: share.optional() }),
});
export type CalibratedGates = z.infer<typeof gatesSchema>;

export const smallestGrowthSchema = z.strictObject({
  /** The gate's `max-boots`. */
  boots: z.int().positive(),
  /** Growth, as a ratio, that 80 % of gates fail; absent where none does that is looked for. */
  at80: z.number().optional(),
  at95: z.number().optional(),
});
export type SmallestGrowth = z.infer<typeof smallestGrowthSchema>;

export const calibratedRowSchema = z.strictObject({
  scenario: z.string(),
  metric: z.enum(metricNames),
  /** Median over boots of each boot's interquartile mean, in the metric's unit. */
  location: z.number(),
  /** What the spreads are of: `ratio`, of logarithms; `difference`, in the metric's unit, where some cycle has 0. */
  scale: z.enum(['ratio', 'difference']),
  /** Standard deviation of one cycle about its boot's location. */
  cycleSpread: z.number(),
  /** Of the boots' locations. */
  bootSpread: z.number(),
  /** The part of it that boots have beyond what their cycles explain, and what that is below with 95 % confidence. */
  ownSpread: z.number(),
  ownSpreadAtMost: z.number(),
  /** Growth, as a ratio, that this row cannot fail below: fail-above, or min-growth where that is more of it; absent of a location of 0. */
  limit: z.number().optional(),
  smallest: z.array(smallestGrowthSchema),
});
export type CalibratedRow = z.infer<typeof calibratedRowSchema>;

/** What would do for this image; absent is what no value that is tried would do. */
export const suggestionSchema = z.strictObject({
  /** Ratio. */
  failAbove: z.number().optional(),
  minGrowthBytes: z.number().optional(),
  boots: z.int().positive().optional(),
  maxBoots: z.int().positive().optional(),
  cycles: z.int().positive().optional(),
});
export type Suggestion = z.infer<typeof suggestionSchema>;

export const calibrationSchema = z.strictObject({
  schema: z.literal('snapgate/calibration'),
  version: z.literal(calibrationVersion),
  snapgate: z.string(),
  createdAt: z.string(),
  subject: subjectSchema,
  fingerprint: fingerprintSchema,
  /** All that is random follows from it. */
  seed: z.int().nonnegative(),
  /** What was measured. */
  boots: z.int().positive(),
  rounds: z.int().positive(),
  warmupRounds: z.int().nonnegative(),
  /** The gate that is calibrated. */
  gate: z.strictObject({
    failAbove: z.number(),
    minGrowthBytes: z.number(),
    leastBoots: z.int().positive(),
    mostBoots: z.int().positive(),
  }),
  /** Correlation of what boots have of their own over scenarios, 0 where it is not told from none. */
  shared: share,
  rows: z.array(calibratedRowSchema),
  /** Of the measured boots, each gate of two random halves of them; they overlap, and so are not independent. */
  measured: gatesSchema,
  /** Of boots drawn from the model of the measured ones. */
  simulated: gatesSchema,
  /** The same where boots differ as much as those few that were measured leave possible. */
  simulatedAtMost: gatesSchema,
  suggested: suggestionSchema,
  notes: z.array(z.string()),
});
export type Calibration = z.infer<typeof calibrationSchema>;
