import { z } from 'zod';
import { accelerators, metricNames } from '../engine/contract.ts';

/** Bumped when a reader of the old version would misread the new one. */
export const measurementVersion = 1;

/** Bytes of any memory or disk, and milliseconds of any run, are far below it: sums and ratios of such numbers are finite. */
const mostOfAnything = Number.MAX_SAFE_INTEGER;

/** A nanosecond, in ms. What is smaller and not 0 nobody measures, and a ratio to it need not be finite. */
const leastOfAnything = 1e-6;

const metricsSchema = z.partialRecord(
  z.enum(metricNames),
  z
    .number()
    .nonnegative()
    .max(mostOfAnything)
    .refine((value) => value === 0 || value >= leastOfAnything, 'Too small: expected 0 or at least 0.000001'),
);

const timeMs = z.number().nonnegative().max(mostOfAnything);

const shortText = z.string().max(500);

/** What must be equal for two measurements to be compared. */
export const fingerprintSchema = z.strictObject({
  engine: shortText,
  engineVersion: shortText,
  accelerator: z.enum(accelerators),
  machine: shortText,
  kernelVersion: shortText,
  kernelSha256: shortText,
  memoryBytes: z.int().positive(),
  vcpus: z.int().positive(),
  hostCpu: shortText,
  /** Version of how cycles are run and counted. */
  protocol: z.int().positive(),
});
export type Fingerprint = z.infer<typeof fingerprintSchema>;

/** What only the built guest may tell. */
type Untold = 'engineVersion' | 'kernelVersion' | 'kernelSha256';
/** A fingerprint before anything is booted. */
export type ExpectedFingerprint = Omit<Fingerprint, Untold> & {
  readonly [Field in Untold]: Fingerprint[Field] | undefined;
};

export const sampleSchema = z.strictObject({
  scenario: shortText,
  /** 0-based round; warm-up rounds have `warmup: true` and are not used. */
  round: z.int().nonnegative(),
  warmup: z.boolean(),
  /** Position in the boot's chain of cycles. */
  position: z.int().nonnegative(),
  /** ms since the boot's power-on. */
  atMs: timeMs,
  cycleMs: timeMs,
  /** A scenario with `repeat` gives the sum here and each cycle in `parts`. */
  metrics: metricsSchema,
  parts: z.array(metricsSchema).max(1000).optional(),
});
export type Sample = z.infer<typeof sampleSchema>;

export const bootSchema = z.strictObject({
  index: z.int().nonnegative(),
  startedAt: shortText,
  bootMs: timeMs,
  readyMs: timeMs,
  settled: z.boolean(),
  /** Of the base snapshot itself, where the engine counts it. */
  snapshot: metricsSchema.optional(),
  samples: z.array(sampleSchema).max(100_000),
});
export type Boot = z.infer<typeof bootSchema>;

/** A whole commit hash. */
export const commitShaSchema = z.string().regex(/^[0-9a-f]{40}$/);

/** What a side is: `label` for people, with the commit where it came from git. */
export const subjectSchema = z.strictObject({
  label: shortText,
  commit: commitShaSchema.optional(),
});
export type Subject = z.infer<typeof subjectSchema>;

const rootfsImageSchema = z.strictObject({
  rootfsSha256: shortText,
  rootfsBytes: z.int().positive(),
  kernelVersion: shortText,
  kernelSha256: shortText,
  initrdSha256: shortText.optional(),
  init: z.enum(['systemd', 'init', 'none']),
});

/** A guest that an engine's own builder makes: who, and the hash of what it was made with. */
const builtImageSchema = z.strictObject({
  builder: shortText,
  sha256: shortText,
  /** Where snapgate has built an image for the builder. */
  rootfs: rootfsImageSchema.optional(),
});

/** Boots of one side that a record holds. */
export const mostBootsOfRecord = 1000;

const bootPlanSchema = z
  .strictObject({
    leastBoots: z.int().positive(),
    mostBoots: z.int().positive().max(mostBootsOfRecord),
  })
  .refine(({ leastBoots, mostBoots }) => leastBoots <= mostBoots, 'leastBoots is more than mostBoots');
export type BootPlan = z.infer<typeof bootPlanSchema>;

const measurementFields = z.strictObject({
  schema: z.literal('snapgate/measurement'),
  version: z.literal(measurementVersion),
  snapgate: shortText,
  createdAt: shortText,
  side: z.enum(['base', 'head']),
  subject: subjectSchema,
  image: z.union([rootfsImageSchema, builtImageSchema]),
  fingerprint: fingerprintSchema,
  environment: z.strictObject({
    os: shortText,
    hostKernel: shortText,
    cpu: shortText,
    cores: z.int().positive(),
    memoryBytes: z.int().positive(),
    node: shortText,
  }),
  scenarios: z.array(
    z.strictObject({
      name: shortText,
      run: z.string().max(10_000).optional(),
      settleMs: timeMs,
      check: z.string().max(10_000).optional(),
      from: z.enum(['previous', 'base']),
      repeat: z.int().positive(),
      timeoutMs: z.number().positive().max(mostOfAnything),
    }),
  ),
  boots: z.array(bootSchema).max(mostBootsOfRecord),
  /** Boots were taken until a gate had decided: it looked after each pair from the `leastBoots`th to the `mostBoots`th. */
  plan: bootPlanSchema.optional(),
  /** One line each, for the report: why TCG, a guest that did not settle, boots cut by the time budget. */
  notes: z.array(shortText),
});

export const measurementSchema = measurementFields.refine(
  ({ boots, plan }) => plan === undefined || boots.length <= plan.mostBoots,
  { path: ['plan', 'mostBoots'], message: 'there are more boots than that' },
);
export type Measurement = z.infer<typeof measurementSchema>;
