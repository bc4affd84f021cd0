import { z } from 'zod';
import { metricNames } from '../engine/contract.ts';
import { commitShaSchema, fingerprintSchema } from '../measure/record.ts';
import { estimateSchema } from './record.ts';

export const bisectionVersion = 1;

const text = z.string().max(2000);

const commitSchema = z.strictObject({
  commit: commitShaSchema,
  /** First line of the commit's message: whatever its author wrote. */
  subject: text,
});

/** A scenario and metric that grew. */
const rowSchema = z.strictObject({ scenario: z.string(), metric: z.enum(metricNames) });

const sizeSchema = z.strictObject({
  /** Median over boots of each boot's interquartile mean, in the metric's unit. */
  median: z.number(),
  bootLocations: z.array(z.number()),
  /** Against GOOD: the ratio of the medians − 1, absent where GOOD has 0, and the difference in the metric's unit. */
  growth: estimateSchema.optional(),
  difference: estimateSchema.optional(),
});

const judgementSchema = rowSchema.extend({
  ...sizeSchema.shape,
  /** `between`: neither like the commit before nor like the one after. */
  like: z.enum(['good', 'bad', 'between']),
  probability: z.number().min(0).max(1),
  /** False: more boots were not to be had, and it is only the likeliest. */
  clear: z.boolean(),
  /** The image is the same bytes as that of the commit it is like. */
  identical: z.boolean(),
  /** The commits that it was compared with. */
  good: commitShaSchema,
  bad: commitShaSchema,
});
export type BisectionJudgement = z.infer<typeof judgementSchema>;

const testedSchema = commitSchema.extend({
  /** Place in the line: GOOD is 0. */
  place: z.int().nonnegative(),
  boots: z.int().nonnegative(),
  /** Boots that this run did not have to make: kept from an earlier one, or of another commit with the same bytes. */
  reusedBoots: z.int().nonnegative(),
  /** When the first and the last of its boots were started; absent where there are none. */
  booted: z.strictObject({ first: z.string(), last: z.string() }).optional(),
  /** Why it could not be tested; absent where it was. */
  skipped: text.optional(),
  /** One for each row that it was needed for. */
  judgements: z.array(judgementSchema).max(1000),
});
export type BisectionTest = z.infer<typeof testedSchema>;

const fileSchema = z.strictObject({
  path: z.string().max(8192),
  added: z.int().nonnegative().optional(),
  removed: z.int().nonnegative().optional(),
});

const stepSchema = rowSchema.extend({
  /**
   * `step`: it came with the commit `at`; `range`: with `at` or one of those between, which cannot be tested; `spread`: with several of them,
   * none of which is past the limits; `untold`: boots do not tell which side those between are on; `open`: not narrowed further, for the time was
   * over.
   */
  kind: z.enum(['step', 'range', 'spread', 'untold', 'open']),
  after: commitSchema,
  at: commitSchema,
  /** Commits after `after` up to `at`. */
  commits: z.int().positive(),
  /** Of a `range`: those between that were not tried, since many of their neighbours cannot be tested. */
  untried: z.int().nonnegative(),
  /** From before to after it: of the commits that stand for each, or of the two themselves. */
  growth: estimateSchema.optional(),
  difference: estimateSchema,
  /** That each commit on the way was judged rightly. */
  probability: z.number().min(0).max(1),
  /** False: at least one of them had no clear judgement when no more boots were to be had. */
  clear: z.boolean(),
  /** What differs between `after` and `at`; the first files by name. Absent where git could not tell. */
  changed: z.strictObject({ files: z.array(fileSchema).max(100), count: z.int().nonnegative() }).optional(),
});
export type BisectionStep = z.infer<typeof stepSchema>;

const limitedRowSchema = rowSchema.extend({
  failAbove: z.number(),
  minGrowth: z.number(),
  growth: estimateSchema.optional(),
  difference: estimateSchema.optional(),
});

export const bisectionSchema = z.strictObject({
  schema: z.literal('snapgate/bisection'),
  version: z.literal(bisectionVersion),
  snapgate: z.string(),
  createdAt: z.string(),
  /**
   * `found`: each growth is at one commit, with a chance of 0.9 at least and every judgement on the way clear; `likely`: each is at one commit, and of
   * at least one that is not so sure; `range`: of at least one it is only known between which commits; `nothing`: BAD has not grown past the
   * limits; `inconclusive`: whether it has is not told.
   */
  outcome: z.enum(['found', 'likely', 'range', 'nothing', 'inconclusive']),
  /** One sentence. */
  headline: text,
  good: commitSchema,
  bad: commitSchema,
  /** Commits after GOOD up to BAD, first parents only. */
  commits: z.int().positive(),
  /** Absent where the two images are the same bytes and nothing was booted. */
  fingerprint: fingerprintSchema.optional(),
  /** What has grown from GOOD to BAD past these limits. */
  rows: z.array(limitedRowSchema).max(1000),
  /** What gates too, and of which boots of GOOD and BAD did not tell whether it has grown: it was not searched. */
  undecided: z.array(limitedRowSchema).max(1000),
  /** In the order in which they were first tested. */
  tested: z.array(testedSchema).max(10_002),
  /** The largest growth of a row first. */
  steps: z.array(stepSchema).max(10_000),
  notes: z.array(text).max(1000),
});
export type Bisection = z.infer<typeof bisectionSchema>;
export type BisectedCommit = z.infer<typeof commitSchema>;
export type BisectionRow = Bisection['rows'][number];
